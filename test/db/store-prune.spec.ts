import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../lib/store/runtime/events.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession } from '../support/store-data.js';
import { gateStatements } from '../support/store-gate.js';
import { DAY, HOUR, MINUTE, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('prune', (database) => {
  const { clock, dataSource, open, rows, rowOf, alter, statementsOf } = useStores(database);

  const fill = async (store: SessionStore, count: number, prefix: string) => {
    for (let index = 0; index < count; index++) await store.set(`${prefix}-${index}`, dataOf());
  };
  const countsOf = (store: SessionStore) => {
    const events: SessionEvent[] = [];
    store.on('pruned', (event) => void events.push(event));
    return () => events.map(({ count }) => count);
  };

  it('S50: removes what has expired, and nothing else', async () => {
    const store = open();
    await fill(store, 3, 'old');
    clock.now = START + DAY / 2;
    await fill(store, 2, 'young');
    clock.now = START + DAY;
    expect(await store.prune()).toBe(3);
    expect(await rows()).toHaveLength(2);
    expect(await store.length()).toBe(2);
    expect(await store.prune()).toBe(0);
  });

  it('waits for the coarse hour to pass, and for the exact end', async () => {
    const store = open({ idleTimeout: '90m' });
    await store.set('a', dataOf());
    expect(await rowOf('a')).toMatchObject({ pruneAfter: (START + 2 * HOUR) / HOUR });
    clock.now = START + 2 * HOUR - 1;
    expect(await store.get('a')).toBeUndefined();
    expect(await store.prune()).toBe(0);
    clock.now = START + 2 * HOUR;
    await alter('a', { expiresAt: clock.now + 1 });
    expect(await store.prune()).toBe(0);
    clock.now += 1;
    expect(await store.prune()).toBe(1);
  });

  it('leaves a session alone that was touched in time', async () => {
    const store = open();
    await fill(store, 2, 'id');
    clock.now = START + DAY - MINUTE;
    await store.touch('id-0', (await store.get('id-0'))!);
    clock.now = START + DAY + HOUR;
    expect(await store.prune()).toBe(1);
    expect(await store.get('id-0')).toBeDefined();
  });

  it('goes in batches until nothing is left', async () => {
    const store = open({ prune: { interval: '1d', batchSize: 3 } });
    const counts = countsOf(store);
    await fill(store, 7, 'id');
    clock.now = START + DAY;
    const cost = await statementsOf(async () => expect(await store.prune()).toBe(7));
    expect(cost).toBe(3);
    expect(await rows()).toEqual([]);
    expect(counts()).toEqual([7]);
  });

  it('tells of each run once, with its count, also of one that found nothing', async () => {
    const store = open();
    const counts = countsOf(store);
    await fill(store, 2, 'id');
    await store.prune();
    clock.now = START + DAY;
    await store.prune();
    expect(counts()).toEqual([0, 2]);
  });

  it('joins a run that is under way, and starts anew after it', async () => {
    const store = open();
    const counts = countsOf(store);
    await fill(store, 2, 'id');
    clock.now = START + DAY;
    const gate = gateStatements(dataSource(), /^(DELETE|SELECT)/i);
    const [first, second] = [store.prune(), store.prune()];
    await gate.reached;
    const third = store.prune();
    gate.open();
    expect(await Promise.all([first, second, third])).toEqual([2, 2, 2]);
    expect(counts()).toEqual([2]);
    expect(await store.prune()).toBe(0);
    expect(counts()).toEqual([2, 0]);
  });

  it('does not mind another process that prunes as well', async () => {
    const stores = [open({ prune: { batchSize: 4 } }), open({ prune: { batchSize: 4 } })];
    await fill(stores[0]!, 20, 'id');
    clock.now = START + DAY;
    const counts = await Promise.all(stores.map((store) => store.prune()));
    await stores[0]!.prune();
    expect(await rows()).toEqual([]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(20);
  });

  it('does not bring down a request that holds an expired session', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    clock.now = START + DAY;
    await store.prune();
    await store.touch('a', session as never);
    await session.destroy();
    expect(await rows()).toEqual([]);
  });

  describe('with nobody who asks', () => {
    it('costs no operation of a session a statement', async () => {
      const store = open();
      await fill(store, 1, 'old');
      clock.now = START + 2 * DAY;
      expect(await statementsOf(() => store.set('a', dataOf()))).toBe(1);
      expect(await statementsOf(() => store.get('a'))).toBe(1);
      expect(await statementsOf(() => store.destroy('a'))).toBe(1);
      expect(await rows()).toHaveLength(1);
    });
  });
});
