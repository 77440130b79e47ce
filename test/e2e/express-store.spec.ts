import type { Request, Response as ExpressResponse } from 'express';
import session from 'express-session';
import { defineSessionEntity } from 'nestjs-typeorm-session';
import { createSessionStore, type SessionData, type SessionModuleOptions } from 'nestjs-typeorm-session/express';
import { DataSource } from 'typeorm';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { StatementLog } from '../support/statement-log.js';
import { expectSessions } from '../support/views.js';
import { embedded } from '../support/embedded.js';

type Done = (error?: unknown) => void;

/** Calls a method as applications of express-session do. */
const call = (method: (done: Done) => unknown): Promise<void> =>
  new Promise((resolve, reject) => void method((error) => (error ? reject(error) : resolve())));

describeEachDatabase('createSessionStore under the application’s own session()', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });
  const rows = () => dataSource().getRepository(entity).count();

  /** Routes as passport would have them: sign in by regenerate and save, sign out by save and regenerate. */
  async function start(options: Partial<SessionModuleOptions> = {}) {
    await dataSource().getRepository(entity).clear();
    const store = createSessionStore({ entity, dataSource: dataSource(), ...options });
    const errors: string[] = [];
    let barrier = new Barrier();
    const address = await startExpress((app) => {
      app.use(session({ store, secret: 'own secret', name: 'sid', resave: false, saveUninitialized: false }));
      app.get('/views', (req: Request, res: ExpressResponse) => res.json({ views: (req.session.views = (req.session.views ?? 0) + 1) }));
      app.get('/me', (req, res) => res.json({ userId: req.session.userId, theme: req.session.theme }));
      app.post('/login', async (req, res) => {
        await call((done) => req.session.regenerate(done));
        req.session.userId = 'ada';
        await call((done) => req.session.save(done));
        res.redirect('/me');
      });
      app.post('/logout', async (req, res) => {
        Reflect.deleteProperty(req.session, 'userId');
        await call((done) => req.session.save(done));
        await call((done) => req.session.regenerate(done));
        res.redirect('/me');
      });
      app.post('/destroy', async (req, res) => {
        await call((done) => req.session.destroy(done));
        res.json({ hasSession: req.session !== undefined });
      });
      app.post('/reload', async (req, res) => {
        req.session.theme = 'forgotten';
        await call((done) => req.session.reload(done));
        res.json({ theme: req.session.theme, userId: req.session.userId });
      });
      app.post('/hold', async (req, res) => {
        await barrier.wait();
        req.session.theme = 'dark';
        res.json({ userId: req.session.userId });
      });
      app.post('/hold-and-save', async (req, res) => {
        await barrier.wait();
        req.session.theme = 'dark';
        const outcome = await call((done) => req.session.save(done)).then(
          () => 'saved',
          (error: Error) => error.name,
        );
        res.json({ outcome });
      });
      app.post('/hold-and-wait', async (req, res) => {
        await barrier.wait();
        const outcome = await store.set(req.sessionID, req.session as SessionData).then(
          () => 'saved',
          (error: Error) => error.name,
        );
        res.json({ outcome });
      });
      app.post('/hold-stream', async (req, res) => {
        res.write('begun');
        await barrier.wait();
        req.session.theme = 'dark';
        res.end();
      });
      // express-session tells of a failed save after it has answered.
      app.use((error: Error, _req: Request, res: ExpressResponse, _next: Done) => {
        errors.push(error.name);
        if (!res.headersSent) res.status(500).end();
      });
    });
    return { store, browser: new Browser(address), errors, newBarrier: () => (barrier = new Barrier()) };
  }

  it('keeps sessions', async () => {
    const { browser, store } = await start();
    const visitor = await expectSessions(browser.address);
    await expect(store.get(visitor.id!)).resolves.toMatchObject({ views: 2 });
  });

  it('asks the database as seldom as our middleware does', async () => {
    const { browser } = await start();
    statements.take();
    await browser.get('/me');
    expect(statements.take()).toEqual([]);
    await browser.json('/views');
    expect(statements.take()).toEqual(['INSERT']);
    await browser.json('/me');
    expect(statements.take()).toEqual(['SELECT']);
    await browser.json('/views');
    expect(statements.take()).toEqual(['SELECT', 'UPDATE']);
  });

  it('signs in and out by callbacks', async () => {
    const { browser } = await start();
    await browser.json('/views');
    const before = browser.clone();
    expect((await browser.post('/login')).status).toBe(302);
    expect(browser.id).not.toBe(before.id);
    await expect(browser.json('/me')).resolves.toEqual({ userId: 'ada' });
    await expect(before.json('/me')).resolves.toEqual({});
    await expect(browser.json('/reload', { method: 'POST' })).resolves.toEqual({ userId: 'ada' });

    const thief = browser.clone();
    expect((await browser.post('/logout')).status).toBe(302);
    await expect(thief.json('/me')).resolves.toEqual({});
    await expect(browser.json('/me')).resolves.toEqual({});
  });

  describe.each([
    ['drop', []],
    ['error', ['SessionInterruptedError']],
  ] as const)("with onInterrupted: '%s'", (onInterrupted, expected) => {
    it.each(['/hold', '/hold-stream'])('tells the error handler of a session that was ended meanwhile, or not: %s', async (path) => {
      const { browser, store, newBarrier, errors } = await start({ onInterrupted });
      const interrupted: unknown[] = [];
      store.on('interrupted', ({ userId }) => interrupted.push(userId));
      await browser.post('/login');
      const barrier = newBarrier();
      const held = browser.clone().post(path);
      await barrier.reached;
      await browser.clone().json('/destroy', { method: 'POST' });
      barrier.open();
      await (await held).text();
      // The next request comes after what express-session put off.
      await browser.json('/me');
      expect([errors, interrupted]).toEqual([expected, ['ada']]);
      await expect(rows()).resolves.toBe(0);
    });
  });

  it('still tells who waits for the promise of the store', async () => {
    const { browser, newBarrier } = await start();
    await browser.post('/login');
    const barrier = newBarrier();
    const held = browser.clone().post('/hold-and-wait');
    await barrier.reached;
    await browser.clone().json('/destroy', { method: 'POST' });
    barrier.open();
    await expect((await held).json()).resolves.toEqual({ outcome: 'SessionInterruptedError' });
  });

  it.each([
    ['a save at the end', '/hold', { userId: 'ada' }],
    ['a save by hand', '/hold-and-save', { outcome: 'SessionInterruptedError' }],
  ])('keeps a logout a logout under %s', async (_, path, body) => {
    const { browser, newBarrier } = await start();
    await browser.post('/login');
    const barrier = newBarrier();
    const held = browser.clone().post(path);
    await barrier.reached;
    await expect(browser.clone().json('/destroy', { method: 'POST' })).resolves.toEqual({ hasSession: false });
    barrier.open();
    const answer = await held;
    expect(answer.status).toBe(200);
    await expect(answer.json()).resolves.toEqual(body);
    await expect(rows()).resolves.toBe(0);
    await expect(browser.json('/me')).resolves.toEqual({});
  });

  it('merges what overlapping requests change', async () => {
    const { browser, newBarrier } = await start();
    await browser.post('/login');
    const barrier = newBarrier();
    const held = browser.clone().post('/hold');
    await barrier.reached;
    await browser.json('/views');
    barrier.open();
    await (await held).text();
    await expect(browser.json('/me')).resolves.toEqual({ userId: 'ada', theme: 'dark' });
    await expect(browser.json('/views')).resolves.toEqual({ views: 2 });
  });

  it('may be made before its data source is initialised', async () => {
    const late = new DataSource({ ...database.options, entities: [entity], synchronize: !database.isShared });
    const store = createSessionStore({ entity, dataSource: late });
    onTestFinished(() => late.destroy());
    const [count] = await Promise.all([store.count(), late.initialize()]);
    expect(count).toEqual(expect.any(Number));
  });
});

