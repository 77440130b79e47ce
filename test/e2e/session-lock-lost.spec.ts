import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import type { Response } from 'express';
import { defineSessionEntity, SessionConflictError, type Session, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Barrier } from '../support/barrier.js';
import type { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { at, signIn, startHandlers } from '../support/lock-apps.js';
import { endConnection, recordRunners } from '../support/lock-connections.js';
import { useLockProcesses } from '../support/lock-process.js';
import type { Handler } from '../support/lock-routes.js';
import { entityOf } from '../support/store-fixture.js';

const post = { method: 'POST' };

describeEachDatabase('A session lock that ends before its handler', (database) => {
  const tableName = uniqueTableName();
  const entity = defineSessionEntity({ tableName });
  const dataSource = useDataSource(database, [entity]);
  const second = useDataSource(database, [entity]);

  /** A holder that is let on by `barrier`, and what `work` came to. */
  async function start(work: (session: Session) => unknown, options: Partial<SessionModuleOptions> = {}) {
    const barrier = new Barrier();
    let tell!: (outcome: unknown) => void;
    const outcome = new Promise((resolve) => (tell = resolve));
    const hold: Handler = async (session) => {
      await barrier.wait();
      try {
        tell(await work(session));
      } catch (error) {
        tell(error);
        throw error;
      }
    };
    const app = await startHandlers({ entity, dataSource: dataSource(), ...options }, { hold });
    return { ...app, barrier, outcome, browser: await signIn(app.address) };
  }

  const change = (session: Session): void => {
    session.views = 7;
    session.theme = 'dark';
  };

  /** The ways in which a lock ends early. Each returns the answer of the holder once the lock is over, where it has a client. */
  const losses: Record<string, (browser: Browser, barrier: Barrier) => Promise<(() => Promise<globalThis.Response>) | undefined>> = {
    async 'because it is too old'(browser, barrier) {
      const held = browser.clone().post('/short/hold');
      await barrier.reached;
      return () => held;
    },
    async 'because the client has gone'(browser, barrier) {
      const abort = new AbortController();
      const held = browser.clone().post('/locked/hold', { signal: abort.signal });
      await barrier.reached;
      abort.abort();
      await expect(held).rejects.toThrow(/abort/i);
      return undefined;
    },
    ...(database.isShared && {
      async 'because the server took it away'(browser: Browser, barrier: Barrier) {
        const runners = recordRunners(dataSource());
        const held = browser.clone().post('/locked/hold');
        await barrier.reached;
        await endConnection(runners()[0]!, second());
        return () => held;
      },
    }),
  };

  describe.each(Object.entries(losses))('%s', (name, lose) => {
    it.each(['merge', 'overwrite', 'fail'] as const)('stores nothing over the next one (overlap: %s)', async (overlap) => {
      const app = await start(change, { overlap });
      const answer = await lose(app.browser, app.barrier);
      await expect(app.browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
      app.barrier.open();
      await app.outcome;
      const answered = await answer?.();
      if (answered) {
        expect(answered.status).toBe(409);
        await expect(answered.json()).resolves.toMatchObject({ message: expect.stringMatching(/lock of this session ended before/) });
      }
      await expect(app.browser.json('/locked/count', post)).resolves.toEqual({ views: 2 });
      await expect(app.store.get(app.browser.id!)).resolves.toEqual({ cookie: expect.anything(), views: 2 });
    });

    it('is told to an explicit save, and a reload makes good for it', async () => {
      const errors: unknown[] = [];
      const app = await start(async (session) => {
        change(session);
        await session.save().catch((error: unknown) => errors.push(error));
        await session.rotate().catch((error: unknown) => errors.push(error));
        const { req } = session as Session & { req: { session: Session } };
        await session.reload();
        req.session.views = req.session.views! + 10;
        await req.session.save();
      });
      const answer = await lose(app.browser, app.barrier);
      await expect(app.browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
      app.barrier.open();
      await app.outcome;
      await answer?.();
      expect(errors).toEqual([expect.any(SessionConflictError), expect.any(SessionConflictError)]);
      await expect(app.browser.json('/locked/count', post)).resolves.toEqual({ views: 12 });
    });

    it('stores where nobody has changed the session meanwhile', async () => {
      const app = await start(async (session) => {
        change(session);
        await session.save();
      });
      const answer = await lose(app.browser, app.barrier);
      await expect(app.browser.json('/locked/views', post)).resolves.toEqual({ views: 0 });
      app.barrier.open();
      expect(await app.outcome).toBeUndefined();
      expect((await answer?.())?.status ?? 201).toBe(201);
      await expect(app.browser.json('/locked/count', post)).resolves.toEqual({ views: 8 });
    });

    it('is told by a warning where somebody has to do something about it', async () => {
      const app = await start(change);
      const answer = await lose(app.browser, app.barrier);
      await expect(app.browser.json('/locked/views', post)).resolves.toEqual({ views: 0 });
      app.barrier.open();
      await app.outcome;
      await answer?.();
      const warnings: Record<string, unknown[]> = {
        'because it is too old': [
          expect.stringMatching(/^HandlersController\.short held the lock of a session for 200 ms.* raise `maxHold` of @SessionLock/),
        ],
        'because the client has gone': [],
        'because the server took it away': [
          expect.stringMatching(/^The database ended the connection on which HandlersController\.locked held the lock/),
        ],
      };
      expect(app.log.warnings).toEqual(warnings[name]);
    });
  });

  describe('over a table without versions', () => {
    const unversioned = entityOf('id', 'data', 'expiresAt', 'createdAt', 'handle');
    const source = useDataSource(database, [unversioned]);

    it('stores nothing at all, because nobody knows who was last', async () => {
      const app = await start(change, { entity: unversioned, dataSource: source() });
      const held = app.browser.clone().post('/short/hold');
      await app.barrier.reached;
      await expect(app.browser.json('/locked/views', post)).resolves.toEqual({ views: 0 });
      app.barrier.open();
      expect((await held).status).toBe(409);
      await expect(app.browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
    });
  });

  if (database.isShared) {
    describe('in a process of its own', () => {
      const startProcess = useLockProcesses(database.options, tableName);

      it('leaves it to the other processes', async () => {
        const one = await startProcess();
        const here = await startHandlers({ entity, dataSource: dataSource() });
        const browser = await signIn(here.address);
        const held = Promise.allSettled([at(one.address, browser).post('/short/hold')]);
        await one.held();
        await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
        await one.kill();
        await held;
      });
    });
  }
});

describeEachDatabase('The lock slots of a pool of 10', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity], { poolSize: 10 });
  const SLOTS = 5;

  const large = Buffer.alloc(2 ** 24);
  /** Handlers that end late or never. */
  function handlers(entered: () => void) {
    return {
      hang: () => (entered(), new Promise(() => undefined)),
      send: (_session: Session, _req: unknown, res: Response) => (entered(), void res.send(large)),
      stream: () => {
        entered();
        const source = new PassThrough();
        source.write(large);
        return new StreamableFile(source);
      },
    };
  }

  async function start() {
    const all = new Barrier();
    let inside = 0;
    const app = await startHandlers(
      { entity, dataSource: dataSource() },
      handlers(() => ++inside === SLOTS && all.open()),
    );
    const holders = await Promise.all(Array.from({ length: SLOTS }, () => signIn(app.address)));
    return { ...app, all, holders, other: await signIn(app.address) };
  }

  it('are free when the clients of handlers that never end have gone', async () => {
    const { all, holders, other } = await start();
    const abort = new AbortController();
    const answers = holders.map((holder) => holder.clone().post('/locked/hang', { signal: abort.signal }));
    await all.wait();
    abort.abort();
    for (const { status } of await Promise.allSettled(answers)) expect(status).toBe('rejected');
    await expect(other.json('/brief/count', post)).resolves.toEqual({ views: 1 });
    await expect(holders[0]!.json('/brief/count', post)).resolves.toEqual({ views: 1 });
  });

  it('S49: are free after `maxHold`, though handlers that never end have clients that wait', async () => {
    const { app, all, holders, other, log } = await start();
    const answers = holders.map((holder) => holder.clone().post('/short/hang'));
    onTestFinished(async () => {
      app.getHttpServer().closeAllConnections();
      await Promise.allSettled(answers);
    });
    await all.wait();
    await expect(other.json('/locked/count', post)).resolves.toEqual({ views: 1 });
    await expect(holders[0]!.json('/locked/count', post)).resolves.toEqual({ views: 1 });
    expect(log.warnings).toContainEqual(expect.stringMatching(/HandlersController\.short held the lock/));
  });

  it.each(['send', 'stream'])('are free while clients do not read a large answer (%s)', async (route) => {
    const { address, all, holders, other } = await start();
    for (const { cookie } of holders) leaveUnread(address, `/locked/${route}`, cookie!);
    await all.wait();
    await expect(other.json('/brief/count', post)).resolves.toEqual({ views: 1 });
    await expect(holders[0]!.json('/brief/count', post)).resolves.toEqual({ views: 1 });
  });

  it('are taken once by a session, whatever its requests do', async () => {
    const barrier = new Barrier();
    const hold: Handler = async (session) => {
      await session.rotate();
      await barrier.wait();
    };
    const { address } = await startHandlers({ entity, dataSource: dataSource() }, { hold });
    const [browser, other] = [await signIn(address), await signIn(address)];
    const held = browser.clone().post('/locked/hold');
    await barrier.reached;
    const waiting = Array.from({ length: 2 * SLOTS }, () => browser.clone().post('/locked/views'));
    await expect(other.json('/brief/count', post)).resolves.toEqual({ views: 1 });
    barrier.open();
    expect((await held).status).toBe(201);
    await Promise.all(waiting);
  });
});

/** Asks, and reads nothing of the answer. */
function leaveUnread(address: string, path: string, cookie: string): void {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  socket.pause();
  socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: sid=${cookie}\r\nContent-Length: 0\r\n\r\n`);
  onTestFinished(() => void socket.destroy());
}
