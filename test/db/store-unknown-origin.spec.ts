import { expect, it } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, readValues } from '../support/store-data.js';
import { DAY, HOUR, kindsOf, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('data of unknown origin', (database) => {
  const { clock, statements, open, rows, rowOf } = useStores(database);

  it('is upserted in one statement, and what was born with the row stays', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    expect(kindsOf(statements)).toEqual(['INSERT']);
    const before = await rowOf('a');
    clock.now += HOUR;
    statements.length = 0;
    await store.set('a', dataOf({ views: 2 }));
    expect(kindsOf(statements)).toEqual(['INSERT']);
    const after = await rowOf('a');
    expect(after).toMatchObject({ version: 2, handle: before?.handle });
    expect([Number(after?.createdAt), Number(after?.lastSeenAt)]).toEqual([START, START + HOUR]);
  });

  it('makes one row where many write one new id at once', async () => {
    const stores = [open(), open()];
    const writes = Array.from({ length: 20 }, (_, index) => stores[index % 2]!.set('a', dataOf({ index })));
    await Promise.all(writes);
    expect(await rows()).toHaveLength(1);
    expect(await rowOf('a')).toMatchObject({ version: 20 });
  });

  it.each([true, false])('ends as the last of many sets that are made at once (hashed ids: %s)', async (hashIds) => {
    const store = open({ hashIds });
    const large = 'x'.repeat(20_000);
    for (const sid of ['a', 'b', 'c']) {
      // Every third travels alone.
      const sets = Array.from({ length: 12 }, (_, index) => store.set(sid, dataOf({ index, ...(index % 3 === 1 && { large }) })));
      await Promise.all(sets);
      expect(await readValues(store, sid)).toEqual({ index: 11 });
    }
  });

  it('leaves together', async () => {
    const store = open();
    await store.set('first', dataOf({ views: 1 }));
    statements.length = 0;
    await Promise.all(Array.from({ length: 32 }, (_, index) => store.set(`s${index}`, dataOf({ index }))));
    expect(statements.length).toBeLessThanOrEqual(8);
    expect(await rows()).toHaveLength(33);
  });

  it('makes no row where it is only touched', async () => {
    const store = open();
    await store.touch('a', dataOf({ views: 1 }));
    expect(await rows()).toEqual([]);
  });

  it('does not move the absolute end of a row that is there', async () => {
    const store = open({ absoluteTimeout: '2d' });
    await store.set('a', dataOf({ views: 1 }));
    clock.now = START + DAY - 1;
    await store.set('a', dataOf({ views: 2 }));
    clock.now = START + 2 * DAY - 2;
    await store.set('a', dataOf({ views: 3 }));
    expect(await readValues(store, 'a')).toEqual({ views: 3 });
    clock.now = START + 2 * DAY;
    expect(await store.get('a')).toBeUndefined();
  });

  it('does not move the absolute end of a row by touching it', async () => {
    const store = open({ absoluteTimeout: '2d' });
    await store.set('a', dataOf({ views: 1 }));
    for (clock.now of [START + DAY - 1, START + 2 * DAY - 2]) await store.touch('a', dataOf());
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    clock.now = START + 2 * DAY;
    expect(await store.get('a')).toBeUndefined();
  });
});
