import type { DataSource, DataSourceOptions, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import type { BatchForms } from './batch.js';
import { mariadbDialect } from './mariadb.dialect.js';
import { mysqlDialect } from './mysql.dialect.js';
import { postgresDialect } from './postgres.dialect.js';
import { defineSessionEntity, SessionEntity } from './session.entity.js';
import { betterSqliteDialect, sqliteDialect } from './sqlite.dialect.js';
import { standardDialect } from './standard.dialect.js';
import type { SessionColumn } from './session-columns.js';
import type { SessionPage } from './session-table.js';
import type { Statement, TableShape } from './statement.js';
import type { StatementTransport } from './statement-transport.js';

/** A lock of the database by name, held by one connection. */
export interface DatabaseLock {
  /** Resolves to false where the lock could not be had within `waitMs`; the connection is then as it was. */
  acquire(runner: QueryRunner, name: string, waitMs: number): Promise<boolean>;
  release(runner: QueryRunner, name: string): Promise<void>;
}

type Build = (shape: TableShape) => Statement;

/**
 * What a database says in its own way. The standard dialect goes through TypeORM's query builder and fits any driver; the
 * others replace single members.
 */
export interface SessionDialect {
  readonly name: string;
  /** Whether a column of type integer has 64 bits. */
  readonly integerHoldsMilliseconds: boolean;
  /** Whether all of the application shares one connection, so that our writes must keep out of its transactions. */
  readonly sharesConnection: boolean;
  /** How statements get to the database, unless they are not to be prepared. */
  readonly transport: StatementTransport;
  /** The statements for several rows; without one the rows are written one by one. */
  readonly batches: BatchForms;
  /** Bytes that a text or binary type without a length holds. */
  readonly textBytes: Readonly<Record<string, number>>;
  /** Whether `equals` is exact; if not, a row is looked at before it is written. */
  readonly isExact: boolean;
  /** Compares a text column with a parameter or column by case, length and padding. */
  equals(column: Pick<SessionColumn, 'sql' | 'metadata'>, value: string): string;

  readonly find: Build;
  /** By the id before, of which `previousUntil` is the end. */
  readonly findPrevious: Build;
  /** The id alone, of a row that may have expired. */
  readonly locate: Build;
  readonly insert: Build;
  /** Only at the version that was read. */
  readonly update: Build;
  /** The same without what has an index; where it is missing, the database sees by itself that a value stays. */
  readonly updateInPlace?: Build;
  /** At any version. */
  readonly overwrite: Build;
  readonly touch: Build;
  /** Without the hour after which the row is pruned. */
  readonly touchInHour: Build;
  readonly rekey: Build;
  readonly remove: Build;
  readonly removeHandle: Build;
  readonly clear: Build;
  readonly count: Build;
  /** The user ids of live rows that compare as equal to this one. */
  readonly ofUser: Build;
  /** One atomic statement; without it: overwrite, else insert, else overwrite. */
  readonly upsert?: Build;
  /** Removes up to `:limit` expired rows, whether or not others do so too; without it: `expired`, then `remove`. */
  readonly prune?: Build;

  /** Prepares a table that was just made, in a way that entities cannot say. Does nothing where the table has settings already. */
  readonly tune?: (runner: QueryRunner, table: string) => Promise<void>;

  /** What a data source of our own is opened with, where the application says nothing else. */
  ownOptions?(options: DataSourceOptions): object;

  /** Without it sessions are locked within the process only. */
  readonly lock?: DatabaseLock;

  page(shape: TableShape, page: SessionPage): Statement;
  scan(shape: TableShape, limit: number, fromStart: boolean): Statement;
  /** The ids of rows to remove, the oldest first. */
  expired(shape: TableShape, limit: number): Statement;
}

/** The statements of a dialect that are built once. */
export type StatementName = {
  [Name in keyof SessionDialect]-?: SessionDialect[Name] extends Build | undefined ? Name : never;
}[keyof SessionDialect];

const FAMILIES: ReadonlyMap<string, SessionDialect> = new Map([
  ['postgres', postgresDialect],
  ['cockroachdb', postgresDialect],
  ['mysql', mysqlDialect],
  ['mariadb', mysqlDialect],
  ['better-sqlite3', betterSqliteDialect],
  ['sqlite', sqliteDialect],
  ['sqljs', sqliteDialect],
]);

/** The dialect of an open data source; the standard one for drivers that have none of their own. */
export function pickDialect({ options, driver }: DataSource): SessionDialect {
  // TypeORM knows it of a server that it was told is a MariaDB, and is one.
  if (options.type === 'mariadb' && driver.isReturningSqlSupported('delete')) return mariadbDialect;
  return FAMILIES.get(options.type) ?? standardDialect;
}

/** The default entity for a data source of our own: without the 65,535 bytes of MySQL's `text`. */
export function defaultEntity({ type }: DataSourceOptions): EntityTarget<ObjectLiteral> {
  const isMysql = FAMILIES.get(type) === mysqlDialect;
  return isMysql ? defineSessionEntity({ dataType: 'mediumtext', charset: 'utf8mb4' }) : SessionEntity;
}

/** The options of a data source of our own: the application's, and behind them those of its database. */
export function ownOptions(options: DataSourceOptions): DataSourceOptions {
  return { synchronize: true, ...FAMILIES.get(options.type)?.ownOptions?.(options), ...options };
}

/** Prepares a table that was just made, where its database has something to prepare. */
export async function tuneTable(runner: QueryRunner, tablePath: string): Promise<void> {
  const { driver, options } = runner.manager.dataSource ?? runner.manager.connection;
  const path = tablePath.split('.').map((name) => driver.escape(name));
  await FAMILIES.get(options.type)?.tune?.(runner, path.join('.'));
}
