import { type ArgumentsHost, Catch, Controller, Get, HttpCode, type HttpException, Post } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { Session, SESSION_MIDDLEWARE, SessionModule, SessionUnavailableError, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { embedded } from '../support/embedded.js';
import { type Configure, startApp } from '../support/nest-app.js';
import { rawRequest } from '../support/raw-request.js';
import { SECRET } from '../support/secret.js';

// What docs/guides/other-origin.md promises to a front end.

@Controller('account')
class AccountController {
  @Get()
  show(@Session('userId') userId: string | undefined) {
    return { userId };
  }

  @Post('sign-in')
  @HttpCode(204)
  signIn(@Session() session: Session) {
    return session.login('ada');
  }

  @Post('sign-out')
  @HttpCode(204)
  signOut(@Session() session: Session) {
    return session.logout();
  }
}

const FRONT_END = 'https://app.example.net';
const HTTPS = { host: 'api.example.org', 'x-forwarded-proto': 'https' };
const TWO_SITES = { ...HTTPS, origin: FRONT_END, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
const EVIL = { ...TWO_SITES, origin: 'https://evil.example' };
const CREDENTIALS = { 'access-control-allow-origin': FRONT_END, 'access-control-allow-credentials': 'true' };

const allowFrontEnd: Configure = (app) => app.enableCors({ origin: FRONT_END, credentials: true });

describe.each(ADAPTERS)('A front end on another origin, under %s', (adapter) => {
  async function start(options: Partial<SessionModuleOptions> = {}, configure = allowFrontEnd) {
    const imports = [SessionModule.forRoot({ secret: SECRET, connection: embedded, ...options })];
    const { address, store } = await startApp({ imports, controllers: [AccountController] }, configure, adapter, { trustProxy: true });
    const send = (method: string, path: string, headers: Record<string, string>) => rawRequest(address, path, headers, method);
    const signIn = async (headers: Record<string, string>) => {
      const response = await send('POST', '/account/sign-in', headers);
      const [cookie = ''] = response.headers['set-cookie'] ?? [];
      return { response, attributes: cookie.split('; ').slice(1), cookie: cookie.split(';')[0]! };
    };
    return { send, signIn, store };
  }

  it('of one site needs CORS with credentials, and nothing else', async () => {
    const { send, signIn } = await start();
    const headers = { ...HTTPS, origin: FRONT_END, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' };
    const preflight = await send('OPTIONS', '/account/sign-in', { ...headers, 'access-control-request-method': 'POST' });
    expect([preflight.status, preflight.headers]).toEqual([204, expect.objectContaining(CREDENTIALS)]);
    expect(preflight.headers['set-cookie']).toBeUndefined();
    const { response, attributes, cookie } = await signIn(headers);
    expect(response.headers).toMatchObject(CREDENTIALS);
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']);
    expect(JSON.parse((await send('GET', '/account', { ...headers, cookie })).body)).toEqual({ userId: 'ada' });
  });

  it('of one site is an origin that csrf has to trust', async () => {
    const headers = { ...HTTPS, origin: FRONT_END, 'sec-fetch-site': 'same-site' };
    const statusWith = async (csrf: SessionModuleOptions['csrf']) => {
      const { send, signIn } = await start({ csrf: csrf! });
      return (await send('POST', '/account/sign-out', { ...headers, cookie: (await signIn(headers)).cookie })).status;
    };
    expect(await statusWith(true)).toBe(403);
    expect(await statusWith({ trustedOrigins: [FRONT_END] })).toBe(204);
  });

  it('of another site has a cookie that is sent across sites, and only this front end may change anything', async () => {
    const { send, signIn } = await start({
      cookie: { sameSite: 'none', secure: true, partitioned: true },
      csrf: { trustedOrigins: [FRONT_END] },
    });
    const { response, attributes, cookie } = await signIn(TWO_SITES);
    expect(response.headers).toMatchObject(CREDENTIALS);
    const expected = ['HttpOnly', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure'];
    expect(attributes.toSorted()).toEqual(expected);
    expect(JSON.parse((await send('GET', '/account', { ...TWO_SITES, cookie })).body)).toEqual({ userId: 'ada' });
    expect((await send('POST', '/account/sign-out', { ...EVIL, cookie })).status).toBe(403);
    const { status, headers } = await send('POST', '/account/sign-out', { ...TWO_SITES, cookie });
    expect(status).toBe(204);
    // A browser drops a cookie only if its attributes are the same.
    expect(headers['set-cookie']![0]!.split('; ').slice(1)).toEqual(expect.arrayContaining(expected));
  });

  /** Whether the front end may read a 403 of csrf, and a 503 because the session could not be read. */
  async function seenErrors(options: Partial<SessionModuleOptions>, configure: Configure) {
    const { send, signIn, store } = await start({ csrf: true, ...options }, configure);
    const { cookie } = await signIn(TWO_SITES);
    const refused = await send('POST', '/account/sign-out', { ...TWO_SITES, cookie });
    vi.spyOn(store, 'get').mockImplementation((_id, callback) => callback(new SessionUnavailableError('The database is away.')));
    const failed = await send('GET', '/account', { ...TWO_SITES, cookie });
    expect([refused.status, failed.status]).toEqual([403, 503]);
    return [refused, failed].map(({ headers }) => headers['access-control-allow-origin'] === FRONT_END);
  }

  it(`${adapter === 'Express' ? 'cannot read' : 'reads'} the errors that the sessions answer with`, async () => {
    expect(await seenErrors({}, allowFrontEnd)).toEqual([adapter === 'Fastify', adapter === 'Fastify']);
  });

  it('reads these errors if the sessions are mounted after CORS', async () => {
    const mountAfterCors: Configure = async (app) => {
      await allowFrontEnd(app);
      app.use(app.get(SESSION_MIDDLEWARE));
    };
    expect(await seenErrors({ autoMount: false }, mountAfterCors)).toEqual([true, true]);
  });

  it('refused by csrf is an error that an exception filter of Nest 12 can tell by the code of its cause', async () => {
    const seen: unknown[] = [];
    @Catch()
    class CodeFilter extends BaseExceptionFilter {
      override catch(error: unknown, host: ArgumentsHost) {
        seen.push((error as HttpException).cause);
        super.catch(error, host);
      }
    }
    const { send, signIn } = await start({ csrf: true }, (app) => void app.useGlobalFilters(new CodeFilter(app.getHttpAdapter())));
    const { status } = await send('POST', '/account/sign-out', { ...TWO_SITES, cookie: (await signIn(TWO_SITES)).cookie });
    expect([status, seen]).toEqual([403, [expect.objectContaining({ code: 'SESSION_CSRF' })]]);
  });
});
