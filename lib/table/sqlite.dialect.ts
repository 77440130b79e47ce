import type { SessionDialect } from './dialect.js';
import { onConflict } from './postgres.dialect.js';
import { standardDialect } from './standard.dialect.js';
import { compileText, isExpired } from './statement.js';

/** SQLite 3.24 or later: better-sqlite3, sql.js. */
export const sqliteDialect: SessionDialect = {
  ...standardDialect,
  name: 'sqlite',
  integerHoldsMilliseconds: true,
  sharesConnection: true,

  upsert: (shape) => {
    const insert = standardDialect.insert(shape);
    return { ...insert, sql: `${insert.sql} ${onConflict(shape)}` };
  },

  prune(shape) {
    const { table, columns } = shape;
    const order = (columns.pruneAfter ?? columns.expiresAt ?? columns.id).sql;
    return compileText(
      shape,
      `DELETE FROM ${table} WHERE ${columns.id.sql} IN (SELECT ${columns.id.sql} FROM ${table} ` +
        `WHERE ${isExpired(shape)} ORDER BY ${order} LIMIT :limit)`,
    );
  },
};
