import type { DataSourceOptions, EntitySchema } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { pickDialect } from '../../lib/table/databases/databases.js';
import { mariadbDialect } from '../../lib/table/databases/mysql/mariadb.dialect.js';
import { mapColumns } from '../../lib/table/entity/columns.js';
import { metadataOf } from '../../lib/table/entity/entity-metadata.js';
import { defineSessionEntity, SessionEntity } from '../../lib/table/entity/session.entity.js';
import { standardDialect } from '../../lib/table/sql/standard.dialect.js';
import { readEntities, UNCONNECTED } from '../support/table-unconnected.js';
import type { SessionDialect, StatementName, Statement, TableShape } from '../../lib/table/sql/dialect.js';

type Entity = typeof SessionEntity | EntitySchema<SessionEntity>;

async function shapeOf(options: DataSourceOptions, entity: Entity, dialect?: SessionDialect): Promise<TableShape> {
  const dataSource = await readEntities(options, [entity]);
  const picked = dialect ?? pickDialect(dataSource);
  const metadata = metadataOf(dataSource, entity);
  const columns = mapColumns(dataSource, metadata, {}, picked);
  return {
    dataSource,
    dialect: picked,
    metadata,
    columns,
    limited: [],
    table: dataSource.driver.escape(metadata.tablePath),
    touchDurability: 'relaxed',
  };
}

const NAMES = [
  'find',
  'findId',
  'insert',
  'update',
  'updateInPlace',
  'overwrite',
  'upsert',
  'touch',
  'touchInHour',
  'changeId',
  'adoptId',
  'setClient',
  'remove',
  'removeHandle',
  'clear',
  'clearUnlocked',
  'count',
  'idsOfUser',
  'prune',
  'insertWithin',
  'updateWithin',
  'overwriteWithin',
] as const satisfies StatementName[];

/** Every statement that a dialect can make of the default entity, under a name for people. */
function statementsOf(shape: TableShape): [name: string, statement: Statement][] {
  const { dialect } = shape;
  const named = NAMES.flatMap((name): [string, Statement][] => {
    const build = dialect[name];
    return build ? [[name, build(shape)]] : [];
  });
  const page = { limit: 50, now: 0 };
  const multiRow = Object.entries(dialect.multiRow).map(([name, form]): [string, Statement] => [`${name} for 2`, form.build(shape, 2)!]);
  return [
    ...named,
    ...multiRow,
    ['addresses', dialect.addresses(shape, { userId: 'user', userAgent: 'agent' })],
    ['addresses but of one row', dialect.addresses(shape, { userId: 'user', userAgent: null, exceptId: 'id' })],
    ['page', dialect.page(shape, page)],
    ['page after', dialect.page(shape, { ...page, after: 'handle' })],
    ['page of a user', dialect.page(shape, { ...page, userId: 'user' })],
    ['page of a user after', dialect.page(shape, { ...page, userId: 'user', after: 'handle' })],
    ['page of a handle', dialect.page(shape, { ...page, handle: 'handle' })],
    ['locate', dialect.locate(shape, { limit: 50 })],
    ['locate those of a user', dialect.locate(shape, { limit: 50, userId: 'user' })],
    ['locate that of a handle', dialect.locate(shape, { limit: 50, handle: 'handle' })],
    ['locate older ones after', dialect.locate(shape, { limit: 50, createdUntil: 0, after: { id: 'id', handle: 'handle' } })],
    ['scan', dialect.scan(shape, 50, true)],
    ['scan after', dialect.scan(shape, 50, false)],
    ['ids', dialect.ids(shape, 50)],
    ['ids in order', dialect.idsInOrder(shape, 50, true)],
    ['ids in order after', dialect.idsInOrder(shape, 50, false)],
    ['expired', dialect.expired(shape, 50)],
  ];
}

