import { expect, it } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf } from '../support/store-data.js';
import { useStores } from '../support/store-fixture.js';

const EACH = 64;
const TIMEOUT_MS = 2_000;

describeEachDatabase('Operations in flight while the event loop is blocked for longer than their time', (database) => {
  const { open } = useStores(database);

  it('all have their answers', async () => {
    const store = open({ operationTimeout: TIMEOUT_MS, touchInterval: 0 });
    const calls: Record<string, (id: string) => Promise<unknown>> = {
      get: (id) => store.get(id),
      set: (id) => store.set(id, dataOf({ views: 2 })),
      touch: (id) => store.touch(id, dataOf()),
      destroy: (id) => store.destroy(id),
    };
    const work = Object.entries(calls).flatMap(([name, call]) =>
      Array.from({ length: EACH }, (_, index) => [`${name} ${index}`, call] as const),
    );
    for (const [id] of work) await store.set(id, dataOf({ views: 1 }));
    const outcomes = Promise.allSettled([...work.map(([id, call]) => call(id)), store.list(), store.count()]);
    // The first statements leave in this turn, and others wait behind them.
    await new Promise(setImmediate);
    for (const end = performance.now() + 1.2 * TIMEOUT_MS; performance.now() < end;);
    expect((await outcomes).filter(({ status }) => status === 'rejected')).toEqual([]);
  });
});
