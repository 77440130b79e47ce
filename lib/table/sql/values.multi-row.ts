import { perRow } from './multi-row.js';
import type { SessionColumn } from '../entity/columns.js';
import { fieldsOf, isOneOf, isUnseen, selectRows, selectVersions } from './standard.dialect.js';
import {
  SAVED_FIELDS,
  SAVED_IN_PLACE_FIELDS,
  TOUCHED_FIELDS,
  TOUCHED_IN_HOUR_FIELDS,
  SESSION_FIELDS,
  type SessionField,
} from '../session-row.js';
import { and, compileText, isLive, isPresent, type ParameterName } from './statement.js';
import type { MultiRowStatements, Statement, TableShape } from './dialect.js';

/** How a database names the type of a column in a list of values; `undefined` for one that it cannot be trusted with. */
export type CastOf = (column: SessionColumn) => ((value: string) => string) | undefined;

/** How the databases with these statements differ. */
interface ValuesTraits {
  /** Where it locks rows one by one: a condition under which a statement waits only briefly for a lock. */
  readonly waitsBriefly?: string;
  /** A condition that always holds, and after which the commit does not wait for the disk. */
  readonly commitsEarly?: string;
  /** Whether UPDATE rewrites index entries whose value did not change. */
  readonly rewritesIndexes: boolean;
}

/**
 * The statements for several rows as PostgreSQL and SQLite write them: over a list of VALUES, with RETURNING. Where rows are
 * locked one by one, those that another transaction has locked are left out, so that nobody waits for the row of somebody else.
 */
