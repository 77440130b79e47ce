import { Column, DataSource, Entity, EntitySchema, Index, ManyToOne, PrimaryColumn, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { expect, it, onTestFinished } from 'vitest';
import { SessionEntityError } from '../../lib/session.errors.js';
import { createSessionMigration, type SessionMigrationOptions } from '../../lib/table/session.migration.js';
import { defineSessionEntity, SessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName, type TestDatabase } from '../support/databases.js';
import { openTable } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

type Target = EntityTarget<ObjectLiteral>;

/** The entity as it was, and as an application has it now: classes of one table of their own. */
function classes() {
  const tableName = uniqueTableName();
  @Entity(tableName)
  class Before extends SessionEntity {}
  @Entity(tableName)
  @Index(['tenant'])
  class TenantSession extends SessionEntity {
    @Column({ type: 'varchar', length: 64, nullable: true })
    tenant!: string | null;
    @Column({ type: 'varchar', length: 20, default: 'free' })
    plan!: string;
    @Column({ type: 'varchar', length: 32, nullable: true, unique: true })
    badge!: string | null;
  }
  return { tableName, Before, TenantSession };
}

/** A database with migrations that run one after the other; `entities` are registered, and no others. */
function history(database: TestDatabase, tableName: string) {
  const migrationsTableName = uniqueTableName();
  // An embedded database ends with its connection.
  const registered: Target[] = [];
  const steps: (new () => object)[] = [];
  const opened: DataSource[] = [];
  const open = async () => {
    for (const each of opened.splice(0)) await each.destroy();
    const options = { ...database.options, migrationsTableName, migrations: steps, entities: registered };
    const dataSource = await new DataSource(options as never).initialize();
    opened.push(dataSource);
    return dataSource;
  };
  onTestFinished(async () => {
    const dataSource = opened[0] ?? (await open());
    const runner = dataSource.createQueryRunner();
    for (const name of [migrationsTableName, tableName]) await runner.dropTable(name, true);
    await runner.release();
    await dataSource.destroy();
  });
  return {
    /** Registers entities and opens the database with these migrations. */
    start: (entities: readonly Target[], migrations: readonly SessionMigrationOptions[]) => {
      registered.push(...entities);
      const numbered = migrations.map((each, index) => createSessionMigration({ name: `Step${1767225600000 + index}`, ...each }));
      steps.push(...numbered);
      return open();
    },
  };
}

/** Runs one migration by hand. */
async function run(dataSource: DataSource, options: SessionMigrationOptions, direction: 'up' | 'down' = 'up'): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await new (createSessionMigration(options))()[direction](runner);
  } finally {
    await runner.release();
  }
}

async function shapeOf(dataSource: DataSource, tableName: string) {
  const runner = dataSource.createQueryRunner();
  const table = await runner.getTable(tableName);
  await runner.release();
  const keys = [...(table?.indices ?? []), ...(table?.uniques ?? [])].map(({ columnNames }) => columnNames.join());
  return { columns: table?.columns.map(({ name }) => name), keys: keys.toSorted() };
}

const pending = async (dataSource: DataSource): Promise<string[]> => {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
};

