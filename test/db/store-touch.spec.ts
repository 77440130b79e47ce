import { describe, expect, it } from 'vitest';
import type { SessionStore } from '../../lib/store/session-store.js';
import { countUpdatedRows } from '../support/affected-rows.js';
import { describeEachDatabase } from '../support/databases.js';
import { dueAtEnd, dataOf, loadSession, newSession } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, SECOND, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('touch', (database) => {
  const { clock, dataSource, open, rowOf, statementsOf } = useStores(database);

  const timesOf = async (sid: string) => {
    const row = await rowOf(sid);
    return [row?.lastSeenAt, row?.expiresAt, row?.pruneAfter].map(Number);
  };

  it.each([
    ['every 5 minutes by default', {}, 5 * MINUTE],
    ['every twentieth of a short idle timeout', { idleTimeout: '10m' }, 30 * SECOND],
    ['every touchInterval', { touchInterval: '1h' }, HOUR],
    ['every touchInterval of a number', { touchInterval: 10 * SECOND }, 10 * SECOND],
  ] as const)('writes %s', async (_, options, interval) => {
    const store = open(options);
    await store.set('a', dataOf({ views: 1 }));
    const touch = async () => store.touch('a', (await store.get('a'))!);
    const read = 1;
    clock.now = START + interval - 1;
    expect(await statementsOf(touch)).toBe(read);
    clock.now = START + interval;
    expect(await statementsOf(touch)).toBe(read + 1);
    expect(await statementsOf(touch)).toBe(read);
    clock.now = START + 2 * interval - 1;
    expect(await statementsOf(touch)).toBe(read);
    clock.now = START + 2 * interval;
    expect(await statementsOf(touch)).toBe(read + 1);
  });

  it.each([
    ['of its cookie', {}, MINUTE],
    ['of a function', { idleTimeout: () => MINUTE }, undefined],
  ] as const)('keeps a session in use whose idle time %s is shorter than the touchInterval', async (_, options, maxAge) => {
    const store = open({ touchInterval: '5m', ...options });
    await newSession(store, 'a', { views: 1 }, maxAge).save();
    for (let request = 0; request < 10; request++) {
      clock.now += 25 * SECOND;
      await store.touch('a', (await loadSession(store, 'a')) as never);
    }
    clock.now += MINUTE;
    expect(await store.get('a')).toBeUndefined();
  });

  it('writes each time with a touchInterval of 0', async () => {
    const store = open({ touchInterval: 0 });
    await store.set('a', dataOf());
    const session = await loadSession(store, 'a');
    for (let request = 1; request <= 3; request++) {
      clock.now += 1;
      expect(await statementsOf(() => store.touch('a', session as never))).toBe(1);
    }
    expect(await timesOf('a')).toEqual([START + 3, START + 3 + DAY, Math.ceil((START + 3 + DAY) / HOUR)]);
  });

  it('of plain data whose `expires` was moved by its age is one statement, and throttled', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }, { originalMaxAge: DAY, expires: new Date(START + DAY) }));
    const touch = async (late: number) => {
      const data = (await store.get('a'))!;
      data.cookie.expires = new Date(clock.now + DAY - late);
      return statementsOf(() => store.touch('a', data));
    };
    clock.now += HOUR;
    expect(await touch(200)).toBe(1);
    expect(await timesOf('a')).toEqual([START + HOUR, START + HOUR + DAY, Math.ceil((START + HOUR + DAY) / HOUR)]);
    expect(await touch(0)).toBe(0);
  });

  it('is throttled across the requests of one session object, too', async () => {
    const store = open();
    const session = newSession(store, 'a', { views: 1 });
    await session.save();
    clock.now += 5 * MINUTE;
    expect(await statementsOf(() => store.touch('a', session as never))).toBe(1);
    expect(await statementsOf(() => store.touch('a', session as never))).toBe(0);
  });

  it('is not needed where data were just written', async () => {
    const store = open();
    await store.set('a', dataOf());
    const session = await loadSession(store, 'a');
    clock.now += HOUR;
    await Object.assign(session, { views: 1 }).save();
    expect(await timesOf('a')).toEqual([START + HOUR, START + HOUR + DAY, (START + HOUR + DAY) / HOUR]);
    expect(await statementsOf(() => store.touch('a', session as never))).toBe(0);
  });

  it('moves the three times and nothing else', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const before = await rowOf('a');
    const session = await loadSession(store, 'a');
    session.views = 2;
    clock.now += HOUR;
    await store.touch('a', session as never);
    const { lastSeenAt: _seen, expiresAt: _expires, pruneAfter: _prune, ...rest } = before!;
    expect(await rowOf('a')).toMatchObject(rest);
    expect(await timesOf('a')).toEqual([START + HOUR, START + HOUR + DAY, (START + HOUR + DAY) / HOUR]);
  });

  it('never moves a time backwards', async () => {
    const store = open({ touchInterval: 0 });
    await store.set('a', dataOf());
    const stale = await loadSession(store, 'a');
    clock.now = START + HOUR;
    await store.touch('a', (await loadSession(store, 'a')) as never);
    const ahead = await timesOf('a');
    clock.now = START + MINUTE;
    await store.touch('a', stale as never);
    await store.touch('a', dataOf());
    expect(await timesOf('a')).toEqual(ahead);
  });

  it('does not shorten a life when the idle timeout became shorter', async () => {
    await open().set('a', dataOf());
    const store = open({ idleTimeout: '10m' });
    const before = await timesOf('a');
    clock.now += 5 * MINUTE;
    await store.touch('a', (await loadSession(store, 'a')) as never);
    expect((await timesOf('a'))[1]).toBe(before[1]);
  });

  it('wakes no session that is over', async () => {
    const store = open({ touchInterval: 0 });
    await store.set('a', dataOf());
    clock.now = START + DAY - 1;
    const session = await loadSession(store, 'a');
    const before = await timesOf('a');
    clock.now = START + DAY;
    await store.touch('a', session as never);
    await store.touch('a', dataOf());
    expect(await timesOf('a')).toEqual(before);
    expect(await store.get('a')).toBeUndefined();
  });

  describe('of many requests at once', () => {
    const REQUESTS = 1_000;
    const load = (store: SessionStore) => Promise.all(Array.from({ length: REQUESTS }, () => loadSession(store, 'a')));

    it.each(['1m', 0] as const)(
      'writes once with a touchInterval of %s, and none of them is told that the session is gone',
      async (touchInterval) => {
        const store = open({ touchInterval, operationTimeout: '30s' });
        await store.set('a', dataOf({ views: 1 }));
        const sessions = await load(store);
        const written = countUpdatedRows(dataSource());
        for (let interval = 1; interval <= 3; interval++) {
          clock.now = START + interval * MINUTE;
          const parallel = interval === 1 ? sessions : await load(store);
          await Promise.all(parallel.map((session) => store.touch('a', session as never)));
          expect(written.count).toBe(interval);
          expect(parallel.every((session) => !store.stateOf(session)?.isEnded)).toBe(true);
          expect((await timesOf('a')).slice(0, 2)).toEqual([clock.now, clock.now + DAY]);
        }
      },
    );
  });

  it('does not undo a save that came between, though the save ended the session sooner', async () => {
    const store = open({ touchInterval: 0, idleTimeout: (session) => ('isAdmin' in session ? '10m' : '8h') });
    await store.set('a', dataOf());
    clock.now += MINUTE;
    const slow = await loadSession(store, 'a');
    await Object.assign(await loadSession(store, 'a'), { isAdmin: true }).save();
    const saved = await rowOf('a');
    clock.now += HOUR / 12;
    await store.touch('a', slow as never);
    expect(await rowOf('a')).toEqual(saved);
    expect(store.stateOf(slow)?.isEnded).toBe(false);
  });

  it('of unknown origin keeps to the interval and to the absolute end, too', async () => {
    const store = open({ absoluteTimeout: '2d' });
    await store.set('a', dataOf());
    const written = countUpdatedRows(dataSource());
    clock.now = START + DAY - 1;
    await store.touch('a', dataOf());
    await store.touch('a', dataOf());
    expect(written.count).toBe(1);
    clock.now = START + 2 * DAY - MINUTE;
    await store.touch('a', dataOf());
    expect((await timesOf('a'))[1]).toBe(START + 2 * DAY);
  });

  it('costs a session at its absolute end no write', async () => {
    const store = open({ idleTimeout: '1d', absoluteTimeout: '2d', touchInterval: 0 });
    await store.set('a', dataOf());
    for (clock.now = START; clock.now < START + DAY; clock.now += HOUR) await store.touch('a', (await loadSession(store, 'a')) as never);
    await store.touch('a', (await loadSession(store, 'a')) as never);
    expect((await timesOf('a'))[1]).toBe(START + 2 * DAY);
    const written = countUpdatedRows(dataSource());
    for (; clock.now < START + 2 * DAY; clock.now += HOUR) {
      const session = await loadSession(store, 'a');
      expect(await dueAtEnd(store, session)).toBe('nothing');
      await store.touch('a', session as never);
    }
    expect(written.count).toBe(0);
    expect(await store.get('a')).toBeUndefined();
  });

  describe('at the end of a request', () => {
    it('is due by the same interval, and not where data changed', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const session = await loadSession(store, 'a');
      expect(await dueAtEnd(store, session)).toBe('nothing');
      clock.now += 5 * MINUTE;
      expect(await dueAtEnd(store, session)).toBe('touch');
      session.views = 2;
      expect(await dueAtEnd(store, session)).toBe('save');
    });
  });
});
