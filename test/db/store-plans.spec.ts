import { beforeAll, describe, expect, it } from 'vitest';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { mapColumns } from '../../lib/table/entity/columns.js';
import { metadataOf } from '../../lib/table/entity/entity-metadata.js';
import { pickDialect } from '../../lib/table/databases/databases.js';
import type { Statement, TableShape } from '../../lib/table/sql/dialect.js';
import { describeEachDatabase, uniqueTableName, useDataSource, type TestDatabase } from '../support/databases.js';
import { newRow, NOW } from '../support/table-rows.js';

const USERS = 2_000;
const SESSIONS_PER_USER = 3;
const INSERTED_AT_ONCE = 500;
/** What stands for each parameter. */
const VALUES: Readonly<Record<string, unknown>> = {
  userId: 'user 7',
  now: NOW,
  limit: 100,
  after: 'f'.repeat(32),
  handle: newRow('id 7').handle,
};

/** The plan of a statement as text, as the database would run it. */
async function planOf({ dataSource }: TableShape, { name }: TestDatabase, { sql, parameters }: Statement): Promise<string> {
  const values = parameters.map((parameter) => VALUES[parameter as string] ?? parameter);
  const explain = name === 'postgres' || name === 'mariadb' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN';
  return JSON.stringify(await dataSource.query(`${explain} ${sql}`, values));
}

/** Which index each plan names, by the column that it begins with. */
const READS_ALL = /Seq Scan|"type":"ALL"|"type":"index"|"detail":"SCAN/;

describeEachDatabase('the plan of a query', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  let shape: TableShape;
  let indexes: Readonly<Record<'userId' | 'handle', string>>;

  beforeAll(async () => {
    const rows = Array.from({ length: USERS * SESSIONS_PER_USER }, (_, index) =>
      newRow(`id ${index}`, { userId: `user ${index % USERS}` }),
    );
    const repository = dataSource().getRepository(entity);
    for (let first = 0; first < rows.length; first += INSERTED_AT_ONCE) {
      await repository.insert(rows.slice(first, first + INSERTED_AT_ONCE) as object[]);
    }
    const metadata = metadataOf(dataSource(), entity);
    const table = dataSource().driver.escape(metadata.tablePath);
    await dataSource().query(database.name === 'mariadb' ? `ANALYZE TABLE ${table}` : `ANALYZE ${table}`);
    const dialect = pickDialect(dataSource());
    const columns = mapColumns(dataSource(), metadata, {}, dialect);
    shape = { dataSource: dataSource(), dialect, metadata, columns, limited: [], touchDurability: 'relaxed', table };
    const nameOf = (property: string) =>
      [...metadata.indices, ...metadata.uniques].find((index) => index.columns[0]!.propertyName === property)!.name;
    indexes = { userId: nameOf('userId'), handle: nameOf('handle') };
  });

  const page = { limit: 100, now: NOW };
  const ofUser = { ...page, userId: 'user 7' };
  it.each<[string, (built: TableShape) => Statement, 'userId' | 'handle']>([
    ['a page of a user', (built) => built.dialect.page(built, ofUser), 'userId'],
    ['the next page of a user', (built) => built.dialect.page(built, { ...ofUser, after: 'f'.repeat(32) }), 'userId'],
    ['the count of a user', (built) => built.dialect.idsOfUser(built), 'userId'],
    ['what ends the sessions of a user', (built) => built.dialect.locate(built, { limit: 500, userId: 'user 7' }), 'userId'],
    ['the session of a handle', (built) => built.dialect.page(built, { ...page, handle: newRow('id 7').handle }), 'handle'],
    ['what ends the session of a handle', (built) => built.dialect.locate(built, { limit: 1, handle: newRow('id 7').handle }), 'handle'],
  ])('for %s reads only what the index finds', async (_, build, column) => {
    const plan = await planOf(shape, database, build(shape));
    const name = database.name === 'better-sqlite3' || database.name === 'sql.js' ? column.replace('userId', 'user_id') : indexes[column];
    expect(plan).toContain(name);
    expect(plan).not.toMatch(READS_ALL);
  });

  describe('that goes through all', () => {
    it('would be seen as one', async () => {
      const all = shape.dialect.count(shape);
      expect(await planOf(shape, database, all)).toMatch(READS_ALL);
    });

    it('for the next batch of everybody’s goes on in the index of the handles', async () => {
      const next = shape.dialect.locate(shape, { limit: 5, after: { id: '', handle: 'f'.repeat(32) } });
      const plan = await planOf(shape, database, next);
      expect(plan).not.toMatch(/Seq Scan|"type":"ALL"|"detail":"SCAN/);
    });
  });
});
