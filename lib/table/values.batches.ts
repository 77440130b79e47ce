import { perRow, type BatchForms } from './batch.js';
import type { SessionColumn } from './session-columns.js';
import { fieldsOf, insertRows, isUnseen, REPLACED, selectRows } from './standard.dialect.js';
import type { SessionField } from './session-table.js';
import { and, compileText, isLive, isPresent, type ParameterName, type Statement, type TableShape } from './statement.js';

/** How a database names the type of a column in a list of values; `undefined` for one that it cannot be trusted with. */
export type CastOf = (column: SessionColumn) => ((value: string) => string) | undefined;

/** The statements for several rows as PostgreSQL and SQLite write them: over a list of VALUES, with RETURNING. */
export function valuesBatches(castOf: CastOf): BatchForms {
  const form = (build: (shape: TableShape, rows: number) => Statement | undefined) => ({ build, isPadded: true, returnsIds: true });

  /** `undefined` where a column is of a type that a list of values cannot carry. */
  function valuesOf(shape: TableShape, fields: readonly SessionField[], rows: number): string | undefined {
    const columns = fieldsOf(shape, fields).map((column) => ({ name: column.field as ParameterName, cast: castOf(column) }));
    const { lastSeenAt } = shape.columns;
    if (lastSeenAt && !fields.includes('data')) columns.push({ name: 'unseenSince', cast: castOf(lastSeenAt) });
    if (!columns.every(({ cast }) => cast)) return undefined;
    const tuple = (row: number) => `(${columns.map(({ name, cast }) => cast!(`:${name}.${row}`)).join(', ')})`;
    return `v(${columns.map(({ name }) => `v_${name}`).join(', ')}) AS (VALUES ${perRow(rows, tuple)})`;
  }

  return {
    find: form((shape, rows) => selectRows(shape, rows)),

    insert: form((shape, rows) => {
      const id = shape.columns.id.sql;
      return insertRows(shape, rows, ` ON CONFLICT (${id}) DO NOTHING RETURNING ${id} AS id`);
    }),

    update: form((shape, rows) => {
      const { table, columns } = shape;
      const { id, version } = columns;
      const values = valuesOf(shape, ['id', ...REPLACED, 'version'], rows);
      if (!version || !values) return undefined;
      const set = fieldsOf(shape, REPLACED).map(({ sql, field }) => `${sql} = v.v_${field}`);
      const where = and(`s.${id.sql} = v.v_id`, `s.${version.sql} = v.v_version`, isPresent(shape));
      return compileText(
        shape,
        `WITH ${values} UPDATE ${table} AS s SET ${[...set, `${version.sql} = s.${version.sql} + 1`].join(', ')} FROM v WHERE ${where} RETURNING ${id.sql} AS id`,
      );
    }),

    touch: form((shape, rows) => {
      const { table, columns } = shape;
      const moved: readonly SessionField[] = ['expiresAt', 'pruneAfter', 'lastSeenAt'];
      const values = valuesOf(shape, ['id', ...moved], rows);
      const set = fieldsOf(shape, moved).map(({ sql, field }) => {
        return `${sql} = CASE WHEN s.${sql} < v.v_${field} THEN v.v_${field} ELSE s.${sql} END`;
      });
      if (!values || set.length === 0) return undefined;
      const unseen = isUnseen(shape, (name) => `v.v_${name}`);
      const where = and(`s.${columns.id.sql} = v.v_id`, isLive(shape), unseen);
      return compileText(
        shape,
        `WITH ${values} UPDATE ${table} AS s SET ${set.join(', ')} FROM v WHERE ${where} RETURNING ${columns.id.sql} AS id`,
      );
    }),

    remove: form((shape, rows) => {
      const id = shape.columns.id.sql;
      return compileText(shape, `DELETE FROM ${shape.table} WHERE ${id} IN (${perRow(rows, (row) => `:id.${row}`)}) RETURNING ${id} AS id`);
    }),
  };
}
