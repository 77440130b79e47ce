import { betterSqliteTransport, unpreparedBetterSqliteTransport } from './better-sqlite3.transport.js';
import { ownFileOptions } from './open-options.js';
import { isoText, textInstant } from '../../entity/instant.js';
import { sharedRunnerTransport } from './shared-connection.js';
import { sqljsTransport } from './sqljs.transport.js';
import { pruneOrder, standardDialect, updateInPlace } from '../../sql/standard.dialect.js';
import { and, compileText, hasId, isExpired, isLive } from '../../sql/statement.js';
import { insertOrReplace, valuesMultiRow } from '../../sql/values.multi-row.js';
import type { SessionDialect, Statement, TableShape } from '../../sql/dialect.js';

/** SQLite 3.35 or later, with any driver. */
export const sqliteDialect: SessionDialect = {
  ...standardDialect,
  name: 'sqlite',
  multiRow: valuesMultiRow(() => (value) => value, { rewritesIndexes: true }),
  integerHoldsMilliseconds: true,
  // Each number has 64 bits, whatever the type says.
  largestWhole: () => Infinity,
  instantOf(type, adopted) {
    if (type !== 'datetime') return undefined;
    return adopted?.hasIsoTimes ? { ...textInstant, encode: isoText } : textInstant;
  },
  transport: sharedRunnerTransport,
  unpreparedTransport: sharedRunnerTransport,
  isExact: true,
  // The first half finds the row by its index, whatever the collation; the second compares it.
  equals: ({ sql }, value) => `${sql} = ${value} AND ${sql} = ${value} COLLATE BINARY`,
  updateInPlace,
  upsert: insertOrReplace,
  // Each statement locks the file before it reads, so nobody counts at the same moment.
  insertWithin(shape) {
    const { sql, ...insert } = standardDialect.insert(shape);
    const at = sql.lastIndexOf(' VALUES (');
    const isWithin = withinLimit(shape);
    const values = sql.slice(at + ' VALUES ('.length, -1);
    const parameters = [...insert.parameters, ...isWithin.parameters];
    return { ...insert, sql: `${sql.slice(0, at)} SELECT ${values} WHERE ${isWithin.sql}`, parameters };
  },
  updateWithin: (shape) => alsoWithinLimit(standardDialect.update(shape), shape),
  overwriteWithin: (shape) => alsoWithinLimit(standardDialect.overwrite(shape), shape),
  prune(shape) {
    const { table, columns } = shape;
    const expired = `SELECT ${columns.id.sql} FROM ${table} WHERE ${isExpired(shape)} ORDER BY ${pruneOrder(shape)} LIMIT :limit`;
    return compileText(shape, `DELETE FROM ${table} WHERE ${columns.id.sql} IN (${expired})`);
  },
};

function alsoWithinLimit({ sql, parameters, ...statement }: Statement, shape: TableShape): Statement {
  const isWithin = withinLimit(shape);
  return { ...statement, sql: `${sql} AND ${isWithin.sql}`, parameters: [...parameters, ...isWithin.parameters] };
}

/** Whether a user has fewer live rows than `:count`, without the row of `:id`. */
function withinLimit(shape: TableShape): Statement {
  const { userId } = shape.columns;
  const isOfUser = userId && shape.dialect.equals(userId, ':userId');
  return compileText(
    shape,
    `(SELECT COUNT(*) FROM ${shape.table} WHERE ${and(isOfUser, `NOT (${hasId(shape)})`, isLive(shape))}) < :count`,
  );
}

/** The driver `better-sqlite3`, which answers at once. */
export const betterSqliteDialect: SessionDialect = {
  ...sqliteDialect,
  transport: betterSqliteTransport,
  unpreparedTransport: unpreparedBetterSqliteTransport,
  ownOptions: ownFileOptions,
};

/** The driver `sql.js`, which answers at once. */
export const sqljsDialect: SessionDialect = { ...sqliteDialect, transport: sqljsTransport, unpreparedTransport: sqljsTransport };
