import { perRow, type BatchForms } from './batch.js';
import type { SessionColumn } from './session-columns.js';
import { fieldsOf, insertRows, isUnseen, REPLACED, selectRows } from './standard.dialect.js';
import type { SessionField } from './session-table.js';
import { and, compileText, isLive, isPresent, type ParameterName, type Statement, type TableShape } from './statement.js';

/** How a database names the type of a column in a list of values; `undefined` for one that it cannot be trusted with. */
export type CastOf = (column: SessionColumn) => ((value: string) => string) | undefined;

/**
 * The statements for several rows as PostgreSQL and SQLite write them: over a list of VALUES, with RETURNING. Where rows are
 * locked one by one, they are locked in the order of their ids first: a join takes them in any order, and two processes deadlock.
 */
export function valuesBatches(castOf: CastOf, locksRows: boolean): BatchForms {
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

  /** The rows of a batch as `l`, locked; nothing where that is not needed. */
  function locked({ table, columns }: TableShape, rows: number, strength: 'NO KEY UPDATE' | 'UPDATE'): string | undefined {
    if (!locksRows) return undefined;
    const id = columns.id.sql;
    return `l AS (SELECT ${id} AS l_id FROM ${table} WHERE ${id} IN (${perRow(rows, (row) => `:id.${row}`)}) ORDER BY ${id} FOR ${strength})`;
  }
  const from = locksRows ? 'v JOIN l ON l.l_id = v.v_id' : 'v';

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
        `WITH ${list(values, locked(shape, rows, 'NO KEY UPDATE'))} UPDATE ${table} AS s SET ${[...set, `${version.sql} = s.${version.sql} + 1`].join(', ')} FROM ${from} WHERE ${where} RETURNING ${id.sql} AS id`,
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
        `WITH ${list(values, locked(shape, rows, 'NO KEY UPDATE'))} UPDATE ${table} AS s SET ${set.join(', ')} FROM ${from} WHERE ${where} RETURNING ${columns.id.sql} AS id`,
      );
    }),

    remove: form((shape, rows) => {
      const id = shape.columns.id.sql;
      const lock = locked(shape, rows, 'UPDATE');
      const isOneOf = lock ? `${id} IN (SELECT l_id FROM l)` : `${id} IN (${perRow(rows, (row) => `:id.${row}`)})`;
      return compileText(shape, `${lock ? `WITH ${lock} ` : ''}DELETE FROM ${shape.table} WHERE ${isOneOf} RETURNING ${id} AS id`);
    }),
  };
}

const list = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(', ');
