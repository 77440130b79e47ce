import { SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { embedded } from '../support/embedded.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { rawRequest } from '../support/raw-request.js';
import { SECRET } from '../support/secret.js';
import { ViewsController } from '../support/views.js';

/** What is set, what a browser sends, and what is said of it. */
const CASES: readonly [string, SessionModuleOptions['cookie'], Record<string, string>, RegExp][] = [
  ['secure over plain http', { secure: true }, {}, /is not sent.*plain http/],
  ['a proxy that is not trusted', { secure: true }, { 'x-forwarded-proto': 'https' }, /X-Forwarded-Proto: https.*trust proxy.*trustProxy/],
  ['sameSite none without secure', { sameSite: 'none' }, {}, /drop.*`sameSite: 'none'` needs `Secure`/],
  ['a page of another site', {}, { 'sec-fetch-site': 'cross-site', origin: 'https://front.example' }, /`sameSite: 'lax'`.*front\.example/],
];

afterEach(() => void vi.unstubAllEnvs());

describe.each(ADAPTERS)('A cookie that browsers do not keep, under %s', (adapter) => {
  const start = (cookie: SessionModuleOptions['cookie'], trustProxy = false) => {
    const imports = [SessionModule.forRoot({ secret: SECRET, connection: embedded, cookie: cookie ?? {} })];
    return startApp({ imports, controllers: [ViewsController] }, undefined, adapter, { trustProxy });
  };

  it.each(CASES)('is one warning with the reason: %s', async (_, cookie, headers, sentence) => {
    const { address, log } = await start(cookie);
    for (let request = 0; request < 2; request++) expect((await rawRequest(address, '/views', headers)).status).toBe(200);
    expect(log.warnings).toEqual([expect.stringMatching(sentence)]);
  });

  it.each(CASES)('is none in production: %s', async (_, cookie, headers) => {
    vi.stubEnv('NODE_ENV', 'production');
    const { address, log } = await start(cookie);
    await rawRequest(address, '/views', headers);
    expect(
      log.warnings.filter((warning) => /cookie (?:is not sent|is dropped|is sent without)|drop the session cookie/.test(warning)),
    ).toEqual([]);
  });

  it('is nothing to warn of behind a proxy that is trusted', async () => {
    const { address, log } = await start({ secure: true }, true);
    const { headers } = await rawRequest(address, '/views', { 'x-forwarded-proto': 'https' });
    expect(headers['set-cookie']).toEqual([expect.stringMatching(/; Secure/)]);
    expect(log.warnings).toEqual([]);
  });
});

describe('A cookie that browsers do not keep, without Nest', () => {
  it.each(CASES)('is one warning with the reason: %s', async (_, cookie, headers, sentence) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const middleware = createSessionMiddleware({ secret: SECRET, connection: embedded, cookie: cookie ?? {} });
    onTestFinished(() => middleware.store.close());
    const address = await startExpress((app) => {
      app.use(middleware);
      app.get('/views', (req, res) => res.json((req.session.views = 1)));
    });
    for (let request = 0; request < 2; request++) await rawRequest(address, '/views', headers);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(sentence)]]);
  });

  it('is an answer all the same where the log throws', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {
      throw new Error('The log of this test is full.');
    });
    onTestFinished(() => warn.mockRestore());
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => emitted.mockRestore());
    const middleware = createSessionMiddleware({ secret: SECRET, connection: embedded, cookie: { sameSite: 'none' } });
    onTestFinished(() => middleware.store.close());
    const address = await startExpress((app) => app.use(middleware).get('/views', (req, res) => res.json((req.session.views = 1))));
    expect((await rawRequest(address, '/views', {})).status).toBe(200);
    expect(emitted).toHaveBeenCalledWith(expect.stringMatching(/could not be logged.*full.*sameSite/));
  });
});
