import { perRow } from '../../sql/multi-row.js';
import { SAVED_FIELDS, TOUCHED_FIELDS, TOUCHED_IN_HOUR_FIELDS, type SessionField } from '../../session-row.js';
import { fieldsOf, isOneOf, isUnseen, selectRows, selectVersions } from '../../sql/standard.dialect.js';
import { and, compileText, isLive, isPresent, MAX_ROWS, type ParameterName } from '../../sql/statement.js';
import type { MultiRowStatement, MultiRowStatements, Statement, TableShape } from '../../sql/dialect.js';

export const padded = (answer: MultiRowStatement['answer'], build: MultiRowStatement['build']): MultiRowStatement => ({
  build,
  isPadded: true,
  answer,
});

/**
 * What MySQL does for several rows. It returns no rows from an UPDATE, and cannot compare a joined list of values with a column
 * of any collation: a value is picked by the id of its row. Rows that another transaction has locked count as missing.
 */
export const mysqlMultiRow: MultiRowStatements = {
  find: padded('ids', (shape, rows) => selectRows(shape, rows)),

  insert: {
    isPadded: false,
    // All or none: it fails if one of them is taken.
    answer: 'count',
    build(shape, rows) {
      const text = insert(shape, rows);
      return text === undefined ? undefined : compileText(shape, text);
    },
  },

  upsert: {
    isPadded: false,
    answer: 'all',
    build(shape, rows) {
      const text = insert(shape, rows);
      return text === undefined ? undefined : compileText(shape, `${text} ${onDuplicateKey(shape)}`);
    },
  },

  update: padded('allOrNothing', (shape, rows) => update(shape, rows, allOf)),

  touch: padded('count', (shape, rows) => touch(shape, TOUCHED_FIELDS, rows, unlockedOf)),

  touchInHour: padded('count', (shape, rows) => touch(shape, TOUCHED_IN_HOUR_FIELDS, rows, unlockedOf)),

  remove: padded('allOrNothing', (shape, rows) => {
    const { table } = shape;
    const isWanted = isOneOf(shape, rows);
    const tables = `${countOf(shape, isWanted)} STRAIGHT_JOIN ${selectUnlocked(shape, isWanted)} STRAIGHT_JOIN ${table} s`;
    return compileText(shape, `DELETE s FROM ${tables} WHERE ${ARE_ALL} AND ${isUnlocked(shape)}`);
  }),

  versions: padded('ids', (shape, rows) => selectVersions(shape, rows)),

  unlocked: padded('ids', (shape, rows) => {
    const versions = selectVersions(shape, rows);
    return { ...versions, sql: `${versions.sql} FOR UPDATE SKIP LOCKED` };
  }),
};

function insert(shape: TableShape, rows: number): string | undefined {
  // TypeORM makes a value of its own for each row (a generated uuid).
  if (!shape.dialect.insert(shape).reusable) return undefined;
  const fields = fieldsOf(shape);
  const tuple = (row: number) => `(${fields.map(({ field }) => `:${field}.${row}`).join(', ')})`;
  return `INSERT INTO ${shape.table} (${fields.map(({ sql }) => sql).join(', ')}) VALUES ${perRow(rows, tuple)}`;
}

/** What an upsert does if the id is taken. */
export function onDuplicateKey(shape: TableShape): string {
  const { id, version } = shape.columns;
  const isSame = `${bytes(id.sql)} = ${bytes(`VALUES(${id.sql})`)}`;
  // A row whose id only collates like ours is not ours: the subquery of two rows makes the statement fail.
  const guarded = (value: string) => `IF(${isSame}, ${value}, (SELECT 1 UNION SELECT 2))`;
  const replaced = fieldsOf(shape, SAVED_FIELDS).map(({ sql, field }) => {
    const value = `VALUES(${sql})`;
    return `${sql} = ${field === 'data' ? guarded(value) : value}`;
  });
  if (version) replaced.push(`${version.sql} = ${version.sql} + 1`);
  return `ON DUPLICATE KEY UPDATE ${replaced.join(', ')}`;
}

/** Text as its bytes in UTF-8, whatever the character set and collation of column and connection. */
export const bytes = (expression: string): string => `CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)`;

/** The rows that an UPDATE changes, out of those that meet a condition. */
export type Among = (shape: TableShape, condition: string, rows: number) => { readonly tables: string; readonly where: string };

