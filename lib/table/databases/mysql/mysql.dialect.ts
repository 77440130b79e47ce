import { bytes, mysqlMultiRow, onDuplicateKey, selectUnlocked } from './mysql.multi-row.js';
import { SessionOptionsError } from '../../../session.errors.js';
import { utcText, type InstantForm } from '../../entity/instant.js';
import { mysqlTransport } from './mysql.transport.js';
import { fieldsOf, LONE_WRITES, mapStatements, pruneOrder, standardDialect } from '../../sql/standard.dialect.js';
import { compileText, isExpired } from '../../sql/statement.js';
import type { SessionDialect, Statement, TableShape } from '../../sql/dialect.js';

const CHARACTER_SETS =
  'SELECT COLUMN_NAME AS name, CHARACTER_SET_NAME AS charset, @@character_set_client AS client, @@sql_mode AS mode ' +
  'FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?';

/** Those of a decimal type that is declared without. */
const DECIMAL_DIGITS = 10;

/** As microseconds of the epoch, which no option of the driver makes a date of. */
const INSTANT: InstantForm = {
  encode: utcText,
  read: (sql) => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${sql})`,
  decode: (raw) => Number(raw) / 1_000,
};

/** MySQL 8: what MariaDB 10.6 understands, too. */
export const mysqlDialect: SessionDialect = {
  ...standardDialect,
  name: 'mysql',
  transport: mysqlTransport,
  multiRow: mysqlMultiRow,
  largestWhole(type, digits) {
    // Of single precision, shown to six digits, if it is declared with no more than 24 bits.
    if (type === 'float') return (digits ?? 0) > 24 ? Infinity : 999_999;
    return standardDialect.largestWhole(type, digits ?? DECIMAL_DIGITS);
  },
  textBytes: { tinytext: 255, tinyblob: 255, text: 65_535, blob: 65_535, mediumtext: 16_777_215, mediumblob: 16_777_215 },

  async characterSets(query, shape) {
    const { database, schema, tableName } = shape.metadata;
    const known = await query(CHARACTER_SETS, [database ?? schema ?? null, tableName]);
    if (known.length === 0) return undefined;
    assertEscapes(known[0]!['mode']);
    const sets = new Map(known.map(({ name, charset }) => [name, charset]));
    const isNarrow = (set: unknown) => !/^(utf8mb4|utf16|utf16le|utf32)$/.test(String(set));
    const isConnectionNarrow = isNarrow(known[0]!['client']);
    const narrow = fieldsOf(shape).filter(({ type, metadata }) => {
      if (!/char|text|json|enum/.test(type)) return false;
      const set = sets.get(metadata.databaseName);
      return isConnectionNarrow || (typeof set === 'string' && isNarrow(set));
    });
    return { narrowFields: new Set(narrow.map(({ field }) => field)), isConnectionNarrow };
  },

  jsonType: 'json',
  instantOf: (type) => (/^(datetime|timestamp)$/.test(type) ? INSTANT : undefined),
  // A `timestamp` means the zone of the session. Without this, an hour would come twice where clocks go back. MySQL takes the second
  // form, and MariaDB the first.
  inUtc(shape, sql) {
    if (!isZoned(shape)) return sql;
    return `/*M!100600 SET STATEMENT time_zone = '+00:00' FOR */ ${sql.replace(/^\w+/, "$& /*+ SET_VAR(time_zone = '+00:00') */")}`;
  },

  // The default collations ignore case and trailing spaces: the first half finds the row by its index, the second compares it.
  isExact: true,
  equals: ({ sql }, value) => `${sql} = ${value} AND ${bytes(sql)} = ${bytes(value)}`,

  ...mapStatements(standardDialect, LONE_WRITES, skipLocked),
  skipsLocked: true,

  upsert(shape) {
    const insert = shape.dialect.insert(shape);
    return { ...insert, sql: `${insert.sql} ${onDuplicateKey(shape)}` };
  },

  widen: (column, type) => `MODIFY ${column} ${type} NOT NULL`,

  lock: {
    async acquire(runner, name, { waitMs }) {
      const [row] = (await runner.query('SELECT GET_LOCK(?, ?) AS taken', [name, waitMs / 1_000])) as [{ taken: unknown }];
      return Number(row.taken) === 1;
    },
    release: (runner, name) => runner.query('DO RELEASE_LOCK(?)', [name]),
  },

  clearUnlocked: (shape) => removeUnlocked(shape, '1 = 1'),
  prune: (shape) => removeUnlocked(shape, `${isExpired(shape)} ORDER BY ${pruneOrder(shape)}`),
};

/** The drivers put values into SQL with backslashes before quotation marks. Under this mode these escape nothing: a user id could be SQL. */
function assertEscapes(mode: unknown): void {
  if (!String(mode).includes('NO_BACKSLASH_ESCAPES')) return;
  throw new SessionOptionsError(
    'The connections of the session data source have NO_BACKSLASH_ESCAPES in their `sql_mode`, under which a value could become SQL. ' +
      'Take it out of the `sql_mode` of the server, or of what sets it for each connection.',
  );
}

/** Whether a column means the zone of the session. */
export const isZoned = (shape: TableShape): boolean => fieldsOf(shape).some(({ type, read, sql }) => type === 'timestamp' && read !== sql);

/** The write of one row, under the same condition, except where another transaction has locked it. */
function skipLocked({ sql, parameters, ...statement }: Statement, shape: TableShape): Statement {
  const at = sql.lastIndexOf(' WHERE ');
  const unlocked = selectUnlocked(shape, sql.slice(at + ' WHERE '.length));
  const [, set] = sql.slice(0, at).split(' SET ', 2);
  const id = shape.columns.id.sql;
  if (set === undefined)
    return { ...statement, sql: `DELETE s FROM ${unlocked} STRAIGHT_JOIN ${shape.table} s ON s.${id} = l.unlocked`, parameters };
  // The condition comes first now.
  const inSet = set.split('?').length - 1;
  return {
    ...statement,
    sql: `UPDATE ${unlocked} STRAIGHT_JOIN ${shape.table} SET ${set} WHERE ${id} = l.unlocked`,
    parameters: [...parameters.slice(inSet), ...parameters.slice(0, inSet)],
  };
}

/** Removes up to `:limit` rows, except for those that another transaction has locked. */
function removeUnlocked(shape: TableShape, rows: string): Statement {
  const { table, columns } = shape;
  const unlocked = `SELECT ${columns.id.sql} AS unlocked FROM ${table} WHERE ${rows} LIMIT :limit FOR UPDATE SKIP LOCKED`;
  // A derived table, because MySQL refuses LIMIT inside IN; DELETE … LIMIT would wait for locked rows.
  // It is joined first: a scan of the table would meet the locked rows.
  return compileText(shape, `DELETE s FROM (${unlocked}) l STRAIGHT_JOIN ${table} s ON s.${columns.id.sql} = l.unlocked`);
}
