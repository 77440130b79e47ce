import { describe, expect, it } from 'vitest';
import { SessionInterruptedError } from '../../lib/session.errors.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, dueAtEnd, loadSession, newSession, readValues, type LiveSession } from '../support/store-data.js';
import { kindsOf, MINUTE, SECOND, useStores } from '../support/store-fixture.js';
import { turns } from '../support/store-gate.js';
import { useTelemetry } from '../support/telemetry.js';

const SID = 'the id of a session';
const TTL = 5 * SECOND;
const CACHE = { cache: { ttl: '5s' } } as const;

describeEachDatabase('with `cache`', (database) => {
  const { clock, statements, warnings, open, rows, rowOf, alter, statementsOf } = useStores(database);

  /** A store with a cache, one without as another process has it, and a session that the first one has read. */
  async function start(options: Parameters<typeof open>[0] = {}) {
    const [here, there] = [open({ ...CACHE, ...options }), open(options)];
    await newSession(there, SID, { userId: 'ann', views: 1 }).save();
    const session = await loadSession(here, SID);
    return { here, there, session };
  }

  describe('a session that was read', () => {
    it('is read again without a statement, until the time is over', async () => {
      const { here } = await start();
      expect(await statementsOf(() => here.get(SID))).toBe(0);
      clock.now += TTL - 1;
      expect(await statementsOf(() => here.get(SID))).toBe(0);
      clock.now += 1;
      expect(await statementsOf(() => here.get(SID))).toBe(1);
    });

    it('is each time another object with the same data', async () => {
      const { here, session } = await start();
      session.views = 2;
      Object.assign(session.cookie, { path: '/elsewhere' });
      const again = await loadSession(here, SID);
      expect(again).toMatchObject({ userId: 'ann', views: 1, cookie: { path: '/' } });
      expect(again.handle).toBe(session.handle);
      expect(await dueAtEnd(here, again)).toBe('nothing');
    });

    it('ends at the moment at which it is over, and not later', async () => {
      const { here } = await start({ idleTimeout: TTL - 1 });
      clock.now += TTL - 2;
      expect(await readValues(here, SID)).toBeDefined();
      clock.now += 1;
      expect(await readValues(here, SID)).toBeUndefined();
    });

    it('ends at its absolute age, whatever it is used', async () => {
      const { here } = await start({ absoluteTimeout: TTL - 1, idleTimeout: TTL - 1, touchInterval: 0 });
      clock.now += TTL - 2;
      await here.touch(SID, (await loadSession(here, SID)) as never);
      expect(await readValues(here, SID)).toBeDefined();
      clock.now += 1;
      expect(await readValues(here, SID)).toBeUndefined();
    });

    it('lives on where another process has prolonged it', async () => {
      const { here, there } = await start({ idleTimeout: 4 * SECOND, touchInterval: 0 });
      clock.now += 3 * SECOND;
      await there.touch(SID, (await loadSession(there, SID)) as never);
      clock.now += SECOND;
      expect(await readValues(here, SID)).toBeDefined();
    });

    it('that is missing is asked for each time', async () => {
      const { here, there } = await start();
      expect(await readValues(here, 'nobody')).toBeUndefined();
      await newSession(there, 'nobody', { views: 7 }).save();
      expect(await readValues(here, 'nobody')).toEqual({ views: 7 });
    });

    it('is reported where metrics are collected', async () => {
      const { points } = useTelemetry();
      const [store, there] = [open(CACHE), open()];
      await newSession(there, SID, { views: 1 }).save();
      // Until the API is loaded.
      await turns(20);
      for (let round = 0; round < 3; round++) await store.get(SID);
      await there.get(SID);
      expect(await points('cache.reads')).toEqual([
        [{ outcome: 'miss' }, 1],
        [{ outcome: 'hit' }, 2],
      ]);
    });
  });

  describe('a save', () => {
    it('is read at once in its process, and costs what it costs without', async () => {
      const { here, session } = await start();
      session.views = 2;
      expect(await statementsOf(() => session.save())).toBe(1);
      expect(await readValues(here, SID)).toEqual({ userId: 'ann', views: 2 });
    });

    it('merges with what another process has stored since, and loses nothing', async () => {
      const { here, there } = await start();
      await Object.assign(await loadSession(there, SID), { theme: 'dark' }).save();
      const stale = await loadSession(here, SID);
      expect(stale.theme).toBeUndefined();
      await Object.assign(stale, { views: 2 }).save();
      expect(await readValues(there, SID)).toEqual({ userId: 'ann', views: 2, theme: 'dark' });
      expect(await readValues(here, SID)).toEqual({ userId: 'ann', views: 2, theme: 'dark' });
    });

    it('that loses reads what lies there now, and the next request needs no statement for it', async () => {
      const { here, there, session } = await start();
      await Object.assign(await loadSession(there, SID), { views: 5 }).save();
      await Object.assign(session, { theme: 'dark' }).save();
      expect(await readValues(here, SID)).toEqual({ userId: 'ann', views: 5, theme: 'dark' });
      expect(await statementsOf(() => here.get(SID))).toBe(0);
    });

    it('of a session that another process has ended is told so, and revives nothing', async () => {
      const { here, there, session } = await start();
      await there.destroy(SID);
      expect(await readValues(here, SID)).toBeDefined();
      await expect(Object.assign(session, { views: 2 }).save()).rejects.toThrow(SessionInterruptedError);
      expect(await readValues(here, SID)).toBeUndefined();
      expect(await rows()).toEqual([]);
    });

    it('of unknown origin is read at once', async () => {
      const { here } = await start();
      await here.set(SID, dataOf({ views: 9 }));
      expect(await readValues(here, SID)).toEqual({ views: 9 });
    });

    it('by an update counts from what lies there', async () => {
      const { here, there } = await start();
      await Object.assign(await loadSession(there, SID), { views: 5 }).save();
      const stale = await loadSession(here, SID);
      const add = (session: Record<string, unknown>) => (session.views = Number(session.views) + 1);
      await (stale.update as unknown as (change: typeof add) => Promise<void>).call(stale, add);
      expect(await readValues(there, SID)).toMatchObject({ views: 6 });
      expect(await readValues(here, SID)).toMatchObject({ views: 6 });
    });
  });

  it.each<[string, (session: LiveSession, store: SessionStore) => Promise<LiveSession>]>([
    ['reload', async (session) => (await session.reload(), reqOf(session).session)],
    [
      'lock',
      async (session, store) => {
        const lock = await store.lock(reqOf(session) as never, { waitMs: 1_000, maxHoldMs: 1_000, holder: 'test' });
        await lock.release();
        return reqOf(session).session;
      },
    ],
  ])('a %s reads what lies there now', async (_, read) => {
    const { here, there, session } = await start();
    await Object.assign(await loadSession(there, SID), { views: 5 }).save();
    expect((await read(session, here)).views).toBe(5);
    expect(await statementsOf(() => here.get(SID))).toBe(0);
    expect(await readValues(here, SID)).toMatchObject({ views: 5 });
  });

  describe('a touch', () => {
    it('is written once where it is due, and no request owes one after it', async () => {
      const { here } = await start({ idleTimeout: '1h', touchInterval: '1m' });
      clock.now += MINUTE;
      const [first, second] = [await loadSession(here, SID), await loadSession(here, SID)];
      expect(await dueAtEnd(here, first)).toBe('touch');
      await here.touch(SID, first as never);
      expect(await rowOf(SID)).toMatchObject({ lastSeenAt: expect.anything() as unknown });
      statements.length = 0;
      const third = await loadSession(here, SID);
      expect(await dueAtEnd(here, third)).toBe('nothing');
      expect(statements).toEqual([]);
      // It has lost to the first one, which is no error.
      await here.touch(SID, second as never);
      clock.now += MINUTE;
      expect(await dueAtEnd(here, await loadSession(here, SID))).toBe('touch');
    });

    it('of a session that another process has ended revives nothing', async () => {
      const { here, there, session } = await start({ touchInterval: 0 });
      await there.destroy(SID);
      clock.now += SECOND;
      await here.touch(SID, session as never);
      expect(await readValues(here, SID)).toBeUndefined();
      expect(await rows()).toEqual([]);
    });
  });

  it('of more sessions than `max` the last ones are there', async () => {
    const store = open({ cache: { max: 2 } });
    for (const sid of ['a', 'b', 'c']) {
      await newSession(store, sid, { views: 1 }).save();
      await store.get(sid);
    }
    expect(await statementsOf(() => Promise.all([store.get('b'), store.get('c')]))).toBe(0);
    expect(await statementsOf(() => store.get('a'))).toBe(1);
  });

  it('a plain id of an older store gets its hash, and is then read without a statement', async () => {
    await newSession(open({ hashIds: false }), SID, { views: 1 }).save();
    const store = open({ ...CACHE, hashIds: 'migrate' });
    expect(await readValues(store, SID)).toEqual({ views: 1 });
    expect((await rows()).map(({ id }) => id)).toEqual([hashSessionId(SID)]);
    await store.get(SID);
    expect(await statementsOf(() => store.get(SID))).toBe(0);
    await store.destroy(SID);
    expect(await readValues(store, SID)).toBeUndefined();
  });

  it('encrypted data stays encrypted in memory, and reads the same', async () => {
    const encryption = { keys: [{ id: 'k', secret: 'x'.repeat(32) }] };
    const { here } = await start({ encryption });
    expect(await statementsOf(async () => expect(await readValues(here, SID)).toEqual({ userId: 'ann', views: 1 }))).toBe(0);
    expect((await rowOf(SID))!.data).not.toContain('views');
  });

  it('what cannot be decoded is no session, each time it is read', async () => {
    const { here } = await start();
    await alter(SID, { data: '{"broken' });
    clock.now += TTL;
    for (let round = 0; round < 2; round++) expect(await readValues(here, SID)).toBeUndefined();
    expect(warnings).toHaveLength(2);
  });

  it('lists, counts and searches ask the database', async () => {
    const { here, there } = await start();
    await there.destroy(SID);
    expect(await readValues(here, SID)).toBeDefined();
    expect(await here.list()).toEqual([]);
    expect(await here.count()).toBe(0);
    expect(await here.all()).toEqual([]);
  });

  it('is off by default: each read is a statement', async () => {
    const { there } = await start();
    expect(await statementsOf(async () => (await there.get(SID), await there.get(SID)))).toBe(2);
    expect(kindsOf(statements)).toEqual(['SELECT', 'SELECT']);
  });
});

describeEachDatabase('with `cache` and `renewAfter`', (database) => {
  const { clock, open, statementsOf } = useStores(database, { renewal: true });
  const options = { ...CACHE, renewAfter: '1m', touchInterval: '1h' } as const;

  it('a request goes on under an id that another process has renewed meanwhile, and loses nothing', async () => {
    const [here, there] = [open(options), open(options)];
    await newSession(there, SID, { views: 1 }).save();
    clock.now += MINUTE;
    await here.get(SID);
    const renewed = await loadSession(there, SID);
    await there.requests.renew(reqOf(renewed) as never);
    expect(renewed.id).not.toBe(SID);
    const late = await loadSession(here, SID);
    await here.requests.renew(reqOf(late) as never);
    expect(late.id).toBe(SID);
    await Object.assign(late, { views: 2 }).save();
    for (const sid of [SID, renewed.id]) expect(await readValues(here, sid)).toEqual({ views: 2 });
    expect(await statementsOf(() => here.get(renewed.id))).toBe(0);
  });
});

const reqOf = (session: LiveSession) => (session as unknown as { req: { session: LiveSession } }).req;
