import type { DataSource, DataSourceOptions, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import { SessionOptionsError } from '../../session.errors.js';
import { checkConnection } from '../checking/connection.js';
import { mariadbDialect } from './mysql/mariadb.dialect.js';
import { mysqlDialect } from './mysql/mysql.dialect.js';
import { postgresDialect } from './postgres/postgres.dialect.js';
import { defineSessionEntity, SessionEntity } from '../entity/session.entity.js';
import { betterSqliteDialect, sqliteDialect, sqljsDialect } from './sqlite/sqlite.dialect.js';
import { standardDialect } from '../sql/standard.dialect.js';
import type { SessionDialect } from '../sql/dialect.js';

const FAMILIES: ReadonlyMap<string, SessionDialect> = new Map([
  ['postgres', postgresDialect],
  // It has no LISTEN.
  ['cockroachdb', { ...postgresDialect, notices: undefined }],
  ['mysql', mysqlDialect],
  ['mariadb', mysqlDialect],
  ['better-sqlite3', betterSqliteDialect],
  ['sqlite', sqliteDialect],
  ['sqljs', sqljsDialect],
]);

/** The dialect of an open data source; the standard one for drivers that have none of their own. */
export function pickDialect({ options, driver }: DataSource): SessionDialect {
  // TypeORM knows whether a server that was configured as MariaDB is one.
  if (options.type === 'mariadb' && driver.isReturningSqlSupported('delete')) return mariadbDialect;
  return FAMILIES.get(options.type) ?? standardDialect;
}

/** Throws `SessionOptionsError` for a database without SQL. */
export function refuseWithoutSql({ type }: DataSourceOptions): void {
  if (type !== 'mongodb') return;
  throw new SessionOptionsError(
    'The data source of the sessions is MongoDB, which has no SQL and cannot hold them. Name another one in the option `dataSource`, or ' +
      "give the sessions one of their own, as in `connection: { type: 'better-sqlite3', database: 'sessions.sqlite' }`.",
  );
}

/** Throws `SessionOptionsError` for options with which a data source of our own can never be opened. */
export function refuseUnusable(options: DataSourceOptions): void {
  refuseWithoutSql(options);
  const family = FAMILIES.get(options.type);
  checkConnection(options, family === betterSqliteDialect || family === sqliteDialect);
}

/** The default entity for a data source of our own: without the 65,535 bytes of MySQL's `text`. */
export function defaultEntity({ type }: DataSourceOptions): EntityTarget<ObjectLiteral> {
  const isMysql = FAMILIES.get(type) === mysqlDialect;
  return isMysql ? defineSessionEntity({ dataType: 'mediumtext', charset: 'utf8mb4' }) : SessionEntity;
}

/** The options of a data source of our own: the application's, and what its database needs. */
export function ownOptions(options: DataSourceOptions): DataSourceOptions {
  return { ...options, synchronize: options.synchronize ?? true, ...FAMILIES.get(options.type)?.ownOptions?.(options) };
}

/** Prepares a table that was just made, where its database has something to prepare. */
export async function tuneTable(runner: QueryRunner, tablePath: string): Promise<void> {
  const { driver, options } = runner.manager.dataSource ?? runner.manager.connection;
  const path = tablePath.split('.').map((name) => driver.escape(name));
  await FAMILIES.get(options.type)?.tune?.(runner, path.join('.'));
}

/** Gives a text column room for more characters, where its database counts them. */
export async function widenColumn(runner: QueryRunner, path: string, name: string, length: number): Promise<void> {
  const { driver, options } = runner.manager.dataSource ?? runner.manager.connection;
  const sql = FAMILIES.get(options.type)?.widen?.(driver.escape(name), `varchar(${length})`);
  if (sql !== undefined) await runner.query(`ALTER TABLE ${path} ${sql}`);
}
