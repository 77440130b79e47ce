import type { SessionDialect } from './dialect.js';
import { fieldsOf, pruneOrder, REPLACED, standardDialect } from './standard.dialect.js';
import { compileText, isExpired, type Statement, type TableShape } from './statement.js';

/** PostgreSQL, and what speaks its SQL. */
export const postgresDialect: SessionDialect = {
  ...standardDialect,
  name: 'postgres',
  upsert: insertOrReplace,
  prune(shape) {
    const { table, columns } = shape;
    const expired = `SELECT ${columns.id.sql} FROM ${table} WHERE ${isExpired(shape)} ORDER BY ${pruneOrder(shape)} LIMIT :limit`;
    return compileText(shape, `DELETE FROM ${table} WHERE ${columns.id.sql} = ANY (ARRAY (${expired} FOR UPDATE SKIP LOCKED))`);
  },
};

/** An upsert as PostgreSQL and SQLite write it. */
export function insertOrReplace(shape: TableShape): Statement {
  const { table, columns } = shape;
  const replaced = fieldsOf(shape, REPLACED).map(({ sql }) => `${sql} = EXCLUDED.${sql}`);
  if (columns.version) replaced.push(`${columns.version.sql} = ${table}.${columns.version.sql} + 1`);
  const insert = standardDialect.insert(shape);
  return { ...insert, sql: `${insert.sql} ON CONFLICT (${columns.id.sql}) DO UPDATE SET ${replaced.join(', ')}` };
}
