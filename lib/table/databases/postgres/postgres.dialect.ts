import { isLockTimeout } from '../../failure-kind.js';
import { utcText, type InstantForm } from '../../entity/instant.js';
import { postgresNotices } from './postgres.notices.js';
import { postgresTransport } from './postgres.transport.js';
import { columnOfParameter } from '../../sql/bound-statement.js';
import { fieldsOf, LONE_WRITES, mapStatements, pruneOrder, standardDialect } from '../../sql/standard.dialect.js';
import { compileText, isExpired } from '../../sql/statement.js';
import { insertOrReplace, valuesMultiRow } from '../../sql/values.multi-row.js';
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

const ENCODINGS = "SELECT current_setting('server_encoding') AS server, current_setting('client_encoding') AS client";

/** The form of strings that types accept which do not accept every string. */
const FORMS: Readonly<Record<string, RegExp>> = {
  '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$': /^uuid$/,
  '^-?[0-9]{1,4}$': /^smallint$/,
  '^-?[0-9]{1,9}$': /^integer$/,
  '^-?[0-9]{1,18}$': /^bigint$/,
};

/** As strings, because applications configure how the driver parses numbers and times. A `timestamp` is taken for UTC. */
const INSTANT: InstantForm = {
  encode: utcText,
  read: (sql) => `CAST(EXTRACT(EPOCH FROM ${sql}) AS text)`,
  // To the microsecond: as a fraction, 0.1 seconds are not exactly 100 milliseconds.
  decode: (raw) => Math.round(Number(raw) * 1_000_000) / 1_000,
};
/**
 * A time of another store, whose column may have a zone or not. It wrote the instant, and a column without a zone has cast it to the
 * zone of the session: so do ours.
 */
const ADOPTED_INSTANT: InstantForm = {
  ...INSTANT,
  encode: (epochMs) => `${utcText(epochMs)}+00`,
  read: (sql) => INSTANT.read(`CAST(${sql} AS timestamptz)`),
  cast: 'timestamp with time zone',
};
/** For the transaction of a lock alone, and instead of what the server, the role or the connection says. */
const LOCK_SETTINGS =
  `SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true), ` +
  `set_config('idle_in_transaction_session_timeout', $2, true)`;
/** How much later than this process the server ends a lock that is too old. The server does it only if the process is frozen. */
const FROZEN_MS = 10_000;
/**
 * A condition that always holds, and under which what follows in the same transaction waits at most 50 ms for a lock. Who holds
 * one for longer makes the statement fail, and it is tried again later: so no row keeps a connection of the pool.
 */
const WAITS_BRIEFLY = `set_config('lock_timeout', '50', true) IS NOT NULL`;
/**
 * A condition that always holds, and under which the transaction commits without waiting for the disk or a standby. It is the
 * statement's own transaction, and the setting ends with it.
 */