describeEachDatabase('The migration of a changed entity', (database) => {
  it('adds the columns and indexes of a subclass, and takes exactly those back; the sessions stay', async () => {
    const { tableName, Before, TenantSession } = classes();
    const dataSource = await history(database, tableName).start([Before, TenantSession], [{ entity: Before }]);
    await dataSource.runMigrations();
    await openTable(dataSource, Before).insert([newRow('a', { userId: 'ann' })]);
    const before = await shapeOf(dataSource, tableName);

    const options = { entity: TenantSession, from: Before };
    await run(dataSource, options);
    const after = await shapeOf(dataSource, tableName);
    expect(after.columns).toEqual([...before.columns!, 'tenant', 'plan', 'badge']);
    expect(after.keys).toEqual([...before.keys, 'badge', 'tenant'].toSorted());
    expect(await openTable(dataSource, TenantSession).find(['a'], NOW)).toEqual([newRow('a', { userId: 'ann' })]);
    expect(await dataSource.getRepository(TenantSession).find()).toMatchObject([{ tenant: null, plan: 'free', badge: null }]);
    // Twice is once: a development database may have been synchronized.
    await run(dataSource, options);
    expect(await shapeOf(dataSource, tableName)).toEqual(after);

    await run(dataSource, options, 'down');
    expect(await shapeOf(dataSource, tableName)).toEqual(before);
    expect(await openTable(dataSource, Before).find(['a'], NOW)).toEqual([newRow('a', { userId: 'ann' })]);
    await run(dataSource, options, 'down');
    expect(await shapeOf(dataSource, tableName)).toEqual(before);
  });

  it('leaves nothing for a synchronisation to do', async () => {
    const { tableName, Before, TenantSession } = classes();
    const dataSource = await history(database, tableName).start(
      [TenantSession],
      [{ entity: Before }, { entity: TenantSession, from: Before }],
    );
    await dataSource.runMigrations();
    expect(await pending(dataSource)).toEqual([]);
  });

  it('runs as a history on a new database, where only the successor is registered', async () => {
    const tableName = uniqueTableName();
    const charset = database.name === 'mariadb' ? { charset: 'utf8mb4' } : {};
    const [plain, renewed] = [
      defineSessionEntity({ tableName, ...charset }),
      defineSessionEntity({ tableName, ...charset, renewal: true }),
    ];
    const dataSource = await history(database, tableName).start([renewed], [{ entity: plain }, { entity: renewed, from: plain }]);
    await run(dataSource, { entity: plain });
    const { columns } = await shapeOf(dataSource, tableName);
    expect(columns).not.toContain('previous_id');
    expect(await dataSource.runMigrations()).toHaveLength(2);
    expect((await shapeOf(dataSource, tableName)).columns).toEqual([...columns!, 'previous_id', 'previous_until']);
    expect((await shapeOf(dataSource, tableName)).keys).toContain('previous_id');
    expect(await pending(dataSource)).toEqual([]);

    await dataSource.undoLastMigration();
    expect((await shapeOf(dataSource, tableName)).columns).toEqual(columns);
    await dataSource.undoLastMigration();
    expect((await shapeOf(dataSource, tableName)).columns).toBeUndefined();
  });

  it('adds a column that the database fills from the data', async () => {
    const { tableName, Before } = classes();
    const asExpression = {
      'better-sqlite3': `json_extract(data, '$.idpSid')`,
      'sql.js': `json_extract(data, '$.idpSid')`,
      postgres: `(data::json ->> 'idpSid')`,
      mariadb: `json_value(data, '$.idpSid')`,
    }[database.name];
    @Entity(tableName)
    @Index(['idpSid'])
    class AppSession extends SessionEntity {
      @Column({ type: 'varchar', length: 255, nullable: true, insert: false, update: false, generatedType: 'STORED', asExpression })
      idpSid!: string | null;
    }
    const migrations = [{ entity: Before }, { entity: AppSession, from: Before }];
    const dataSource = await history(database, tableName).start([AppSession], migrations);
    await run(dataSource, { entity: Before });
    await openTable(dataSource, AppSession).insert([newRow('a', { data: '{"idpSid":"x"}' })]);
    await dataSource.runMigrations();
    expect(await dataSource.getRepository(AppSession).find()).toMatchObject([{ idpSid: 'x' }]);
    await dataSource.undoLastMigration();
    expect((await shapeOf(dataSource, tableName)).columns).not.toContain('idpSid');
  });

  it('without `from` refuses a table that lacks columns, and is not recorded', async () => {
    const { tableName, Before, TenantSession } = classes();
    const dataSource = await history(database, tableName).start([Before, TenantSession], [{ entity: TenantSession }]);
    await run(dataSource, { entity: Before });
    await expect(dataSource.runMigrations()).rejects.toThrow(SessionEntityError);
    await expect(dataSource.runMigrations()).rejects.toThrow(
      new RegExp(`"${tableName}" is there already.*no column "tenant", "plan", "badge".*"TenantSession".*\`from\``),
    );
    await run(dataSource, { entity: TenantSession, from: Before });
    expect(await dataSource.runMigrations()).toHaveLength(1);
  });

  it('refuses a column that the rows have no value for', async () => {
    const { tableName, Before } = classes();
    const Strict = new EntitySchema<ObjectLiteral>({
      name: 'Strict',
      tableName,
      columns: { ...defineSessionEntity().options.columns, tenant: { type: 'varchar', length: 9 } },
    });
    const dataSource = await history(database, tableName).start([Before], [{ entity: Before }]);
    await dataSource.runMigrations();
    await expect(run(dataSource, { entity: Strict, from: Before })).rejects.toThrow(/"tenant" must have a value.*nullable: true/);
    expect((await shapeOf(dataSource, tableName)).columns).not.toContain('tenant');
  });

  it('says so where there is no table, where the tables differ, and where nothing is to be added', async () => {
    const { tableName, Before, TenantSession } = classes();
    const dataSource = await history(database, tableName).start([TenantSession], []);
    await expect(run(dataSource, { entity: TenantSession, from: Before })).rejects.toThrow(`no table "${tableName}"`);
    await expect(run(dataSource, { entity: TenantSession, from: Before }, 'down')).resolves.toBeUndefined();
    await expect(run(dataSource, { entity: TenantSession, from: SessionEntity })).rejects.toThrow(
      /"TenantSession".*that of `from` is "sessions"/,
    );
    await expect(run(dataSource, { entity: Before, from: TenantSession })).rejects.toThrow(/no column and no index that `from` lacks/);
  });

  it('says which entity cannot be read without others', async () => {
    const { tableName, TenantSession } = classes();
    @Entity(uniqueTableName())
    class User {
      @PrimaryColumn({ type: 'integer' })
      id!: number;
    }
    @Entity(tableName)
    class Owned extends SessionEntity {
      @ManyToOne(() => User)
      owner!: User;
    }
    class Plain extends SessionEntity {}
    const dataSource = await history(database, tableName).start([TenantSession], []);
    await expect(run(dataSource, { entity: TenantSession, from: Owned })).rejects.toThrow(
      /"Owned".*cannot be read.*Owned#owner.*without relations/,
    );
    await expect(run(dataSource, { entity: TenantSession, from: Plain })).rejects.toThrow(/"Plain" is not a TypeORM entity.*@Entity/);
  });
});
