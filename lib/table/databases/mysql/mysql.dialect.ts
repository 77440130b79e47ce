import { mysqlMultiRow } from './mysql.multi-row.js';
import { utcText, type InstantForm } from '../../entity/instant.js';
import { mysqlTransport } from './mysql.transport.js';
import { fieldsOf, pruneOrder, REPLACED, standardDialect } from '../../sql/standard.dialect.js';
import { compileText, isExpired } from '../../sql/statement.js';
import type { SessionDialect } from '../../sql/dialect.js';

const CHARACTER_SETS =
  'SELECT COLUMN_NAME AS name, CHARACTER_SET_NAME AS charset, @@character_set_client AS client ' +
  'FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?';

/** As microseconds of the epoch, which no option of the driver makes a date of. */
const INSTANT: InstantForm = {
  encode: utcText,
  read: (sql) => `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${sql})`,
  decode: (raw) => Number(raw) / 1_000,
};

/** What MySQL 8 and MariaDB 10.6 have in common. */
export const mysqlDialect: SessionDialect = {
  ...standardDialect,
  name: 'mysql',
  transport: mysqlTransport,
  multiRow: mysqlMultiRow,
  textBytes: { tinytext: 255, tinyblob: 255, text: 65_535, blob: 65_535, mediumtext: 16_777_215, mediumblob: 16_777_215 },

  async narrowFields(query, shape) {
    const { database, schema, tableName } = shape.metadata;
    const known = await query(CHARACTER_SETS, [database ?? schema ?? null, tableName]);
    if (known.length === 0) return undefined;
    const sets = new Map(known.map(({ name, charset }) => [name, charset]));
    const isNarrow = (set: unknown) => !/^(utf8mb4|utf16|utf16le|utf32)$/.test(String(set));
    const narrow = fieldsOf(shape).filter(({ type, metadata }) => {
      if (!/char|text|json|enum/.test(type)) return false;
      const set = sets.get(metadata.databaseName);
      return isNarrow(known[0]!['client']) || (typeof set === 'string' && isNarrow(set));
    });
    return new Set(narrow.map(({ field }) => field));
  },

  instantOf: (type) => (/^(datetime|timestamp)$/.test(type) ? INSTANT : undefined),
  // A `timestamp` means the zone of the session. Without this, an hour would come twice where clocks go back. MySQL takes the second
  // form, and MariaDB the first.
  inUtc(shape, sql) {
    const isZoned = fieldsOf(shape).some(({ type, read, sql: name }) => type === 'timestamp' && read !== name);
    if (!isZoned) return sql;
    return `/*M!100600 SET STATEMENT time_zone = '+00:00' FOR */ ${sql.replace(/^\w+/, "$& /*+ SET_VAR(time_zone = '+00:00') */")}`;
  },

  // The default collations ignore case and trailing spaces: the first half finds the row by its index, the second compares it.
  isExact: true,
  equals: ({ sql }, value) => `${sql} = ${value} AND ${bytes(sql)} = ${bytes(value)}`,

  upsert(shape) {
    const { id, version } = shape.columns;
    const isSame = `${bytes(id.sql)} = ${bytes(`VALUES(${id.sql})`)}`;
    // A row whose id only collates like ours is not ours: the subquery of two rows makes the statement fail.
    const guarded = (value: string) => `IF(${isSame}, ${value}, (SELECT 1 UNION SELECT 2))`;
    const replaced = fieldsOf(shape, REPLACED).map(({ sql, field }) => {
      const value = `VALUES(${sql})`;
      return `${sql} = ${field === 'data' ? guarded(value) : value}`;
    });
    if (version) replaced.push(`${version.sql} = ${version.sql} + 1`);
    const insert = standardDialect.insert(shape);
    return { ...insert, sql: `${insert.sql} ON DUPLICATE KEY UPDATE ${replaced.join(', ')}` };
  },

  lock: {
    async acquire(runner, name, { waitMs }) {
      const [row] = (await runner.query('SELECT GET_LOCK(?, ?) AS taken', [name, waitMs / 1_000])) as [{ taken: unknown }];
      return Number(row.taken) === 1;
    },
    release: (runner, name) => runner.query('DO RELEASE_LOCK(?)', [name]),
  },

  prune(shape) {
    const { table, columns } = shape;
    const id = columns.id.sql;
    const expired = `SELECT ${id} AS expired FROM ${table} WHERE ${isExpired(shape)} ORDER BY ${pruneOrder(shape)} LIMIT :limit`;
    // A derived table, because MySQL refuses LIMIT inside IN; DELETE … LIMIT would wait for locked rows.
    return compileText(shape, `DELETE s FROM ${table} s JOIN (${expired} FOR UPDATE SKIP LOCKED) e ON e.expired = s.${id}`);
  },
};

/** Text as its bytes in UTF-8, whatever the character set and collation of column and connection. */
function bytes(expression: string): string {
  return `CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)`;
}
