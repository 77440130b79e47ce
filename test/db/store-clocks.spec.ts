import { expect, it, onTestFinished } from 'vitest';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { loadSession, newSession, readValues } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, SECOND, START, useStores } from '../support/store-fixture.js';
import { SECRET } from '../support/secret.js';

/** As docs/concepts/lifetimes.md says. */
const SKEW = 15 * SECOND;

describeEachDatabase('servers whose clocks differ by 15 seconds', (database) => {
  const entity = defineSessionEntity({ name: 'ClockTest', tableName: uniqueTableName(), renewal: true });
  const { clock, dataSource, rows } = useStores(database, entity);

  /** A store whose clock is off by so much. */
  const openAt = (skew: number, options: Partial<SessionModuleOptions> = {}): SessionStore => {
    const resolved = resolveOptions({ secret: SECRET, entity, prune: false, ...options });
    const store = composeStore(resolved, { dataSource: dataSource(), now: () => clock.now + skew, warn: () => undefined });
    onTestFinished(() => store.close());
    return store;
  };
  const openBoth = (options?: Partial<SessionModuleOptions>) => [openAt(SKEW, options), openAt(0, options)] as const;
  const timesOf = async () => {
    const [row] = await rows();
    return { lastSeenAt: Number(row?.lastSeenAt), expiresAt: Number(row?.expiresAt) };
  };

  it('move no time backwards, by touches or by saves in turn', async () => {
    const stores = openBoth({ touchInterval: 0, idleTimeout: '30m' });
    await newSession(stores[0], 'a', { views: 0 }).save();
    let before = await timesOf();
    for (let request = 1; request <= 12; request++) {
      clock.now += 5 * SECOND;
      const store = stores[request % 2]!;
      const session = await loadSession(store, 'a');
      if (request % 3 === 0) await Object.assign(session, { views: request }).save();
      else await store.touch('a', session as never);
      const times = await timesOf();
      expect(times.lastSeenAt).toBeGreaterThanOrEqual(before.lastSeenAt);
      expect(times.expiresAt).toBeGreaterThanOrEqual(clock.now + 30 * MINUTE);
      before = times;
    }
    expect(await readValues(stores[1], 'a')).toEqual({ views: 12 });
  });

  it('touch once an interval, and not once each', async () => {
    const stores = openBoth({ touchInterval: '1m' });
    await newSession(stores[0], 'a', { views: 0 }).save();
    const seen = new Set([(await timesOf()).lastSeenAt]);
    for (clock.now = START; clock.now <= START + 10 * MINUTE; clock.now += 5 * SECOND) {
      for (const store of stores) await store.touch('a', (await loadSession(store, 'a')) as never);
      seen.add((await timesOf()).lastSeenAt);
    }
    expect(seen.size).toBeLessThanOrEqual(11);
  });

  it.each([
    ['idle', { idleTimeout: '30m' }, 30 * MINUTE],
    ['absolute', { idleTimeout: '1d', absoluteTimeout: '1d' }, DAY],
  ] as const)('end a session by the %s timeout within the difference', async (_, options, end) => {
    const [ahead, right] = openBoth(options);
    await newSession(right, 'a', { views: 1 }).save();
    clock.now = START + end - SKEW - 1;
    for (const store of [ahead, right]) expect(await store.get('a')).toBeDefined();
    clock.now = START + end;
    for (const store of [ahead, right]) expect(await store.get('a')).toBeUndefined();
  });

  it('take a session of one that is ahead for no newer than it is', async () => {
    const [ahead, right] = openBoth({ absoluteTimeout: '1h', idleTimeout: '1h' });
    await newSession(ahead, 'a', { views: 1 }).save();
    await Object.assign(await loadSession(right, 'a'), { views: 2 }).save();
    expect(await readValues(ahead, 'a')).toEqual({ views: 2 });
    clock.now = START + HOUR + SKEW;
    expect(await right.get('a')).toBeUndefined();
  });

  it('end everybody’s sessions by `revokeAll`, those of one that is ahead, too', async () => {
    const [ahead, right] = openBoth();
    await newSession(ahead, 'a', { userId: 'ann' }).save();
    await newSession(right, 'b', { userId: 'bob' }).save();
    expect(await right.revokeAll()).toBe(2);
    expect(await rows()).toEqual([]);
  });

  it('leave at least half of the grace to an id that was renewed', async () => {
    for (const [renewing, reading] of [openBoth({ renewAfter: '15m' }), openBoth({ renewAfter: '15m' }).toReversed()] as SessionStore[][]) {
      const sid = `a${await renewing!.length()}`;
      await newSession(renewing!, sid, { views: 1 }).save();
      clock.now += 15 * MINUTE;
      const session = await loadSession(renewing!, sid);
      await renewing!.requests.renew((session as never as { req: never }).req);
      expect(session.id).not.toBe(sid);
      clock.now += 15 * SECOND - 1;
      expect(await readValues(reading!, sid)).toEqual({ views: 1 });
      clock.now += 30 * SECOND + 1;
      expect(await reading!.get(sid)).toBeUndefined();
    }
  });

  it('prune nothing that another still takes for live by more than the difference', async () => {
    const [ahead, right] = openBoth({ idleTimeout: '30m' });
    await newSession(right, 'a', { views: 1 }).save();
    clock.now = START + 30 * MINUTE - SKEW - 1;
    expect(await ahead.prune()).toBe(0);
    expect(await right.get('a')).toBeDefined();
  });
});
