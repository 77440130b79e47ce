import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { defineSessionEntity, RequireSession, SessionModule, SessionOptionsError, withSessions } from 'nestjs-typeorm-session';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { embedded } from '../support/embedded.js';
import { graphqlModuleOf, SERVERS } from '../support/graphql-app.js';
import { startApp } from '../support/nest-app.js';
import { GuardedGateway, GuardedModule, GuardedResolver } from '../support/require-session-app.js';
import { SECRET } from '../support/secret.js';
import { openSocket, SOCKET_KINDS } from '../support/socket-client.js';

const MINUTE = 60_000;

/** From now on the clock shows a later time. */
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

describeEachAdapterInBrief('@RequireSession', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  /** Warnings of users whom `session.login` has not signed in. */
  let told: () => string[];

  async function start() {
    const sessions = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), exclude: ['outside'] });
    const { address, log } = await startApp({ imports: [sessions, GuardedModule] }, undefined, adapter);
    told = () => log.warnings.filter((warning) => warning.includes('session.login'));
    return new Browser(address);
  }

  async function refused(browser: Browser, path: string) {
    const response = await browser.get(path);
    const body = (await response.json()) as object;
    expect(response.headers.has('www-authenticate')).toBe(false);
    expect(body).toEqual({
      statusCode: response.status,
      error: expect.any(String),
      message: expect.any(String),
      code: expect.any(String),
    });
    return [response.status, (body as { code: string }).code];
  }
  const passes = async (browser: Browser, path: string) => expect((await browser.get(path)).status).toBe(200);

  it('refuses who has no session, also one that is not stored yet', async () => {
    const browser = await start();
    for (const path of ['/session', '/user', '/fresh', '/level', '/strict/any']) {
      expect(await refused(browser, path)).toEqual([401, 'SESSION_REQUIRED']);
    }
    expect(browser.cookie).toBeUndefined();
  });

  it('tells a session without a user from none', async () => {
    const browser = await start();
    await browser.post('/begin');
    await passes(browser, '/session');
    for (const path of ['/user', '/fresh', '/level']) expect(await refused(browser, path)).toEqual([401, 'SESSION_USER_REQUIRED']);
  });

  it('lets a user in whose sign-in is fresh and strong enough', async () => {
    const browser = await start();
    await browser.post('/sign-in/2');
    pass(10 * MINUTE);
    for (const path of ['/session', '/user', '/fresh', '/level', '/strict/any', '/strict/fresh']) await passes(browser, path);
  });

  it('S23: refuses a sign-in that is too old, or of which nobody knows when it was', async () => {
    const browser = await start();
    await browser.post('/login');
    await passes(browser, '/user');
    expect(await refused(browser, '/fresh')).toEqual([403, 'SESSION_NOT_FRESH']);
    await browser.post('/sign-in/1');
    await passes(browser, '/fresh');
    pass(10 * MINUTE + 1);
    expect(await refused(browser, '/fresh')).toEqual([403, 'SESSION_NOT_FRESH']);
  });

  it.each(['/fresh', '/level'])('says once why %s is closed to a user whom `session.login` has not signed in', async (path) => {
    const browser = await start();
    await browser.post('/login');
    await passes(browser, '/user');
    expect(told()).toEqual([]);
    for (let time = 0; time < 2; time++) await refused(browser, path);
    expect(told()).toEqual([expect.stringMatching(/was not signed in by `session\.login/)]);
  });

  it('says nothing of a sign-in by `session.login` that is too old or too weak, nor in production', async () => {
    const browser = await start();
    await browser.post('/sign-in/1');
    pass(10 * MINUTE + 1);
    for (const path of ['/fresh', '/level']) await refused(browser, path);
    expect(told()).toEqual([]);
    vi.stubEnv('NODE_ENV', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    const ofProduction = await start();
    await ofProduction.post('/login');
    await refused(ofProduction, '/fresh');
    expect(told()).toEqual([]);
  });

  it('refuses a sign-in that is too weak', async () => {
    const browser = await start();
    await browser.post('/login');
    expect(await refused(browser, '/level')).toEqual([403, 'SESSION_LEVEL']);
    await browser.post('/sign-in/1');
    expect(await refused(browser, '/level')).toEqual([403, 'SESSION_LEVEL']);
  });

  it('asks of a handler what its class asks, too, and never less', async () => {
    const browser = await start();
    await browser.post('/sign-in/1');
    expect(await refused(browser, '/strict/any')).toEqual([403, 'SESSION_LEVEL']);
    expect(await refused(browser, '/strict/fresh')).toEqual([403, 'SESSION_LEVEL']);
    await browser.post('/sign-in/2');
    pass(10 * MINUTE + 1);
    await passes(browser, '/strict/any');
    expect(await refused(browser, '/strict/fresh')).toEqual([403, 'SESSION_NOT_FRESH']);
  });
});

describe('@RequireSession elsewhere', () => {
  const sessions = () => SessionModule.forRoot({ secret: SECRET, connection: embedded });

  it.each(SERVERS)('refuses in a resolver with the same body, by %s on %s', async (server, adapter) => {
    const imports = [sessions(), GuardedModule, graphqlModuleOf(server)];
    const { address } = await startApp({ imports, providers: [GuardedResolver] }, undefined, adapter);
    const browser = new Browser(address);
    const query = async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ passed }"}' };
      const { data, errors } = await browser.json<{ data?: object; errors?: { extensions: { code: string; originalError: object } }[] }>(
        '/graphql',
        init,
      );
      return errors?.[0]?.extensions ?? data;
    };
    expect(await query()).toMatchObject({ code: 'UNAUTHENTICATED', originalError: { statusCode: 401, code: 'SESSION_REQUIRED' } });
    await browser.post('/login');
    expect(await query()).toMatchObject({ code: 'FORBIDDEN', originalError: { statusCode: 403, code: 'SESSION_NOT_FRESH' } });
    await browser.post('/sign-in/1');
    expect(await query()).toEqual({ passed: true });
  });

  it.each(SOCKET_KINDS)('refuses in a gateway of %s with a WsException of the same body', async (kind) => {
    const { address, log } = await startApp({ imports: [sessions(), GuardedModule], providers: [GuardedGateway] }, (nest) => {
      nest.useWebSocketAdapter(withSessions(kind === 'ws' ? new WsAdapter(nest) : new IoAdapter(nest), nest));
    });
    const browser = new Browser(address);
    const ask = async () => (await openSocket(kind, browser)).send('guarded', ['exception', 'passed']);
    expect(await ask()).toEqual({
      status: 'error',
      statusCode: 401,
      error: 'Unauthorized',
      message: expect.any(String),
      code: 'SESSION_REQUIRED',
    });
    await browser.post('/login');
    expect(await ask()).toMatchObject({ statusCode: 403, code: 'SESSION_NOT_FRESH' });
    await browser.post('/sign-in/1');
    expect(await ask()).toBe(true);
    expect(log.errors).toEqual([]);
  });

  it.each([
    [{ fresh: 0 }, /`fresh` of @RequireSession is 0/],
    [{ fresh: '10 minutes' }, /`fresh` of @RequireSession is "10 minutes"/],
    [{ level: '2' }, /`level` of @RequireSession is "2"/],
    [{ level: NaN }, /`level`/],
    [{ user: 'ann' }, /`user` of @RequireSession is "ann"/],
    [{ user: false, fresh: '10m' }, /`user` of @RequireSession is false.*`fresh`/],
    [{ level: 5n }, /`level` of @RequireSession is a value of type bigint/],
    [{ age: 5 }, /no option `age` of @RequireSession/],
    [true, /@RequireSession was given true\. .* any of: user, fresh, level/],
    [5, /@RequireSession was given 5\./],
    ['user', /@RequireSession was given "user"\./],
    [[], /@RequireSession was given an array\./],
    [new Map([['user', true]]), /@RequireSession was given an object of the class Map\./],
    [null, /@RequireSession was given null\./],
  ])('refuses the requirement %o when the application starts', (requirement, message) => {
    expect(() => RequireSession(requirement as never)).toThrow(SessionOptionsError);
    expect(() => RequireSession(requirement as never)).toThrow(message);
  });
});
