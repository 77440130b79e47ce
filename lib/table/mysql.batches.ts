import { perRow, type BatchForm, type BatchForms } from './batch.js';
import { fieldsOf, isUnseen, REPLACED, selectRows } from './standard.dialect.js';
import type { SessionColumn } from './session-columns.js';
import { and, compileText, isLive, isPresent, type ParameterName, type TableShape } from './statement.js';

const counted = (build: BatchForm['build'], isPadded = true): BatchForm => ({ build, isPadded, returnsIds: false });

/** What MySQL and MariaDB do for several rows. They return no rows from an UPDATE: all rows are found, or none is written. */
export const mysqlBatches: BatchForms = {
  find: { build: (shape, rows) => selectRows(shape, rows), isPadded: true, returnsIds: true },

  insert: counted((shape, rows) => {
    // TypeORM makes a value of its own for each row (a generated uuid).
    if (!shape.dialect.insert(shape).reusable) return undefined;
    const fields = fieldsOf(shape);
    const tuple = (row: number) => `(${fields.map(({ field }) => `:${field}.${row}`).join(', ')})`;
    return compileText(shape, `INSERT INTO ${shape.table} (${fields.map(({ sql }) => sql).join(', ')}) VALUES ${perRow(rows, tuple)}`);
  }, false),

  update: counted((shape, rows) => {
    const { table, columns } = shape;
    const { id, version } = columns;
    // A CASE of texts is no JSON value.
    if (!version || columns.data.type === 'json') return undefined;
    // Assignments run from left to right: the version is compared before it is raised.
    const set = fieldsOf(shape, REPLACED).map((column) => `${column.sql} = ${choose(shape, column, rows)}`);
    const matches = perRow(rows, (row) => `(${id.sql} = :id.${row} AND ${version.sql} = :version.${row})`, ' OR ');
    return compileText(
      shape,
      `UPDATE ${table} SET ${[...set, `${version.sql} = ${version.sql} + 1`].join(', ')} WHERE ${and(`(${matches})`, isPresent(shape))}`,
    );
  }),

  touch: counted((shape, rows) => {
    const { table } = shape;
    const set = fieldsOf(shape, ['expiresAt', 'pruneAfter', 'lastSeenAt']).map(
      (column) => `${column.sql} = GREATEST(${column.sql}, ${choose(shape, column, rows)})`,
    );
    if (set.length === 0) return undefined;
    const unseen = isUnseen(shape, (name) => chooseParameter(shape, name, 'NULL', rows));
    return compileText(shape, `UPDATE ${table} SET ${set.join(', ')} WHERE ${and(isOneOf(shape, rows), isLive(shape), unseen)}`);
  }),

  remove: counted((shape, rows) => compileText(shape, `DELETE FROM ${shape.table} WHERE ${isOneOf(shape, rows)}`)),
};

const isOneOf = ({ columns }: TableShape, rows: number): string => `${columns.id.sql} IN (${perRow(rows, (row) => `:id.${row}`)})`;

/** The value of a column by the row's id. Literals take the collation of the column; a joined list of values would clash with it. */
function choose(shape: TableShape, { sql, field }: SessionColumn, rows: number): string {
  return chooseParameter(shape, field, sql, rows);
}

function chooseParameter({ columns }: TableShape, name: ParameterName, otherwise: string, rows: number): string {
  return `CASE ${columns.id.sql} ${perRow(rows, (row) => `WHEN :id.${row} THEN :${name}.${row}`, ' ')} ELSE ${otherwise} END`;
}