const DIALECTS = {
  postgres: (entity: Entity = SessionEntity) => shapeOf(UNCONNECTED.postgres, entity),
  mysql: (entity: Entity = SessionEntity) => shapeOf(UNCONNECTED.mysql, entity),
  mariadb: (entity: Entity = SessionEntity) => shapeOf(UNCONNECTED.mariadb, entity, mariadbDialect),
  sqlite: (entity: Entity = SessionEntity) => shapeOf(UNCONNECTED['better-sqlite3'], entity),
  'standard, on SQLite': (entity: Entity = SessionEntity) => shapeOf(UNCONNECTED['better-sqlite3'], entity, standardDialect),
};

/** What is otherwise for an entity with `renewal: true`. */
function renewalStatementsOf(shape: TableShape): [name: string, statement: Statement][] {
  return (['find', 'findPrevious', 'insert', 'changeId'] as const).map((name) => [`${name}, with renewal`, shape.dialect[name](shape)]);
}

describe('The statements', () => {
  it('of every dialect stand on one page', async () => {
    const chapters: string[] = [];
    for (const [title, open] of Object.entries(DIALECTS)) {
      const all = [...statementsOf(await open()), ...renewalStatementsOf(await open(defineSessionEntity({ renewal: true })))];
      const statements = all.map(([name, { sql, parameters }]) => `-- ${name} (${parameters.join(', ') || 'no parameters'})\n${sql};\n`);
      chapters.push(`-- ---- ${title} ----\n\n${statements.join('\n')}`);
    }
    await expect(chapters.join('\n\n')).toMatchFileSnapshot('../__snapshots__/statements.sql');
  });

  describe.each(Object.entries(DIALECTS))('of %s', (_, open) => {
    it('have a parameter for each place, and no text of ours among the SQL', async () => {
      for (const [name, { sql, parameters, reusable }] of statementsOf(await open())) {
        const numbered = new Set(sql.match(/\$\d+/g));
        const places = numbered.size || (sql.match(/\?/g) ?? []).length;
        expect(parameters, name).toHaveLength(places);
        expect(sql.replaceAll(/set_config\('(?:lock_timeout', '50|synchronous_commit', 'off)', true\)/g, ''), name).not.toContain("'");
        expect(sql, name).not.toMatch(/:\w/);
        expect(reusable, name).toBe(true);
      }
    });

    it('write the table and the columns in quotes', async () => {
      for (const [name, { sql }] of statementsOf(await open())) {
        expect(sql, name).toMatch(/["`]sessions["`]/);
        expect(sql.replaceAll(/(["`]).*?\1/g, ''), name).not.toMatch(/sessions|expires_at|prune_after|user_id/);
      }
    });

    it('read and touch live rows only', async () => {
      const statements = new Map(statementsOf(await open()));
      for (const name of [
        'find',
        'touch',
        'touchInHour',
        ...(statements.has('find for 2') ? ['find for 2', 'touch for 2', 'touchInHour for 2'] : []),
        'count',
        'idsOfUser',
        'page',
        'page of a user after',
        'page of a handle',
        'scan',
        'scan after',
        ...(statements.has('insertWithin') ? ['insertWithin'] : []),
      ]) {
        expect(statements.get(name)?.sql, name).toMatch(/WHERE .*["`]expires_at["`] > (\?|\$\d+)/);
      }
    });
  });
});

describe('The dialect', () => {
  it.each([
    [UNCONNECTED.postgres, 'postgres'],
    [UNCONNECTED.mysql, 'mysql'],
    [UNCONNECTED.mariadb, 'mysql'],
    [UNCONNECTED['better-sqlite3'], 'sqlite'],
    [UNCONNECTED.sqljs, 'sqlite'],
  ])('of %o is %s', async (options, name) => {
    expect(pickDialect(await readEntities(options, [SessionEntity])).name).toBe(name);
  });

  it.each(['mssql', 'oracle', 'aurora-mysql', 'aurora-postgres', 'spanner', 'sap', 'expo'])('of %s is the standard one', (type) => {
    expect(pickDialect({ options: { type } } as Parameters<typeof pickDialect>[0])).toBe(standardDialect);
  });
});
