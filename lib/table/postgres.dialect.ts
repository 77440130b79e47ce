import type { SessionDialect } from './dialect.js';
import { fieldsOf, standardDialect } from './standard.dialect.js';
import { compileText, isExpired, type TableShape } from './statement.js';

/** PostgreSQL, and what speaks its SQL. */
export const postgresDialect: SessionDialect = {
  ...standardDialect,
  name: 'postgres',

  upsert: (shape) => {
    const insert = standardDialect.insert(shape);
    return { ...insert, sql: `${insert.sql} ${onConflict(shape)}` };
  },

  prune(shape) {
    const { table, columns } = shape;
    const order = (columns.pruneAfter ?? columns.expiresAt ?? columns.id).sql;
    return compileText(
      shape,
      `DELETE FROM ${table} WHERE ${columns.id.sql} = ANY (ARRAY (SELECT ${columns.id.sql} FROM ${table} ` +
        `WHERE ${isExpired(shape)} ORDER BY ${order} LIMIT :limit FOR UPDATE SKIP LOCKED))`,
    );
  },
};

/** The replacing half of an upsert, as PostgreSQL and SQLite write it. */
export function onConflict(shape: TableShape): string {
  const { table, columns } = shape;
  const replaced = fieldsOf(shape, ['data', 'expiresAt', 'pruneAfter', 'lastSeenAt', 'userId']).map(
    ({ sql }) => `${sql} = EXCLUDED.${sql}`,
  );
  if (columns.version) replaced.push(`${columns.version.sql} = ${table}.${columns.version.sql} + 1`);
  return `ON CONFLICT (${columns.id.sql}) DO UPDATE SET ${replaced.join(', ')}`;
}
