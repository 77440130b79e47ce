import { isLockTimeout } from './database-error.js';
import type { SessionDialect } from './dialect.js';
import { fieldsOf, pruneOrder, REPLACED, standardDialect } from './standard.dialect.js';
import { compileText, isExpired, type Statement, type TableShape } from './statement.js';

/** PostgreSQL, and what speaks its SQL. */
export const postgresDialect: SessionDialect = {
  ...standardDialect,
  name: 'postgres',
  upsert: insertOrReplace,
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
