import { PassThrough } from 'node:stream';
import { ForbiddenException, StreamableFile } from '@nestjs/common';
import type { Response } from 'express';
import expressSession from 'express-session';
import { defineSessionEntity, SessionModule, SessionStore, type Session } from 'nestjs-typeorm-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HeldLock } from '../../lib/table/session-table.js';
import { describeEachAdapterInBrief, nodeResponse, redirect } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { Browser, setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { asksForLock, at, signIn, startHandlers } from '../support/lock-apps.js';
import { routesOf, viewHandlers, type Handler } from '../support/lock-routes.js';
import { startApp } from '../support/nest-app.js';
import { failStatements, gateStatements } from '../support/store-gate.js';

const post = { method: 'POST' };

/** What a handler may do at its end, and the answer's status. */
const ENDS: Readonly<Record<string, [number, Handler]>> = {
  'that only looks': [201, (session) => ({ views: session.views })],
  'that changes the session': [201, (session) => void (session.theme = 'dark')],
  'that throws': [500, () => Promise.reject(new Error('thrown by the handler'))],
  'that refuses': [403, () => Promise.reject(new ForbiddenException())],
  'that redirects': [302, (_session, _req, res) => redirect(res, 302, '/elsewhere')],
  'that streams': [
    201,
    (_session, _req, res) => {
      const response = nodeResponse(res, { takeOver: true });
      response.write('begun, ');
      response.end('ended');
    },
  ],
  'that saves': [201, (session) => ((session.theme = 'dark'), session.save())],
  'that reloads': [201, (session) => session.reload()],
  'that rotates': [201, (session) => session.rotate()],
  'that rotates twice and saves': [
    201,
    (session) =>
      session
        .rotate()
        .then(() => session.rotate())
        .then(() => session.save()),
  ],
  'that regenerates': [201, (session) => session.regenerate()],
  'that destroys': [201, (session) => session.destroy()],
  'that drops the session': [201, (_session, req) => void ((req as { session: unknown }).session = null)],
};

describeEachAdapterInBrief('The lock of a session is released', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  // One connection for locks, so that one that is not given back is missed at once; one for a write that is held back, one for the others.
  const dataSource = useDataSource(database, [entity], { poolSize: 3 });
  const second = useDataSource(database, [entity], { poolSize: 2 });
  const start = (handlers = {}, from = dataSource) => startHandlers({ entity, dataSource: from() }, handlers, adapter);

  /** Where the next request comes in: the same application, or another one with a pool of its own. */
  const places = database.isShared ? ['the same application', 'another application'] : ['the same application'];

  describe.each(places)('to a request of %s', (place) => {
    it.each(Object.entries(ENDS))('after a handler %s', async (_, [status, end]) => {
      const barrier = new Barrier();
      const hold: Handler = async (...args) => {
        await barrier.wait();
        return end(...args);
      };
      const here = await start({ hold });
      const next = place === 'the same application' ? here : await start({ hold }, second);
      const browser = await signIn(here.address);
      const held = browser.clone().post('/locked/hold');
      await barrier.reached;
      const asked = asksForLock(next);
      const answer = at(next.address, browser).post('/locked/views');
      await asked;
      barrier.open();
      expect((await held).status).toBe(status);
      expect((await answer).status).toBe(201);

      const other = await signIn(here.address);
      await expect(other.json('/locked/count', post)).resolves.toEqual({ views: 1 });
    });
  });

  it('after a save that failed', async () => {
    const barrier = new Barrier();
    const hold: Handler = async (session) => {
      await barrier.wait();
      session.theme = 'dark';
    };
    const here = await start({ hold });
    const browser = await signIn(here.address);
    const held = browser.clone().post('/locked/hold');
    await barrier.reached;
    const restore = failStatements(dataSource(), /^UPDATE/i);
    barrier.open();
    expect((await held).status).toBe(503);
    restore();
    await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
  });

  it('where the session could not be read again', async () => {
    const here = await start();
    const browser = await signIn(here.address);
    const { get } = here.store;
    let reads = 0;
    Object.assign(here.store, {
      get: (sid: string, done: (error: unknown) => void) =>
        ++reads === 1 ? get.call(here.store, sid, done) : done(new Error('no database')),
    });
    expect((await browser.clone().post('/locked/count')).status).toBe(500);
    Object.assign(here.store, { get });
    await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
  });

  describe('when the client goes away', () => {
    /** A request that was in its handler when its client went; the handler ends when `barrier` opens. */
    async function abandon(before: (session: Session) => unknown = () => undefined) {
      const [barrier, gone] = [new Barrier(), new Barrier()];
      const hold: Handler = async (session, _req, res: Response) => {
        before(session);
        nodeResponse(res).once('close', () => gone.open());
        await barrier.wait();
      };
      const here = await start({ hold });
      const browser = await signIn(here.address);
      const abort = new AbortController();
      const aborted = browser.clone().post('/locked/hold', { signal: abort.signal });
      await barrier.reached;
      const leave = async () => {
        abort.abort();
        await expect(aborted).rejects.toThrow(/abort/i);
        await gone.wait();
      };
      return { barrier, browser, leave };
    }

    it('after the handler', async () => {
      const { barrier, browser, leave } = await abandon();
      await leave();
      barrier.open();
      await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
    });

    it('though the handler is not done', async () => {
      const { barrier, browser, leave } = await abandon();
      await leave();
      await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
      barrier.open();
      await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 2 });
    });

    it('not before what the handler has begun to store is stored', async () => {
      const { barrier, browser, leave } = await abandon((session) => (session.views = 7));
      const gate = gateStatements(dataSource(), /^UPDATE/i);
      onTestFinished(() => gate.open());
      await leave();
      barrier.open();
      await gate.reached;
      expect((await browser.clone().post('/hasty/views')).status).toBe(409);
      gate.open();
      await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 8 });
    });
  });

  it('and the answer tells the browser to drop the cookie of a session that was destroyed under it', async () => {
    const here = await start({ logout: (session: Session) => session.destroy() });
    const browser = await signIn(here.address);
    const answer = await browser.post('/locked/logout');
    expect(answer.status).toBe(201);
    expect(setCookies(answer)).toEqual([expect.stringMatching(/^sid=;.*Expires=Thu, 01 Jan 1970/)]);
    expect(browser.cookie).toBeUndefined();
  });

  it('when the client goes away before a stream has begun, which nobody ends then', async () => {
    const [begun, gone] = [new Barrier(), new Barrier()];
    const download: Handler = (_session, _req, res) => {
      nodeResponse(res).once('close', () => gone.open());
      begun.open();
      return new StreamableFile(new PassThrough());
    };
    const here = await start({ download });
    const browser = await signIn(here.address);
    const abort = new AbortController();
    const aborted = Promise.allSettled([browser.clone().post('/locked/download', { signal: abort.signal })]);
    await begun.wait();
    abort.abort();
    await aborted;
    await gone.wait();
    await expect(browser.json('/brief/count', post)).resolves.toEqual({ views: 1 });
  });

  it('when the application is closed, before its data source is', async () => {
    const linger: Handler = (_session, _req, res) => {
      res.send({});
      return new Promise(() => undefined);
    };
    const connection = { ...database.options, synchronize: !database.isShared };
    const here = await startHandlers({ entity, connection }, { linger }, adapter);
    const browser = await signIn(here.address);
    const { lock } = here.store;
    const locks: HeldLock[] = [];
    here.store.lock = async (...args) => {
      locks.push(await lock.apply(here.store, args));
      return locks.at(-1)!;
    };
    await browser.post('/locked/linger');
    expect(locks.map(({ isHeld }) => isHeld)).toEqual([true]);
    await here.app.close();
    expect(locks.map(({ isHeld }) => isHeld)).toEqual([false]);
    expect(here.log.warnings).toEqual([]);
  });

  it('under the application’s own express-session', async () => {
    const module = SessionModule.forRoot({ secret: 'secret', entity, dataSource: dataSource(), autoMount: false });
    const { address } = await startApp(
      { imports: [module], controllers: [routesOf(viewHandlers)] },
      (app) => {
        app.use(expressSession({ store: app.get(SessionStore), secret: 'secret', name: 'sid', resave: false, saveUninitialized: false }));
      },
      adapter,
    );
    const browser = new Browser(address);
    // It sends the head first, and stores before the end of the answer.
    await browser.get('/login', post).then((answer) => answer.text());
    for (const views of [1, 2, 3]) await expect(browser.json('/brief/count', post)).resolves.toEqual({ views });
  });
});
