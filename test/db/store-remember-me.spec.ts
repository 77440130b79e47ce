import { describe, expect, it } from 'vitest';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { loadSession, newSession } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('remember me', (database) => {
  const { clock, open, rowOf } = useStores(database);
  const endOf = async (sid: string) => Number((await rowOf(sid))?.expiresAt);
  const setAge = async (store: SessionStore, sid: string, maxAge: number | null) => {
    const session = await loadSession(store, sid);
    Object.assign(session.cookie, { maxAge });
    await session.save();
    return store.createSession((session as never as { req: never }).req, (await store.get(sid))!);
  };

  describe('by session.cookie.maxAge', () => {
    it('lets each session live longer or shorter than the default', async () => {
      const store = open();
      await newSession(store, 'a', { views: 1 }).save();
      expect(await endOf('a')).toBe(START + DAY);
      const long = await setAge(store, 'a', 14 * DAY);
      // The setter of express-session's cookie asks the clock twice, and may lose a moment.
      const age = long.cookie.originalMaxAge!;
      expect(age).toBeGreaterThan(14 * DAY - MINUTE);
      expect(age).toBeLessThanOrEqual(14 * DAY);
      expect(await endOf('a')).toBe(START + age);
      const brief = await setAge(store, 'a', 10 * MINUTE);
      expect(brief.cookie.originalMaxAge).toBeGreaterThan(9 * MINUTE);
      expect(await endOf('a')).toBe(START + brief.cookie.originalMaxAge!);
      const short = await setAge(store, 'a', null);
      expect(short.cookie.expires).toBeNull();
      expect(await endOf('a')).toBe(START + DAY);
    });

    it('starts anew with each touch, and never goes past the absolute end', async () => {
      const store = open({ absoluteTimeout: '30d', touchInterval: 0 });
      await newSession(store, 'a', { views: 1 }).save();
      const { cookie } = await setAge(store, 'a', 14 * DAY);
      for (clock.now = START + DAY; clock.now < START + 30 * DAY; clock.now += DAY) {
        await store.touch('a', (await loadSession(store, 'a')) as never);
        expect(await endOf('a')).toBe(Math.min(clock.now + cookie.originalMaxAge!, START + 30 * DAY));
      }
      clock.now = START + 30 * DAY - 1;
      await setAge(store, 'a', 60 * DAY);
      expect(await endOf('a')).toBe(START + 30 * DAY);
      clock.now += 1;
      expect(await store.get('a')).toBeUndefined();
    });
  });
});

describeEachDatabase('a session of AAL3', (database) => {
  const { clock, open } = useStores(database);

  it('with a request each minute lives a millisecond less than 12 hours, and no longer', async () => {
    const store = open({ lifetimes: 'AAL3' });
    await newSession(store, 'a', { views: 1 }).save();
    for (clock.now = START; clock.now < START + 12 * HOUR; clock.now += MINUTE) {
      await store.touch('a', (await loadSession(store, 'a')) as never);
    }
    clock.now = START + 12 * HOUR - 1;
    expect(await store.get('a')).toBeDefined();
    clock.now += 1;
    expect(await store.get('a')).toBeUndefined();
  });

  it('without one lives a millisecond less than 15 minutes', async () => {
    const store = open({ lifetimes: 'AAL3' });
    await newSession(store, 'a', { views: 1 }).save();
    clock.now = START + 15 * MINUTE - 1;
    expect(await store.get('a')).toBeDefined();
    clock.now += 1;
    expect(await store.get('a')).toBeUndefined();
  });
});
