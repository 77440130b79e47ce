import { Controller, Get, Param, Req } from '@nestjs/common';
import type { Request } from 'express';
import expressSession from 'express-session';
import { SessionModule } from 'nestjs-typeorm-session';
import { createSessionStore } from 'nestjs-typeorm-session/express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { embedded } from '../support/embedded.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { startPassport } from '../support/passport-app.js';
import { SECRET } from '../support/secret.js';

type Handler = (session: Request['session']) => unknown;

/** Changes of a session object that `regenerate` replaces, each with the key that is told. */
const CHANGES: Record<string, readonly [key: string, handler: Handler]> = {
  'not-awaited': ['views', (session) => (void session.regenerate(() => {}), (session.views = 1))],
  'not-awaited-cookie': ['cookie', (session) => (void session.regenerate(() => {}), (session.cookie.maxAge = 5_000))],
  cookie: ['cookie', async (session) => (await ended(session), (session.cookie.maxAge = 5_000))],
  deleted: ['views', async (session) => ((session.views = 1), await ended(session), delete session.views)],
  defined: ['views', async (session) => (await ended(session), Object.defineProperty(session, 'views', { value: 1, enumerable: true }))],
};

const ended = (session: Request['session']) => new Promise((resolve) => void session.regenerate(resolve));

@Controller()
class ChangeController {
  @Get('view')
  view(@Req() { session }: Request) {
    return { views: (session.views = (session.views ?? 0) + 1) };
  }

  @Get('change/:name')
  async change(@Req() { session }: Request, @Param('name') name: string) {
    await CHANGES[name]![1](session);
    return {};
  }
}

const toldOf = (key: string) => [expect.stringMatching(new RegExp(`The key "${key}" was set on a session object after its .regenerate`))];

describe('a change of a session object that `regenerate` replaces is told', () => {
  describe.each(ADAPTERS)('by Nest on %s', (adapter) => {
    it.each(Object.keys(CHANGES))('%s', async (name) => {
      const imports = [SessionModule.forRoot({ secret: SECRET, connection: embedded })];
      const { address, log } = await startApp({ imports, controllers: [ChangeController] }, undefined, adapter);
      const browser = new Browser(address);
      await browser.json('/view');
      expect(log.warnings).toEqual([]);
      await browser.json(`/change/${name}`);
      await vi.waitFor(() => expect(log.warnings).toEqual(toldOf(CHANGES[name]![0])));
    });
  });

  it.each(Object.keys(CHANGES))('by a store under express-session: %s', async (name) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const store = createSessionStore({ connection: embedded });
    onTestFinished(() => store.close());
    const address = await startExpress((app) => {
      app.use(expressSession({ secret: SECRET, name: 'sid', resave: false, saveUninitialized: false, rolling: true, store }));
      app.get('/view', (req, res) => res.json({ views: (req.session.views = 1) }));
      app.get('/change', async (req, res) => (await CHANGES[name]![1](req.session), res.json({})));
    });
    const browser = new Browser(address);
    await browser.json('/view');
    await browser.json('/change');
    await vi.waitFor(() => expect(warn.mock.calls.flat()).toEqual(toldOf(CHANGES[name]![0])));
  });

  it.each([false, true])('and what Passport does is not, with keepSessionInfo: %s', async (keepSessionInfo) => {
    const { address, log } = await startPassport({ connection: embedded, rolling: true, cookie: { maxAge: '1h' } }, { keepSessionInfo });
    const browser = new Browser(address);
    await browser.json('/view');
    await browser.post('/login?user=ada');
    await browser.json('/me');
    await browser.post('/logout');
    await browser.json('/view');
    expect(log.warnings.filter((warning) => warning.includes('was set on'))).toEqual([]);
  });
});
