import { EntitySchema, type ColumnType } from 'typeorm';
import { defineSessionEntity } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { SessionSerializationError } from '../../lib/session.errors.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import { describeEachDatabase, uniqueTableName, type TestDatabase } from '../support/databases.js';
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

const DATA_TYPES: Record<TestDatabase['name'], readonly ColumnType[]> = {
  'better-sqlite3': ['text', 'simple-json', 'blob'],
  'sql.js': ['text', 'simple-json', 'blob'],
  postgres: ['text', 'json', 'jsonb', 'simple-json', 'bytea'],
  mariadb: ['text', 'json', 'simple-json', 'blob'],
};

/** The default row, whose data is of this type and may be empty. */
function emptyDataEntity(type: ColumnType): EntitySchema {
  const { options } = defineSessionEntity({ name: 'EmptyDataTest', tableName: uniqueTableName() });
  return new EntitySchema({
    name: options.name,
    tableName: options.tableName!,
    columns: { ...options.columns, data: { type, nullable: true } },
  });
}

describeEachDatabase('a row without data', (database) => {
  const isJson = (type: ColumnType) => String(type).includes('json');
  const cases = DATA_TYPES[database.name].flatMap((type) => [
    [type, 'NULL'] as const,
    ...(isJson(type) ? [[type, "'null'"] as const] : []),
  ]);

  describe.each(cases)('in a column of type %s with %s', (type, value) => {
    const entity = emptyDataEntity(type);
    const { warnings, open, rowOf, dataSource } = useStores(database, entity);
    const empty = (sid: string) =>
      dataSource().query(`UPDATE ${entity.options.tableName} SET data = ${value}, version = 9 WHERE id = '${hashSessionId(sid)}'`);

    it('is no session, with one event and one line, and harms no other', async () => {
      const store = open({ touchInterval: 0 });
      let events = 0;
      store.on('undecodable', () => void events++);
      await store.set('a', dataOf({ views: 1 }));
      await store.set('b', dataOf({ views: 2 }));
      await empty('a');
      const row = await rowOf('a');
      expect(await Promise.all([store.get('a'), readValues(store, 'b')])).toEqual([undefined, { views: 2 }]);
      expect([events, warnings]).toEqual([1, [expect.stringContaining('not an object in the format "json"')]]);
      expect(await store.all()).toHaveLength(1);
      expect(await store.list()).toHaveLength(2);
      expect(await rowOf('a')).toEqual(row);
    });

    it('fails the read with onUndecodable: ‘error’, encrypted or not', async () => {
      const store = open({ onUndecodable: 'error' });
      const encrypted = open({ onUndecodable: 'error', encryption: { keys: [{ id: 'k', secret: 'k'.repeat(32) }] } });
      for (const each of [store, encrypted]) {
        await each.set('a', dataOf({ views: 1 }));
        await empty('a');
        await expect(each.get('a')).rejects.toBeInstanceOf(SessionSerializationError);
        await expect(each.all()).rejects.toBeInstanceOf(SessionSerializationError);
      }
    });

    it('is not merged into, and can be replaced and destroyed', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const session = await loadSession(store, 'a');
      await empty('a');
      await expect(Object.assign(session, { views: 2 }).save()).rejects.toBeInstanceOf(SessionSerializationError);
      expect(await rowOf('a')).toMatchObject({ data: null, version: 9 });
      await store.set('a', dataOf({ views: 3 }));
      expect(await readValues(store, 'a')).toEqual({ views: 3 });
      await store.destroy('a');
      expect(await rowOf('a')).toBeUndefined();
    });
  });
});
