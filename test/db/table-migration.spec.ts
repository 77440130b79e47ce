import { DataSource, type DataSourceOptions, type EntitySchema } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionEntityError, SessionOptionsError } from '../../lib/session.errors.js';
import { createSessionMigration } from '../../lib/table/session.migration.js';
import { SessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';
import { embedded } from '../support/embedded.js';

describeEachDatabase('The migration', (database) => {
  const entity = ownSessionEntity(database);
  const migrationsTableName = uniqueTableName();
  let dataSource: DataSource;

  const connect = (entities: EntitySchema[], more: Partial<DataSourceOptions> = {}) => {
    const options = { ...database.options, ...more, entities, migrationsTableName };
    return new DataSource({ migrations: [createSessionMigration({ entity })], ...options } as DataSourceOptions).initialize();
  };
  beforeAll(async () => {
    dataSource = await connect([entity]);
  });
  afterAll(async () => {
    const runner = dataSource.createQueryRunner();
    await runner.dropTable(migrationsTableName, true);
    await runner.dropTable(dataSource.getMetadata(entity).tablePath, true);
    await runner.release();
    await dataSource.destroy();
  });
  const hasTable = async (from = dataSource) => {
    const runner = from.createQueryRunner();
    const table = await runner.getTable(dataSource.getMetadata(entity).tablePath);
    await runner.release();
    return table;
  };

  it('makes a table that works, in which a synchronisation finds nothing to change, and drops it again', async () => {
    const [ran] = await dataSource.runMigrations();
    expect(ran?.name).toBe('CreateSessions1767225600000');
    const table = openTable(dataSource, entity);
    expect(await table.insert([newRow('a', { userId: 'ann' })])).toEqual(['saved']);
    expect(await table.find(['a'], NOW)).toEqual([newRow('a', { userId: 'ann' })]);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);

    await dataSource.undoLastMigration();
    expect(await hasTable()).toBeUndefined();
    await dataSource.runMigrations();
    expect(await hasTable()).toBeDefined();
    await dataSource.undoLastMigration();
  });

  it('makes what pruning and listing look for an index', async () => {
    await dataSource.runMigrations();
    const indexed = (await hasTable())?.indices.flatMap(({ columnNames }) => columnNames) ?? [];
    const unique = (await hasTable())?.uniques.flatMap(({ columnNames }) => columnNames) ?? [];
    expect([...indexed, ...unique].toSorted()).toEqual(['handle', 'prune_after', 'user_id']);
    await dataSource.undoLastMigration();
  });

  it('leaves a table alone that is there already, and its rows', async () => {
    await dataSource.synchronize();
    await openTable(dataSource, entity).insert([newRow('a')]);
    await dataSource.runMigrations();
    expect(await openTable(dataSource, entity).find(['a'], NOW)).toEqual([newRow('a')]);
    await dataSource.undoLastMigration();
  });

  it('needs no entity that is registered, because a later one may have taken its place', async () => {
    const other = await connect([ownSessionEntity(database, { name: 'Other' })]);
    await other.runMigrations();
    expect(await hasTable(other)).toBeDefined();
    await other.undoLastMigration();
    expect(await hasTable(other)).toBeUndefined();
    await other.destroy();
  });

  it('says so where its entity is a name that nobody has registered', async () => {
    const other = await connect([], { migrations: [createSessionMigration({ entity: 'Nobody' })] });
    await expect(other.runMigrations()).rejects.toThrow(SessionEntityError);
    await expect(other.runMigrations()).rejects.toThrow(/"Nobody" is not registered.*`entities`/);
    await other.destroy();
  });
});

describe('The migration', () => {
  it.each(['', 'CreateSessions', 'CreateSessions123', 'CreateSessions176722560000x', "x'1767225600000", 'a b1767225600000'])(
    'is refused under the name %j',
    (name) => {
      expect(() => createSessionMigration({ name })).toThrow(SessionOptionsError);
      expect(() => createSessionMigration({ name })).toThrow(`"${name}"`);
    },
  );

  it('may have a name of its own, and is for SessionEntity by itself', async () => {
    const name = 'Sessions1800000000000';
    const migrations = [createSessionMigration({ name })];
    const options = { ...embedded, entities: [SessionEntity], migrations, migrationsRun: true };
    const dataSource = await new DataSource(options).initialize();
    expect(await dataSource.query('SELECT name FROM migrations')).toEqual([{ name }]);
    expect(await openTable(dataSource, SessionEntity).insert([newRow('a')])).toEqual(['saved']);
    await dataSource.destroy();
  });

  it('makes a class each time, so that two can stand side by side', () => {
    expect(createSessionMigration()).not.toBe(createSessionMigration());
  });
});
