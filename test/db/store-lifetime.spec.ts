import { describe, expect, it } from 'vitest';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, START, useStores } from '../support/store-fixture.js';

type Options = Partial<SessionModuleOptions>;

describeEachDatabase('the lifetime of a session', (database) => {
  const { clock, open, rows, rowOf, alter } = useStores(database);

  /** Everything through which a session that is over could show. */
  const seen = async (store: SessionStore) => ({
    get: await store.get('a'),
    all: await store.all(),
    length: await store.length(),
    count: await store.count(),
    list: await store.list(),
  });
  const nothing = { get: undefined, all: [], length: 0, count: 0, list: [] };

  describe.each<[string, Options, number]>([
    ['of a number', { idleTimeout: 20 * MINUTE }, 20 * MINUTE],
    ['of a text', { idleTimeout: '90s' }, 90_000],
    ['of a function', { idleTimeout: (session) => ('isAdmin' in session ? '15m' : '8h') }, 15 * MINUTE],
    ['of a day by default', {}, DAY],
  ])('an idle timeout %s', (_, options, idle) => {
    it('S12: is over at its end and not before, though nothing was pruned', async () => {
      const store = open(options);
      await store.set('a', dataOf({ isAdmin: true }));
      expect(Number((await rowOf('a'))?.expiresAt)).toBe(START + idle);
      clock.now = START + idle - 1;
      expect(await seen(store)).toMatchObject({ get: { isAdmin: true }, all: [{ isAdmin: true }], length: 1, count: 1, list: [{}] });
      clock.now = START + idle;
      expect(await seen(store)).toEqual(nothing);
      expect(await rows()).toHaveLength(1);
    });

    it('starts anew with each use', async () => {
      const store = open({ touchInterval: 0, ...options });
      await newSession(store, 'a', { isAdmin: true }).save();
      clock.now += idle - 1;
      await store.touch('a', (await loadSession(store, 'a')) as never);
      clock.now += idle - 1;
      const session = await loadSession(store, 'a');
      await Object.assign(session, { views: 1 }).save();
      clock.now += idle - 1;
      expect(await store.get('a')).toBeDefined();
      clock.now += 1;
      expect(await store.get('a')).toBeUndefined();
    });
  });

  it('an idle timeout of a function follows what the session says at each save', async () => {
    const store = open({ idleTimeout: (session) => ('isAdmin' in session ? '15m' : '8h') });
    const session = newSession(store, 'a', { views: 1 });
    await session.save();
    expect(Number((await rowOf('a'))?.expiresAt)).toBe(START + 8 * HOUR);
    await Object.assign(session, { isAdmin: true }).save();
    expect(Number((await rowOf('a'))?.expiresAt)).toBe(START + 15 * MINUTE);
  });

  it('an idle timeout that is set wins over the age of the cookie', async () => {
    const store = open({ idleTimeout: '10m' });
    await newSession(store, 'a', { views: 1 }, 7 * DAY).save();
    clock.now += 10 * MINUTE;
    expect(await store.get('a')).toBeUndefined();
  });

  describe('the absolute timeout', () => {
    it('S13: is over at its end and not before, however often the session is touched', async () => {
      const store = open({ absoluteTimeout: '3d', touchInterval: 0 });
      await newSession(store, 'a', { views: 1 }).save();
      for (clock.now = START; clock.now < START + 3 * DAY - HOUR; clock.now += HOUR) {
        await store.touch('a', (await loadSession(store, 'a')) as never);
      }
      clock.now = START + 3 * DAY - 1;
      const session = await loadSession(store, 'a');
      await store.touch('a', session as never);
      clock.now = START + 3 * DAY;
      expect(await seen(store)).toEqual(nothing);
    });

    it('is over at its end and not before, however often the session is saved', async () => {
      const store = open({ absoluteTimeout: '3d' });
      const session = newSession(store, 'a', { views: 1 });
      for (clock.now = START; clock.now < START + 3 * DAY - HOUR; clock.now += HOUR) {
        await Object.assign(session, { views: clock.now }).save();
      }
      clock.now = START + 3 * DAY - 1;
      expect(await store.get('a')).toBeDefined();
      await Object.assign(session, { views: 0 }).save();
      clock.now = START + 3 * DAY;
      expect(await seen(store)).toEqual(nothing);
    });

    it('is 30 days by default', async () => {
      const store = open({ idleTimeout: '30d' });
      await store.set('a', dataOf({ views: 1 }));
      clock.now = START + 15 * DAY;
      await store.touch('a', (await loadSession(store, 'a')) as never);
      clock.now = START + 30 * DAY - 1;
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
      clock.now = START + 30 * DAY;
      expect(await seen(store)).toEqual(nothing);
    });

    it('holds from the first save, also where the cookie would live longer', async () => {
      const store = open({ absoluteTimeout: '7d' });
      await newSession(store, 'a', { views: 1 }, 90 * DAY).save();
      expect(Number((await rowOf('a'))?.expiresAt)).toBe(START + 7 * DAY);
      clock.now = START + 7 * DAY;
      expect(await seen(store)).toEqual(nothing);
    });

    it('holds from the first save, also where a function gives a longer idle timeout', async () => {
      const store = open({ absoluteTimeout: '7d', idleTimeout: () => '8d' });
      await newSession(store, 'a', { views: 1 }).save();
      clock.now = START + 7 * DAY;
      expect(await seen(store)).toEqual(nothing);
    });

    it('switched off leaves only the idle one', async () => {
      const store = open({ absoluteTimeout: false });
      await store.set('a', dataOf({ views: 1 }));
      for (let day = 0; day < 100; day++) {
        clock.now += DAY - 1;
        await store.touch('a', (await loadSession(store, 'a')) as never);
      }
      clock.now += DAY - 1;
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
      clock.now += 1;
      expect(await seen(store)).toEqual(nothing);
    });
  });

  it('is kept by the columns alone: each is told to the hour of pruning', async () => {
    const store = open({ idleTimeout: '90m' });
    await store.set('a', dataOf());
    const hour = START / HOUR;
    expect(await rowOf('a')).toMatchObject({ pruneAfter: hour + 2 });
    await alter('a', { expiresAt: START });
    expect(await seen(store)).toEqual(nothing);
  });
});