export function update(shape: TableShape, rows: number, among: Among): Statement | undefined {
  const { columns } = shape;
  const { version } = columns;
  // A CASE of texts is no JSON value.
  if (!version || columns.data.type === 'json') return undefined;
  const set = fieldsOf(shape, SAVED_FIELDS).map(({ sql, field }) => `${sql} = ${pick(shape, field, rows)}`);
  set.push(`${version.sql} = ${version.sql} + 1`);
  const isExpected = and(isOneOf(shape, rows), `${version.sql} = ${pickSurely(shape, 'version', rows)}`, isPresent(shape));
  const { tables, where } = among(shape, isExpected, rows);
  return compileText(shape, `UPDATE ${tables} SET ${set.join(', ')} WHERE ${where}`);
}

/** What is later stays, so that it may be done again, and one may look afterwards. */
export function touch(shape: TableShape, moved: readonly SessionField[], rows: number, among: Among): Statement | undefined {
  const set = fieldsOf(shape, moved).map(({ sql, field }) => {
    const value = pick(shape, field, rows);
    return `${sql} = GREATEST(${sql}, ${field === 'pruneAfter' ? `IFNULL(${value}, ${sql})` : value})`;
  });
  if (set.length === 0) return undefined;
  const unseen = isUnseen(shape, (name) => pickSurely(shape, name, rows));
  const { tables, where } = among(shape, and(isOneOf(shape, rows), isLive(shape), unseen), rows);
  return compileText(shape, `UPDATE ${tables} SET ${set.join(', ')} WHERE ${where}`);
}

/**
 * The ids of rows that meet a condition and that no other transaction has locked, which locks them. As a derived table, because
 * MySQL reads no table in the statement that changes it; with a limit, which keeps it one.
 */
export const selectUnlocked = ({ table, columns: { id } }: TableShape, condition: string): string =>
  `(SELECT ${id.sql} AS unlocked FROM ${table} WHERE ${condition} LIMIT ${MAX_ROWS} FOR UPDATE SKIP LOCKED) l`;

const isUnlocked = ({ columns: { id } }: TableShape): string => `${id.sql} = l.unlocked`;

const unlockedOf: Among = (shape, condition) => ({
  tables: `${selectUnlocked(shape, condition)} STRAIGHT_JOIN ${shape.table}`,
  where: isUnlocked(shape),
});

/**
 * How many rows are as expected and unlocked, which locks them. Joined first, so that a statement that will not have all of them
 * meets no lock of another's; this spares a transaction with its two more round trips.
 */
const countOf = ({ table }: TableShape, isExpected: string): string =>
  `(SELECT COUNT(*) AS rows_expected FROM ${table} WHERE ${isExpected} FOR UPDATE SKIP LOCKED) c`;

const ARE_ALL = 'c.rows_expected = :count';

/** By the ids that are unlocked: MySQL reads a small table as a whole, and so meets the rows that are not. */
const allOf: Among = (shape, isExpected) => ({
  tables: `${countOf(shape, isExpected)} STRAIGHT_JOIN ${selectUnlocked(shape, isExpected)} STRAIGHT_JOIN ${shape.table}`,
  where: `${ARE_ALL} AND ${isUnlocked(shape)}`,
});

const pick = (shape: TableShape, name: ParameterName, rows: number): string => halve(shape, rows, 0, (row) => `:${name}.${row}`);

/**
 * The same, and NULL where the collation has another order: Danish puts "aa" after "z". All choices of a statement take the same
 * way, so one that is sure stands for the others.
 */
const pickSurely = (shape: TableShape, name: ParameterName, rows: number): string =>
  halve(shape, rows, 0, (row) => `CASE ${shape.columns.id.sql} WHEN :id.${row} THEN :${name}.${row} END`);

/**
 * Picks the value for the row's id by binary search: six comparisons for 64 ids, not 32. The rows are sorted by their
 * ids, and the last ones may be NULL, which is never less.
 */
function halve(shape: TableShape, rows: number, first: number, of: (row: number) => string): string {
  if (rows === 1) return of(first);
  const middle = first + rows / 2;
  const [lower, upper] = [first, middle].map((start) => halve(shape, rows / 2, start, of));
  return `CASE WHEN ${shape.columns.id.sql} >= :id.${middle} THEN ${upper} ELSE ${lower} END`;
}
