import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule } from '@nestjs/graphql';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { defineSessionEntity, RequireSession, SESSION_MIDDLEWARE, SessionModule, SessionOptionsError } from 'nestjs-typeorm-session';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { embedded } from '../support/embedded.js';
import { startApp } from '../support/nest-app.js';
import { GuardedGateway, GuardedModule, GuardedResolver } from '../support/require-session-app.js';
import { SECRET } from '../support/secret.js';

const MINUTE = 60_000;

/** From now on the clock shows a later time. */
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

describeEachAdapterInBrief('@RequireSession', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  async function start() {
    const sessions = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), exclude: ['outside'] });
    const { address } = await startApp({ imports: [sessions, GuardedModule] }, undefined, adapter);
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

  it('refuses a sign-in that is too old, or of which nobody knows when it was', async () => {
    const browser = await start();
    await browser.post('/login');
    await passes(browser, '/user');
    expect(await refused(browser, '/fresh')).toEqual([403, 'SESSION_NOT_FRESH']);
    await browser.post('/sign-in/1');
    await passes(browser, '/fresh');
    pass(10 * MINUTE + 1);
    expect(await refused(browser, '/fresh')).toEqual([403, 'SESSION_NOT_FRESH']);
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

  it('refuses in a resolver with the same body', async () => {
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true });
    const { address } = await startApp({ imports: [sessions(), GuardedModule, graphql], providers: [GuardedResolver] });
    const browser = new Browser(address);
    const query = async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ passed }"}' };
      const { data, errors } = await browser.json<{ data?: object; errors?: { extensions: { originalError: object } }[] }>(
        '/graphql',
        init,
      );
      return errors?.[0]?.extensions.originalError ?? data;
    };
    expect(await query()).toMatchObject({ statusCode: 401, code: 'SESSION_REQUIRED' });
    await browser.post('/login');
    expect(await query()).toMatchObject({ statusCode: 403, code: 'SESSION_NOT_FRESH' });
    await browser.post('/sign-in/1');
    expect(await query()).toEqual({ passed: true });
  });

  it('refuses in a gateway with a WsException of the same body', async () => {
    const { address, log } = await startApp({ imports: [sessions(), GuardedModule], providers: [GuardedGateway] }, (nest) => {
      const sockets = new (class extends IoAdapter {
        override createIOServer(port: number, options?: Parameters<IoAdapter['createIOServer']>[1]) {
          const server = super.createIOServer(port, options);
          server.engine.use(nest.get(SESSION_MIDDLEWARE));
          return server;
        }
      })(nest);
      nest.useWebSocketAdapter(sockets);
    });
    const browser = new Browser(address);
    const ask = async () => {
      const socket = io(address, { transports: ['websocket'], extraHeaders: { cookie: `sid=${browser.cookie ?? ''}` } });
      onTestFinished(() => void socket.close());
      const answer = new Promise((resolve) => {
        socket.on('exception', resolve);
        socket.on('passed', resolve);
      });
      socket.emit('guarded', {});
      return answer;
    };
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
    [{ age: 5 }, /no option `age` of @RequireSession/],
  ])('refuses the requirement %o when the application starts', (requirement, message) => {
    expect(() => RequireSession(requirement as never)).toThrow(SessionOptionsError);
    expect(() => RequireSession(requirement as never)).toThrow(message);
  });
});