const COMMITS_EARLY = `set_config('synchronous_commit', 'off', true) IS NOT NULL`;

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
    { waitsBriefly: WAITS_BRIEFLY, commitsEarly: COMMITS_EARLY, rewritesIndexes: false },
  ),
  async characterSets(query, shape) {
    const [encodings] = await query(ENCODINGS, []);
    const { server, client } = encodings ?? {};
    const isWide = server === 'UTF8' && client === 'UTF8';
    const narrow = isWide ? [] : fieldsOf(shape).filter(({ type }) => /char|text|json/.test(type));
    return { narrowFields: new Set(narrow.map(({ field }) => field)), isConnectionNarrow: client !== 'UTF8' };
  },
  lacksNul: true,
  jsonType: 'json',
  inUtc: castParameters,
  instantOf(type, adopted) {
    if (!type.startsWith('timestamp')) return undefined;
    if (adopted) return ADOPTED_INSTANT;
    const zone = /tz|with time zone/.test(type) ? '+00' : '';
    return { ...INSTANT, encode: (epochMs) => utcText(epochMs) + zone };
  },
  isExact: true,
  equals(column, value) {
    const { type, metadata } = column;
    if (/^(varchar|character varying|text)$/.test(type) && !metadata.collation) return standardDialect.equals(column, value);
    // Of other types and collations, values that differ may be equal: the first half finds the row by its index.
    const own = type === 'character' ? 'bpchar' : type;
    const text = `CAST(${value} AS text)`;
    // A string that is no value of the type matches no row, and is no error.
    const form = Object.entries(FORMS).find(([, types]) => types.test(own))?.[0];
    const typed = form ? `CASE WHEN ${text} ~* '${form}' THEN CAST(${text} AS ${own}) END` : `CAST(${text} AS ${own})`;
    return `${column.sql} = ${typed} AND CAST(${column.sql} AS text) = ${text} COLLATE "C"`;
  },
  ...mapStatements(standardDialect, [...LONE_WRITES, 'removeHandle'], waitBriefly),
  ...mapStatements(standardDialect, ['touch', 'touchInHour'], (touch, shape) => commitEarly(waitBriefly(touch), shape)),
  insert,
  upsert: insertOrReplace,
  clearUnlocked: (shape) => removeUnlocked(shape, '1 = 1'),
  // A row takes up to 2 KB of its page of 8, and what is larger lies apart (TOAST). So with a quarter free there is always room for
  // its next version, and no index is written (HOT).
  async tune(runner, table) {
    const isUntouched = 'SELECT 1 FROM pg_class WHERE oid = to_regclass($1) AND reloptions IS NULL';
    const found = (await runner.query(isUntouched, [table])) as unknown[];
    if (found.length > 0) await runner.query(`ALTER TABLE ${table} SET (fillfactor = 75)`);
  },
  widen: (column, type) => `ALTER COLUMN ${column} TYPE ${type}`,
  // Held by a transaction and not by the connection, so that no pool, nor a pooler in between, can hand it on.
  lock: {
    async acquire(runner, name, { waitMs, maxHoldMs }) {
      await runner.startTransaction('READ COMMITTED');
      try {
        await runner.query(LOCK_SETTINGS, [String(waitMs), String(Math.min(maxHoldMs + FROZEN_MS, 2 ** 31 - 1))]);
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
  notices: postgresNotices,
  prune: (shape) => removeUnlocked(shape, `${isExpired(shape)} ORDER BY ${pruneOrder(shape)}`),
  page: (shape, page) => withLimit(standardDialect.page(shape, page)),
  locate: (shape, search) => withLimit(standardDialect.locate(shape, search)),
  scan: (shape, limit, fromStart) => withLimit(standardDialect.scan(shape, limit, fromStart)),
  ids: (shape, limit) => withLimit(standardDialect.ids(shape, limit)),
  idsInOrder: (shape, limit, fromStart) => withLimit(standardDialect.idsInOrder(shape, limit, fromStart)),
};

/** The insert of one row. It waits for whoever is about to insert or remove one under the same id, but only briefly. */
function insert(shape: TableShape): Statement {
  const statement = standardDialect.insert(shape);
  const { id } = shape.columns;
  // Of another type, a CASE is no value of the column.
  if (CASTS[id.type] !== 'text') return statement;
  // Names may hold a `$1`, too.
  const place = new RegExp(`"(?:[^"]|"")*"|\\$${statement.parameters.indexOf('id') + 1}(?!\\d)`, 'g');
  const wait = (found: string) => (found.startsWith('"') ? found : `CASE WHEN ${WAITS_BRIEFLY} THEN ${found} END`);
  return { ...statement, sql: statement.sql.replaceAll(place, wait) };
}

/** Parameters of which the column alone does not say the type. */
function castParameters(shape: TableShape, sql: string, parameters: readonly unknown[]): string {
  if (!fieldsOf(shape).some(({ cast }) => cast)) return sql;
  // Names may hold a `$1`, too.
  return sql.replaceAll(/"(?:[^"]|"")*"|\$(\d+)/g, (found, number: string | undefined) => {
    const cast = number === undefined ? undefined : columnOfParameter(shape, parameters[Number(number) - 1])?.cast;
    return cast === undefined ? found : `CAST(${found} AS ${cast})`;
  });
}

function waitBriefly(statement: Statement): Statement {
  return { ...statement, sql: `${statement.sql} AND ${WAITS_BRIEFLY}` };
}

function commitEarly(statement: Statement, { touchDurability }: TableShape): Statement {
  return touchDurability === 'relaxed' ? { ...statement, sql: `${statement.sql} AND ${COMMITS_EARLY}` } : statement;
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
