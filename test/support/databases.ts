import { randomBytes } from 'node:crypto';
import { DataSource, EntitySchema } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, describe } from 'vitest';

/** A database that tests run on. */
export interface TestDatabase {
  readonly name: 'better-sqlite3' | 'sql.js' | 'postgres' | 'mariadb';
  readonly options: DataSourceOptions;
  /** Whether several connections see the same rows. */
  readonly isShared: boolean;
}

const url = (variable: string, otherwise: string) => process.env[variable] ?? otherwise;

/** Found through environment variables; the defaults fit docker-compose.yml. */
const DATABASES = [
  { name: 'better-sqlite3', options: { type: 'better-sqlite3', database: ':memory:' }, isShared: false },
  { name: 'sql.js', options: { type: 'sqljs' }, isShared: false },
  {
    name: 'postgres',
    options: { type: 'postgres', url: url('POSTGRES_URL', 'postgres://postgres:postgres@127.0.0.1:5432/test') },
    isShared: true,
  },
  {
    name: 'mariadb',
    options: { type: 'mariadb', url: url('MARIADB_URL', 'mysql://root:@127.0.0.1:3306/test') },
    isShared: true,
  },
] as const satisfies readonly TestDatabase[];

/** Whether a server that is not there is an error instead of a visible skip. */
const isEveryDatabaseRequired = process.env.REQUIRE_DATABASES === '1';

/** A table name that no other test uses. */
export const uniqueTableName = (): string => `sessions_${randomBytes(6).toString('hex')}`;

async function isReachable(options: DataSourceOptions): Promise<boolean> {
  try {
    const probe = new DataSource({ ...options, entities: [] });
    await probe.initialize();
    await probe.destroy();
    return true;
  } catch (error) {
    if (isEveryDatabaseRequired) throw error;
    return false;
  }
}

const reachable = new Map<TestDatabase, boolean>();
for (const database of DATABASES) reachable.set(database, await isReachable(database.options));

/** Runs a suite once per database (of these `names`); one whose server is away is skipped where people see it, and an error in CI. */
export function describeEachDatabase(
  title: string,
  suite: (database: TestDatabase) => void,
  names: readonly TestDatabase['name'][] = DATABASES.map(({ name }) => name),
): void {
  for (const database of DATABASES.filter(({ name }) => names.includes(name))) {
    describe.skipIf(!reachable.get(database))(`${title} on ${database.name}`, () => suite(database));
  }
}

/** The same, only for databases that are servers of their own. */
export function describeEachServer(title: string, suite: (database: TestDatabase) => void): void {
  for (const database of DATABASES.filter(({ isShared }) => isShared)) {
    describe.skipIf(!reachable.get(database))(`${title} on ${database.name}`, () => suite(database));
  }
}

/** A data source with these entities for the whole suite, its tables made before and dropped afterwards. */
export function useDataSource(
  database: TestDatabase,
  entities: readonly (EntitySchema | (new () => object))[],
  more: Partial<DataSourceOptions> = {},
): () => DataSource {
  let dataSource: DataSource;
  beforeAll(async () => {
    dataSource = new DataSource({ ...database.options, ...more, entities: [...entities], synchronize: true } as DataSourceOptions);
    await dataSource.initialize();
  });
  afterAll(async () => {
    const runner = dataSource.createQueryRunner();
    for (const { tablePath } of dataSource.entityMetadatas) await runner.dropTable(tablePath, true);
    await runner.release();
    await dataSource.destroy();
  });
  return () => dataSource;
}