describe('what createSessionStore refuses', () => {
  const connection = embedded;
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ['forRoutes', { forRoutes: ['account'] }],
    ['exclude', { exclude: ['health'] }],
    ['autoMount', { autoMount: true }],
    ['csrf', { csrf: true }],
    ['onUnavailable', { onUnavailable: 'anonymous' }],
    ['saveOnError', { saveOnError: false }],
  ] as const)('is `%s`', (name, options) => {
    expect(() => createSessionStore({ connection, ...options } as Partial<SessionModuleOptions>)).toThrow(
      expect.objectContaining({ name: 'SessionOptionsError', message: expect.stringContaining(`\`${name}\``) }),
    );
  });

  it.each<[keyof SessionModuleOptions, Partial<SessionModuleOptions>]>([
    ['name', { name: 'sid' }],
    ['rolling', { rolling: false }],
    ['saveUninitialized', { saveUninitialized: false }],
    ['resave', { resave: false }],
    ['unset', { unset: 'destroy' }],
    ['proxy', { proxy: true }],
    ['cookie', { cookie: { maxAge: '14d' } }],
    ['cookie', { cookie: () => ({}), adopt: 'connect-typeorm' }],
  ])('is not `%s`, which belongs to `session()`, but warns of it', async (name, options) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await createSessionStore({ connection, ...options }).close();
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(new RegExp(`\`${name}\` has no effect on a store.*session\\({ ${name} }\\)`))],
    ]);
  });

  it('is nothing that a store uses, or that is so under every `session()`', async () => {
    const used = { cookie: { httpOnly: false }, adopt: 'connect-typeorm', genid: () => 'x', secret: 'any' } as const;
    const same = { csrf: false, onUnavailable: 'error', saveOnError: true, name: undefined, rolling: undefined } as const;
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await createSessionStore({ connection, ...used, ...same } as never).close();
    expect(warn).not.toHaveBeenCalled();
  });

  it('is the name of a data source', () => {
    expect(() => createSessionStore({ dataSource: 'default' })).toThrow(expect.objectContaining({ name: 'SessionOptionsError' }));
  });
});
