import { Controller, Get } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import expressSession from 'express-session';
import { Session, SESSION_MIDDLEWARE, SessionModule } from 'nestjs-typeorm-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { embedded } from '../support/embedded.js';
import { startExpress } from '../support/express-app.js';
import { createApp, startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import '../support/session-data.js';

const sessions = () => SessionModule.forRoot({ secret: SECRET, connection: embedded, prune: false });

const ownMiddleware = (name: string) => {
  const middleware = createSessionMiddleware({ secret: SECRET, connection: embedded, prune: false, name });
  onTestFinished(() => middleware.store.close());
  return middleware;
};

const someSession = () => expressSession({ secret: SECRET, resave: false, saveUninitialized: false });

/** What is said on the console. */
function listen() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  return () => warn.mock.calls.map(([message]) => String(message)).filter((message) => !message.includes('MemoryStore'));
}

@Controller()
class OpenController {
  @Get('open')
  open(@Session() session: Session) {
    return { views: (session.views = (session.views ?? 0) + 1) };
  }
}

describe.each(ADAPTERS)('Beside another session middleware under %s, SessionModule', (adapter) => {
  it.each<[string, (app: NestExpressApplication) => void, string]>([
    ['session()', (app) => void app.use(someSession()), 'session'],
    ['session() at a path', (app) => void app.use('/open', someSession()), 'session'],
    ['session() in a list', (app) => void app.use([someSession()]), 'session'],
    ['another middleware of this package', (app) => void app.use(ownMiddleware('sid')), 'createSessionMiddleware'],
  ])('does not start beside app.use of %s', async (_, mount, call) => {
    const { app } = await createApp({ imports: [sessions()], controllers: [OpenController] }, undefined, adapter);
    mount(app);
    await expect(app.init()).rejects.toThrow(`Remove \`app.use(${call}(…))\` from main.ts`);
    await app.close();
  });

  it('tells once that a middleware of this package with another cookie does nothing', async () => {
    const { address, log } = await startApp(
      { imports: [sessions()], controllers: [OpenController] },
      (app) => void app.use(ownMiddleware('admin')),
      adapter,
    );
    const said = listen();
    for (let request = 0; request < 2; request++) await new Browser(address).get('/open');
    expect(said()).toEqual([expect.stringMatching(/Another session middleware of this package .*"admin" does nothing.*Remove one/)]);
    expect(log.warnings).toEqual([]);
  });

  it('tells nothing of itself mounted twice', async () => {
    const { address, log } = await startApp(
      { imports: [sessions()], controllers: [OpenController] },
      (app) => void app.use(app.get(SESSION_MIDDLEWARE)),
      adapter,
    );
    await expect(new Browser(address).json('/open')).resolves.toEqual({ views: 1 });
    expect(log.warnings).toEqual([]);
  });
});

it('Without Nest, the second of two middlewares of this package tells once that it does nothing', async () => {
  const said = listen();
  const address = await startExpress((app) => {
    app.use(ownMiddleware('sid'), ownMiddleware('sid'));
    app.get('/views', (req, res) => res.json({ views: (req.session.views = 1) }));
  });
  for (let request = 0; request < 2; request++) await new Browser(address).get('/views');
  expect(said()).toEqual([expect.stringMatching(/Another session middleware of this package .*"sid" does nothing/)]);
});
