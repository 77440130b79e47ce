import type { DataSource, EntityMetadata, QueryRunner, Table } from 'typeorm';
import { SessionEntityError } from '../../session.errors.js';
import type { SessionColumns } from './columns.js';

/** What is compared with the table. */
interface Expected {
  readonly dataSource: DataSource;
  readonly metadata: EntityMetadata;
  readonly columns: SessionColumns;
  /** The table's path, escaped for SQL. */
  readonly table: string;
}

const HASH_LENGTH = 64;
const NUMBER = /int|serial|numeric|decimal|double|float|real|bool|date|time/i;
/** Fields that rows are found by, and what is slow without an index. */
const INDEXED = {
  handle: 'ending a session by its handle',
  userId: 'listing and ending the sessions of a user',
  pruneAfter: 'removing what has expired',
  expiresAt: 'removing what has expired',
} as const;

/**
 * Looks at the table in the database, which an entity or a mapping of the application's may not describe. Resolves to what is slow or
 * missing, with the remedy; to nothing where there is no table. Rejects with `SessionEntityError` for what can never work.
 */
export async function inspectTable(expected: Expected, hashIds: boolean): Promise<string[]> {
  const runner = expected.dataSource.createQueryRunner('master');
  try {
    const table = await runner.getTable(expected.metadata.tablePath);
    if (!table) return [];
    const missing = missingIn(table, expected);
    if (missing) return [missing];
    assertHoldsIds(table, expected, hashIds);
    assertFillable(table, expected);
    return [withoutIndex(table, expected), hashIds ? undefined : await likeIds(runner, expected)].filter((found) => found !== undefined);
  } finally {
    await runner.release();
  }
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** Those of the application's own, too: TypeORM names them in what the application reads and writes by itself. */
function missingIn(table: Table, { metadata }: Expected): string | undefined {
  const names = metadata.columns.filter(({ isVirtualProperty }) => !isVirtualProperty).map(({ databaseName }) => databaseName);
  const missing = names.filter((name) => !table.findColumnByName(name));
  if (missing.length === 0) return undefined;
  const remedy = metadata.synchronize
    ? 'Run a migration (`createSessionMigration({ entity, from })`), let TypeORM create it (`synchronize: true`), or leave it out of the entity.'
    : 'Run a migration, `createSessionMigration({ adopt })` if another store made the table, or leave it out of the entity (without `extended: true`).';
  return `The session table "${metadata.tablePath}" has no column ${quoted(missing)}, which its entity has. ${remedy}`;
}

function assertHoldsIds(table: Table, { metadata, columns }: Expected, hashIds: boolean): void {
  const { databaseName } = columns.id.metadata;
  const { type, length } = table.findColumnByName(databaseName)!;
  if (NUMBER.test(type)) {
    throw new SessionEntityError(
      `The column "${databaseName}" of the table "${metadata.tablePath}" is of type "${type}" and cannot hold a session id. Make it varchar(${HASH_LENGTH}).`,
    );
  }
  if (!hashIds || !length || Number(length) >= HASH_LENGTH) return;
  throw new SessionEntityError(
    `The column "${databaseName}" of the table "${metadata.tablePath}" has room for ${length} characters, and the hash of a session id ` +
      `needs ${HASH_LENGTH}. Make it varchar(${HASH_LENGTH}); in the table of another store \`createSessionMigration({ adopt })\` does.`,
  );
}

/** Columns of which the entity knows nothing; those of the entity are looked at without the table. */
function assertFillable(table: Table, { metadata }: Expected): void {
  const unfillable = table.columns.find(({ name, isNullable, default: otherwise, isGenerated, generatedType, asExpression }) => {
    const isFilled = isNullable || (otherwise ?? undefined) !== undefined || isGenerated || generatedType || asExpression;
    return !isFilled && !metadata.findColumnWithDatabaseName(name);
  });
  if (!unfillable) return;
  throw new SessionEntityError(
    `The column "${unfillable.name}" of the table "${metadata.tablePath}" must have a value, and the entity does not know it. ` +
      'Let it be NULL, give it a default, or add it to the entity.',
  );
}

function withoutIndex(table: Table, { metadata, columns }: Expected): string | undefined {
  const indexed = new Set([
    ...[...table.indices, ...table.uniques].map(({ columnNames }) => columnNames[0]),
    table.primaryColumns[0]?.name,
  ]);
  const looked = Object.entries(INDEXED).filter(([field]) => field !== 'expiresAt' || !columns.pruneAfter);
  const slow = looked.flatMap(([field, purpose]) => {
    const name = columns[field as keyof typeof INDEXED]?.metadata.databaseName;
    return name === undefined || indexed.has(name) ? [] : [`"${name}" (${purpose})`];
  });
  if (slow.length === 0) return undefined;
  return `The session table "${metadata.tablePath}" has no index on ${slow.join(', ')}. In a large table that reads all rows: add an index.`;
}

/** Whether the id column compares as its database says: TypeORM does not know the collation that a column has from its table. */
async function likeIds(runner: QueryRunner, { metadata, columns, table }: Expected): Promise<string | undefined> {
  const id = columns.id.sql;
  const probe = `SELECT ${id} FROM ${table} WHERE 1 = 0 UNION ALL SELECT 'a'`;
  const [row] = (await runner.query(`SELECT CASE WHEN p.${id} = 'A' THEN 1 ELSE 0 END AS same FROM (${probe}) p`)) as { same: unknown }[];
  if (Number(row?.same) !== 1) return undefined;
  return (
    `The column "${columns.id.metadata.databaseName}" of the session table "${metadata.tablePath}" treats ids that differ only in case as equal. ` +
    'Give it a binary collation, or keep hashes (`hashIds: true`).'
  );
}
