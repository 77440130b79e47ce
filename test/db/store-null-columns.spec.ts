import { EntitySchema } from 'typeorm';
import { defineSessionEntity } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { dataOf, dueAtEnd, loadSession, readValues } from '../support/store-data.js';
import { MINUTE, START, useStores } from '../support/store-fixture.js';

/** The default row, where every column but two may be empty: as after a migration that added them. */
function nullableEntity(): EntitySchema {
  const { options } = defineSessionEntity({ name: 'NullableTest', tableName: uniqueTableName() });
  const columns = Object.entries(options.columns).map(([field, column]) => {
    return [field, field === 'id' || field === 'data' ? column : { ...column, nullable: true }] as const;
  });
  return new EntitySchema({ name: options.name, tableName: options.tableName!, columns: Object.fromEntries(columns) });
}

describeEachDatabase('a row that was there before its column', (database) => {
  const { clock, open, rowOf, alter } = useStores(database, nullableEntity());

  it.each(['version', 'lastSeenAt', 'pruneAfter', 'handle', 'createdAt'])(
    'is read, touched, saved and listed without a value for %s',
    async (field) => {
      const store = open({ touchInterval: 0 });
      await store.set('a', dataOf({ views: 1 }));
      await alter('a', { [field]: null });
      clock.now += MINUTE;
      await store.touch('a', (await loadSession(store, 'a')) as never);
      const session = await loadSession(store, 'a');
      for (const views of [2, 3]) {
        await Object.assign(session, { views }).save();
        expect(await readValues(store, 'a')).toEqual({ views });
      }
      expect(await store.list()).toHaveLength(1);
      await store.prune();
      expect(await readValues(store, 'a')).toEqual({ views: 3 });
    },
  );

  it.each(['createdAt', 'lastSeenAt'] as const)('is listed without a %s', async (field) => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    await alter('a', { [field]: null });
    const [info] = await store.list();
    expect(info).toMatchObject({ createdAt: new Date(START), lastSeenAt: new Date(START), [field]: undefined });
    expect(await store.find(info!.handle)).toEqual(info);
  });

  it('is touched no more often than others while nobody knows when it was last seen', async () => {
    const store = open({ touchInterval: '5m' });
    await store.set('a', dataOf({ views: 1 }));
    await alter('a', { lastSeenAt: null });
    clock.now += MINUTE;
    expect(await dueAtEnd(store, await loadSession(store, 'a'))).toBe('nothing');
    clock.now += 5 * MINUTE;
    expect(await dueAtEnd(store, await loadSession(store, 'a'))).toBe('touch');
  });

  it('has a version from its first save on, so that the next saves of two requests are merged', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    await alter('a', { version: null });
    await Object.assign(await loadSession(store, 'a'), { views: 2 }).save();
    expect(await rowOf('a')).toMatchObject({ version: 1 });
    const [mine, theirs] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    await Object.assign(theirs, { theme: 'dark' }).save();
    await Object.assign(mine, { views: 3 }).save();
    expect(await readValues(store, 'a')).toEqual({ theme: 'dark', views: 3 });
  });

  // The others do not let such a value in.
  if (database.isShared) return;

  it.each(['', 'x'])('is no session with this text for a version: "%s"', async (version) => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    await alter('a', { version });
    expect(await store.get('a')).toBeUndefined();
  });
});
