import { perRow } from '../../sql/multi-row.js';
import type { SessionField } from '../../session-table.js';
import { fieldsOf, isUnseen, REPLACED, selectRows, TOUCHED, TOUCHED_IN_HOUR } from '../../sql/standard.dialect.js';
import { and, compileText, isLive, isPresent, type ParameterName } from '../../sql/statement.js';
import type { MultiRowStatement, MultiRowStatements, Statement, TableShape } from '../../sql/dialect.js';

const padded = (answer: MultiRowStatement['answer'], build: MultiRowStatement['build']): MultiRowStatement => ({
  build,
  isPadded: true,
  answer,
});

/**
 * What MySQL and MariaDB do for several rows. They return no rows from an UPDATE, and cannot compare a joined list of values with
 * a column of any collation: a value is picked by the id of its row.
 */
export const mysqlMultiRow: MultiRowStatements = {
  find: padded('ids', (shape, rows) => selectRows(shape, rows)),

  insert: {
    isPadded: false,
    // All or none: it fails where one of them is taken.
    answer: 'count',
    build(shape, rows) {
      // TypeORM makes a value of its own for each row (a generated uuid).
      if (!shape.dialect.insert(shape).reusable) return undefined;
      const fields = fieldsOf(shape);
      const tuple = (row: number) => `(${fields.map(({ field }) => `:${field}.${row}`).join(', ')})`;
      return compileText(shape, `INSERT INTO ${shape.table} (${fields.map(({ sql }) => sql).join(', ')}) VALUES ${perRow(rows, tuple)}`);
    },
  },

  update: padded('allOrNothing', (shape, rows) => {
    const { table, columns } = shape;
    const { version } = columns;
    // A CASE of texts is no JSON value.
    if (!version || columns.data.type === 'json') return undefined;
    const set = fieldsOf(shape, REPLACED).map(({ sql, field }) => `${sql} = ${pick(shape, field, rows)}`);
    set.push(`${version.sql} = ${version.sql} + 1`);
    const isExpected = and(isOneOf(shape, rows), `${version.sql} = ${pickSurely(shape, 'version', rows)}`, isPresent(shape));
    return compileText(shape, `UPDATE ${table} SET ${set.join(', ')} WHERE ${isOneOf(shape, rows)} AND ${areAll(shape, isExpected)}`);
  }),

  touch: padded('count', (shape, rows) => touch(shape, TOUCHED, rows)),

  touchInHour: padded('count', (shape, rows) => touch(shape, TOUCHED_IN_HOUR, rows)),

  remove: padded('allOrNothing', (shape, rows) => {
    const isWanted = isOneOf(shape, rows);
    return compileText(shape, `DELETE FROM ${shape.table} WHERE ${isWanted} AND ${areAll(shape, isWanted)}`);
  }),
};

/** What is later stays, so that it may be done again, and one may look afterwards. */
function touch(shape: TableShape, moved: readonly SessionField[], rows: number): Statement | undefined {
  const { table } = shape;
  const set = fieldsOf(shape, moved).map(({ sql, field }) => {
    const value = pick(shape, field, rows);
    return `${sql} = GREATEST(${sql}, ${field === 'pruneAfter' ? `IFNULL(${value}, ${sql})` : value})`;
  });
  if (set.length === 0) return undefined;
  const unseen = isUnseen(shape, (name) => pickSurely(shape, name, rows));
  return compileText(shape, `UPDATE ${table} SET ${set.join(', ')} WHERE ${and(isOneOf(shape, rows), isLive(shape), unseen)}`);
}

/**
 * Whether as many rows as asked for are as expected, which locks them. Asked once a statement, and spares a transaction with its
 * two more round trips. In a derived table, because MySQL reads no table in the statement that changes it.
 */
const areAll = ({ table }: TableShape, isExpected: string): string =>
  `(SELECT c.n FROM (SELECT COUNT(*) AS n FROM ${table} WHERE ${isExpected} FOR UPDATE) c) = :count`;

/** The rows of a batch. */
export const isOneOf = ({ columns }: TableShape, rows: number): string => `${columns.id.sql} IN (${perRow(rows, (row) => `:id.${row}`)})`;

const pick = (shape: TableShape, name: ParameterName, rows: number): string => halve(shape, rows, 0, (row) => `:${name}.${row}`);

/**
 * The same, and NULL where the collation has another order: Danish puts "aa" after "z". All choices of a statement take the same
 * way, so one that is sure stands for the others.
 */
const pickSurely = (shape: TableShape, name: ParameterName, rows: number): string =>
  halve(shape, rows, 0, (row) => `CASE ${shape.columns.id.sql} WHEN :id.${row} THEN :${name}.${row} END`);

/**
 * What belongs to the row whose id it is, by halves: 64 ids are six comparisons and not 32. The rows are in the order of their
 * ids, and the last ones may be NULL, which is never less.
 */
function halve(shape: TableShape, rows: number, first: number, of: (row: number) => string): string {
  if (rows === 1) return of(first);
  const middle = first + rows / 2;
  const [lower, upper] = [first, middle].map((start) => halve(shape, rows / 2, start, of));
  return `CASE WHEN ${shape.columns.id.sql} >= :id.${middle} THEN ${upper} ELSE ${lower} END`;
}
