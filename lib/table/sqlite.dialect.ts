import type { SessionDialect } from './dialect.js';
import { insertOrReplace } from './postgres.dialect.js';
import { throughSqliteConnection } from './sqlite-connection.js';
import { ownFileOptions } from './sqlite-file.js';
import { pruneOrder, standardDialect, updateInPlace } from './standard.dialect.js';
import { compileText, isExpired } from './statement.js';
import { valuesBatches } from './values.batches.js';

/** SQLite 3.35 or later, with any driver. */
export const sqliteDialect: SessionDialect = {
  ...standardDialect,
  name: 'sqlite',
  batches: valuesBatches(() => (value) => value, { locksRows: false, rewritesIndexes: true }),
  integerHoldsMilliseconds: true,
  sharesConnection: true,
  isExact: true,
  // The first half finds the row by its index, whatever the collation; the second compares it.
  equals: ({ sql }, value) => `${sql} = ${value} AND ${sql} = ${value} COLLATE BINARY`,
  updateInPlace,
  upsert: insertOrReplace,
  prune(shape) {
    const { table, columns } = shape;
    const expired = `SELECT ${columns.id.sql} FROM ${table} WHERE ${isExpired(shape)} ORDER BY ${pruneOrder(shape)} LIMIT :limit`;
    return compileText(shape, `DELETE FROM ${table} WHERE ${columns.id.sql} IN (${expired})`);
  },
};

/** The driver `better-sqlite3`, which answers at once. */
export const betterSqliteDialect: SessionDialect = { ...sqliteDialect, transport: throughSqliteConnection, ownOptions: ownFileOptions };