export function valuesMultiRow(castOf: CastOf, { waitsBriefly, commitsEarly, rewritesIndexes }: ValuesTraits): MultiRowStatements {
  const form = (build: (shape: TableShape, rows: number) => Statement | undefined) => ({ build, isPadded: true, answer: 'ids' as const });

  /** The rows of a batch as `v`. `undefined` if a column is of a type that a list of values cannot carry. */
  function valuesOf(shape: TableShape, fields: readonly SessionField[], rows: number): string | undefined {
    const columns = fieldsOf(shape, fields).map((column) => ({ name: column.field as ParameterName, cast: castOf(column) }));
    const { lastSeenAt } = shape.columns;
    if (lastSeenAt && fields.includes('lastSeenAt') && !fields.includes('data'))
      columns.push({ name: 'unseenSince', cast: castOf(lastSeenAt) });
    if (!columns.every(({ cast }) => cast)) return undefined;
    const tuple = (row: number) => `(${columns.map(({ name, cast }) => cast!(`:${name}.${row}`)).join(', ')})`;
    return `WITH v(${columns.map(({ name }) => `v_${name}`).join(', ')}) AS (VALUES ${perRow(rows, tuple)})`;
  }

  /** The rows `s` of the table that meet their conditions; a subquery that locks is asked for each row of `v` in turn. */
  function matching({ table, columns }: TableShape, strength: 'NO KEY UPDATE' | 'UPDATE', ...conditions: (string | undefined)[]): string {
    const id = columns.id.sql;
    if (!waitsBriefly) return `v WHERE ${and(`s.${id} = v.v_id`, ...conditions)}`;
    const where = and(`${id} = v.v_id`, ...conditions);
    const unlocked = `SELECT ${id} AS l_id FROM ${table} WHERE ${where} FOR ${strength} SKIP LOCKED`;
    return `v CROSS JOIN LATERAL (${unlocked}) AS l WHERE s.${id} = l.l_id`;
  }

  /** The rows of `v` as rows of the table. `undefined` if TypeORM makes a value of its own for each. */
  function insert(shape: TableShape, rows: number, ...conditions: (string | undefined)[]): string | undefined {
    const values = valuesOf(shape, SESSION_FIELDS, rows);
    if (!values || !shape.dialect.insert(shape).reusable) return undefined;
    const inserted = fieldsOf(shape);
    const names = inserted.map(({ sql }) => sql).join(', ');
    const given = inserted.map(({ field }) => `v_${field}`).join(', ');
    // Waits for whoever is about to insert or remove a row under the same id.
    const where = and('v_id IS NOT NULL', waitsBriefly, ...conditions);
    return `${values} INSERT INTO ${shape.table} (${names}) SELECT ${given} FROM v WHERE ${where}`;
  }

  function update(shape: TableShape, replaced: readonly SessionField[], rows: number): Statement | undefined {
    const { table, columns } = shape;
    const { id, version } = columns;
    const values = valuesOf(shape, ['id', ...replaced, 'version'], rows);
    if (!version || !values) return undefined;
    const set = fieldsOf(shape, replaced).map(({ sql, field }) => `${sql} = v.v_${field}`);
    set.push(`${version.sql} = s.${version.sql} + 1`);
    const from = matching(shape, 'NO KEY UPDATE', `${version.sql} = v.v_version`, isPresent(shape));
    return compileText(shape, `${values} UPDATE ${table} AS s SET ${set.join(', ')} FROM ${from} RETURNING ${id.sql} AS id`, ['id']);
  }

  function touch(shape: TableShape, moved: readonly SessionField[], rows: number): Statement | undefined {
    const { table, columns } = shape;
    const values = valuesOf(shape, ['id', ...moved], rows);
    const set = fieldsOf(shape, moved).map(({ sql, field }) => {
      return `${sql} = CASE WHEN s.${sql} < v.v_${field} THEN v.v_${field} ELSE s.${sql} END`;
    });
    if (!values || set.length === 0) return undefined;
    const from = matching(
      shape,
      'NO KEY UPDATE',
      isLive(shape),
      isUnseen(shape, (name) => `v.v_${name}`),
      shape.touchDurability === 'relaxed' ? commitsEarly : undefined,
    );
    return compileText(shape, `${values} UPDATE ${table} AS s SET ${set.join(', ')} FROM ${from} RETURNING ${columns.id.sql} AS id`, [
      'id',
    ]);
  }

  return {
    find: form((shape, rows) => selectRows(shape, rows)),

    insert: {
      isPadded: true,
      // All or none: it fails if one of them is taken. To look for conflicts costs more, and ids are not guessed twice.
      answer: 'count',
      build(shape, rows) {
        const text = insert(shape, rows);
        return text === undefined ? undefined : compileText(shape, text);
      },
    },

    upsert: form((shape, rows) => {
      const { table, columns } = shape;
      const id = columns.id.sql;
      const ofRow = `SELECT 1 FROM ${table} WHERE ${id} = v_id`;
      const isUnlocked = waitsBriefly && `(NOT EXISTS (${ofRow}) OR EXISTS (${ofRow} FOR NO KEY UPDATE SKIP LOCKED))`;
      const text = insert(shape, rows, isUnlocked);
      return text === undefined ? undefined : compileText(shape, `${text} ${onConflict(shape)} RETURNING ${id} AS id`, ['id']);
    }),

    update: form((shape, rows) => update(shape, SAVED_FIELDS, rows)),

    ...(rewritesIndexes && { updateInPlace: form((shape, rows) => update(shape, SAVED_IN_PLACE_FIELDS, rows)) }),

    touch: form((shape, rows) => touch(shape, TOUCHED_FIELDS, rows)),

    touchInHour: form((shape, rows) => touch(shape, TOUCHED_IN_HOUR_FIELDS, rows)),

    remove: form((shape, rows) => {
      const id = shape.columns.id.sql;
      const values = waitsBriefly ? valuesOf(shape, ['id'], rows) : undefined;
      const text = values
        ? `${values} DELETE FROM ${shape.table} AS s USING ${matching(shape, 'UPDATE')} RETURNING ${id} AS id`
        : `DELETE FROM ${shape.table} WHERE ${isOneOf(shape, rows)} RETURNING ${id} AS id`;
      return compileText(shape, text, ['id']);
    }),

    versions: form((shape, rows) => selectVersions(shape, rows)),

    ...(waitsBriefly && {
      unlocked: form((shape, rows) => {
        const versions = selectVersions(shape, rows);
        return { ...versions, sql: `${versions.sql} FOR UPDATE SKIP LOCKED` };
      }),
    }),
  };
}

/** An upsert of one row as PostgreSQL and SQLite write it. */
export function insertOrReplace(shape: TableShape): Statement {
  const statement = shape.dialect.insert(shape);
  return { ...statement, sql: `${statement.sql} ${onConflict(shape)}` };
}

/** What an upsert does if the id is taken. */
function onConflict(shape: TableShape): string {
  const { table, columns, dialect } = shape;
  const id = columns.id.sql;
  // A row whose id only collates like ours is not ours: it stays, and no row is affected.
  const isSame = dialect.equals({ ...columns.id, sql: `${table}.${id}` }, `EXCLUDED.${id}`);
  const replaced = fieldsOf(shape, SAVED_FIELDS).map(({ sql }) => `${sql} = EXCLUDED.${sql}`);
  if (columns.version) replaced.push(`${columns.version.sql} = ${table}.${columns.version.sql} + 1`);
  return `ON CONFLICT (${id}) DO UPDATE SET ${replaced.join(', ')} WHERE ${isSame}`;
}
