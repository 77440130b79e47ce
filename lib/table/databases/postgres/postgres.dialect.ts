import { isLockTimeout } from '../../database-error.js';
import { postgresTransport } from './postgres.transport.js';
import { LONE_WRITES, mapStatements, pruneOrder, standardDialect } from '../../sql/standard.dialect.js';
import { compileText, isExpired } from '../../sql/statement.js';
import { onConflict, valuesMultiRow } from '../../sql/values.multi-row.js';
import type { SessionDialect, Statement, TableShape } from '../../sql/dialect.js';

/** The types that parameters in a list of values are given, by the type of the column. */
const CASTS: Readonly<Record<string, string>> = {
  'character varying': 'text',
  varchar: 'text',
  text: 'text',
  bigint: 'bigint',
  int8: 'bigint',
  integer: 'integer',
  int4: 'integer',
  json: 'json',
  jsonb: 'jsonb',
  bytea: 'bytea',
  'timestamp without time zone': 'timestamp',
  timestamp: 'timestamp',
  'timestamp with time zone': 'timestamptz',
  timestamptz: 'timestamptz',
};

/**
 * A condition that always holds, and under which what follows in the same transaction waits at most 50 ms for a lock. Who holds
 * one for longer makes the statement fail, and it is tried again later: so no row keeps a connection of the pool.
 */
const WAITS_BRIEFLY = `set_config('lock_timeout', '50', true) IS NOT NULL`;

/** PostgreSQL, and what speaks its SQL. */
export const postgresDialect: SessionDialect = {
  ...standardDialect,
  name: 'postgres',
  transport: postgresTransport,
  multiRow: valuesMultiRow(
    ({ type }) => {
      const cast = CASTS[type];
      return cast === undefined ? undefined : (value) => `CAST(${value} AS ${cast})`;
    },
    { waitsBriefly: WAITS_BRIEFLY, rewritesIndexes: false },
  ),
  isExact: true,
  equals(column, value) {
    const { type, collation } = column.metadata;
    if ((type === String || /^(varchar|character varying|text)$/.test(String(type))) && !collation)
      return standardDialect.equals(column, value);
    // Of other types and collations, values that differ may be equal: the first half finds the row by its index.
    const own = /^char(acter)?$/.test(String(type)) ? 'bpchar' : String(type);
    const text = `CAST(${value} AS text)`;
    return `${column.sql} = CAST(${text} AS ${own}) AND CAST(${column.sql} AS text) = ${text} COLLATE "C"`;
  },
  ...mapStatements(standardDialect, [...LONE_WRITES, 'removeHandle'], waitBriefly),
  insert,
  upsert: insertOrReplace,
  clearUnlocked: (shape) => removeUnlocked(shape, '1 = 1'),
  // A row takes up to 2 KB of its page of 8, and what is larger lies apart (TOAST). So with a quarter free there is always room for
  // its next version, and no index is written (HOT). With a tenth free, half of all touches of sessions of 1 KB found none.
  async tune(runner, table) {
    const isUntouched = 'SELECT 1 FROM pg_class WHERE oid = to_regclass($1) AND reloptions IS NULL';
    const found = (await runner.query(isUntouched, [table])) as unknown[];
    if (found.length > 0) await runner.query(`ALTER TABLE ${table} SET (fillfactor = 75)`);
  },
  // Held by a transaction and not by the connection, so that no pool, nor a pooler in between, can hand it on.
  lock: {
    async acquire(runner, name, waitMs) {
      await runner.startTransaction('READ COMMITTED');
      try {
        await runner.query(`SELECT set_config('lock_timeout', $1, true)`, [String(waitMs)]);
        await runner.query('SELECT pg_advisory_xact_lock($1)', [BigInt.asIntN(64, BigInt(`0x${name.slice(0, 16)}`)).toString()]);
        return true;
      } catch (error) {
        await runner.rollbackTransaction();
        if (isLockTimeout(error)) return false;
        throw error;
      }
    },
    release: (runner) => runner.commitTransaction(),
  },
  prune: (shape) => removeUnlocked(shape, `${isExpired(shape)} ORDER BY ${pruneOrder(shape)}`),
  page: (shape, page) => withLimit(standardDialect.page(shape, page)),
  scan: (shape, limit, fromStart) => withLimit(standardDialect.scan(shape, limit, fromStart)),
  ids: (shape, limit) => withLimit(standardDialect.ids(shape, limit)),
};

/** An upsert of one row as PostgreSQL and SQLite write it. */
export function insertOrReplace(shape: TableShape): Statement {
  const statement = shape.dialect.insert(shape);
  return { ...statement, sql: `${statement.sql} ${onConflict(shape)}` };
}

/** The insert of one row. It waits for whoever is about to insert or remove one under the same id, but only briefly. */
function insert(shape: TableShape): Statement {
  const statement = standardDialect.insert(shape);
  const { id } = shape.columns;
  // Of another type, a CASE is no value of the column.
  if (CASTS[id.type] !== 'text') return statement;
  const place = new RegExp(`\\$${statement.parameters.indexOf('id') + 1}(?!\\d)`);
  return { ...statement, sql: statement.sql.replace(place, (value) => `CASE WHEN ${WAITS_BRIEFLY} THEN ${value} END`) };
}

function waitBriefly(statement: Statement): Statement {
  return { ...statement, sql: `${statement.sql} AND ${WAITS_BRIEFLY}` };
}

/** With the limit as a parameter, so that the server does not keep a prepared statement for each limit. */
function withLimit(statement: Statement): Statement {
  const { sql, parameters } = statement;
  return { ...statement, sql: sql.replace(/\d+$/, `$${parameters.length + 1}`), parameters: [...parameters, 'limit'] };
}

/** Removes up to `:limit` rows, except for those that another transaction has locked. */
function removeUnlocked(shape: TableShape, rows: string): Statement {
  const { table, columns } = shape;
  const unlocked = `SELECT ${columns.id.sql} FROM ${table} WHERE ${rows} LIMIT :limit FOR UPDATE SKIP LOCKED`;
  return compileText(shape, `DELETE FROM ${table} WHERE ${columns.id.sql} = ANY (ARRAY (${unlocked}))`);
}
