import type { DataSource } from 'typeorm';
import { textOf, SessionEntityError, SessionOptionsError } from '../session.errors.js';
import { borrowDatabase, ownDatabase, type DataSourceLifecycle } from '../table/data-source-lifecycle.js';
import { adoptedTable } from '../table/entity/adopted-tables.js';
import { SessionEntity } from '../table/entity/session.entity.js';
import type { OptionalField, SessionField } from '../table/session-row.js';
import type { SessionTable } from '../table/session-table.js';
import { NoticeChannel } from '../table/notices/notice-channel.js';
import { TypeOrmSessionTable } from '../table/typeorm-session-table.js';
import type { ResolvedSessionOptions } from './options/session-options.js';
import { findWeakSettings } from './runtime/security-report.js';
import { harmless } from './harmless.js';
import { isProduction } from './production.js';
import { loadTelemetryApi } from './runtime/telemetry.js';
import { SessionStore } from './session-store.js';
import { checkTable } from './start-up.js';

/** What the surroundings give, apart from the options. */
export interface SessionEnvironment {
  /** The application's data source, if there is one. */
  readonly dataSource?: DataSource | undefined;
  /** Whether an initialised data source has its entities, too; else it may be in the middle of it. */
  readonly isSettled?: boolean;
  readonly warn?: (message: string) => void;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Fields whose absence needs no warning: required ones are an error, and no feature stands on the others alone. */
type Silent = 'id' | 'data' | 'pruneAfter' | 'lastSeenAt' | OptionalField;

/** What is lost if the entity has no column for a field. */
const FEATURES: Readonly<Record<Exclude<SessionField, Silent>, string>> = {
  expiresAt: 'expiresAt (a session ends when its cookie said at its last save; using it does not extend it, nothing is pruned)',
  createdAt: 'createdAt (no absolute timeout)',
  version: 'version (overlapping requests overwrite each other)',
  userId: 'userId (no listing by user)',
  handle: 'handle (no listing, no public id)',
};

/** The same, if the option `metadata` asks for them. */
const CLIENT_FEATURES: Readonly<Record<'ipAddress' | 'userAgent', string>> = {
  ipAddress: 'ipAddress (`metadata` keeps no address)',
  userAgent: 'userAgent (`metadata` keeps no user agent)',
};

/**
 * Options and data source → table → store: the one place where they are put together. Opens nothing; where the data
 * source is open already, an entity that cannot hold sessions is an error at once.
 */
export function composeStore(options: ResolvedSessionOptions, environment: SessionEnvironment): SessionStore {
  return compose(options, environment).store;
}

/**
 * The same, and looks at the table before the application starts. A data source of the application's that is not initialised yet
 * is looked at by the first use.
 */
export async function openStore(options: ResolvedSessionOptions, environment: SessionEnvironment): Promise<SessionStore> {
  const { store, table, database, warn } = compose(options, environment);
  const isLate = database.dataSource === environment.dataSource && !database.isOpen();
  try {
    if (!isLate) await checkTable(table, options.operationTimeoutMs, warn);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A store over a table that is no database's: nothing is opened, checked or pruned. */
export function storeOver(table: SessionTable, options: ResolvedSessionOptions, warn: (message: string) => void): SessionStore {
  return new SessionStore(table, options, { now: () => Date.now(), warn: harmless(warn), warnOfMistake: undefined }, async () => {});
}

function compose(options: ResolvedSessionOptions, environment: SessionEnvironment) {
  const { now = () => Date.now() } = environment;
  const warn = harmless(environment.warn ?? ((message) => console.warn(message)));
  const database = databaseOf(options, environment.dataSource, warn);
  const notices = options.cache && options.cache.notify ? new NoticeChannel(database, options.operationTimeoutMs, warn) : undefined;
  const table = new TypeOrmSessionTable(database, {
    columns: columnsOf(options),
    timeoutMs: options.operationTimeoutMs,
    hashIds: options.hashIds !== false,
    adopted: options.adopt && adoptedTable(options.adopt),
    prepares: options.preparedStatements,
    touchDurability: options.touchDurability,
    onReady: (fields) => {
      assertColumns(options, fields);
      warnOfMissing(fields, options, warn);
      notices?.start();
    },
  });
  if (database.isOpen() || (environment.isSettled && database.dataSource.isInitialized)) table.check();
  const [weakSecret] = options.weakSecrets;
  if (weakSecret !== undefined && isProduction()) throw new SessionOptionsError(weakSecret);
  const weakSettings = isProduction() ? findWeakSettings(options) : [];
  for (const warning of [options.weakSecrets, options.warnings, weakSettings].flat()) warn(warning);
  const close = async (): Promise<void> => {
    await table.endLocks();
    await notices?.close();
    await database.close();
  };
  const warnOfMistake = isProduction() ? undefined : warn;
  const store = new SessionStore(table, options, { now, warn, warnOfMistake, notices }, close);
  store.startPruning();
  loadTelemetryApi().then(
    (api) => api && store.attachTelemetry(api),
    (error: unknown) => warn(`Telemetry of the session store could not be loaded: ${textOf(error)}`),
  );
  return { store, table, database, warn };
}

/** What an option needs must be there; what else is missing switches its feature off. */
function columnsOf({ columns, renewAfterMs }: ResolvedSessionOptions): ResolvedSessionOptions['columns'] {
  return renewAfterMs === undefined ? columns : { previousId: 'previousId', previousUntil: 'previousUntil', ...columns };
}

function databaseOf(
  { connection, entity, operationTimeoutMs }: ResolvedSessionOptions,
  dataSource: DataSource | undefined,
  warn: (message: string) => void,
): DataSourceLifecycle {
  if (connection) return ownDatabase(connection, entity, operationTimeoutMs);
  if (dataSource) return borrowDatabase(dataSource, entity ?? SessionEntity, operationTimeoutMs);
  const remedy =
    "Pass `dataSource` (under Nest, TypeOrmModule.forRoot registers one), or `connection` as in { type: 'better-sqlite3', database: 'sessions.sqlite' }.";
  if (isProduction()) {
    throw new SessionOptionsError(`There is no data source to keep sessions in, and memory is refused in production. ${remedy}`);
  }
  const database = inMemory(entity, remedy);
  warn(`Sessions are kept in memory and end with this process, because there is no data source. ${remedy}`);
  return database;
}

function inMemory(entity: ResolvedSessionOptions['entity'], remedy: string): DataSourceLifecycle {
  try {
    return ownDatabase({ type: 'better-sqlite3', database: ':memory:' }, entity);
  } catch (error) {
    if (error instanceof SessionEntityError) throw error;
    try {
      return ownDatabase({ type: 'sqljs' }, entity);
    } catch (cause) {
      throw new SessionOptionsError(`There is no data source to keep sessions in, and no SQLite driver is installed. ${remedy}`, {
        cause,
      });
    }
  }
}

/**
 * Throws `SessionOptionsError` for an option that the entity lacks a column for. A limit that cannot be kept must not look as if it were;
 * what is encrypted is bound to its row by the handle, which no rotation changes; and without a version, a save from a copy in memory
 * would overwrite what other processes have stored since.
 */
function assertColumns(options: ResolvedSessionOptions, fields: ReadonlySet<SessionField>): void {
  const needs: readonly (readonly [option: string, isSet: unknown, needed: readonly SessionField[]])[] = [
    ['maxSessionsPerUser', options.maxSessionsPerUser, ['userId', 'handle', 'createdAt']],
    ['encryption', options.encryption, ['handle']],
    ['cache', options.cache, ['version']],
  ];
  for (const [option, isSet, needed] of needs) {
    const missing = needed.filter((field) => !fields.has(field));
    if (!isSet || missing.length === 0) continue;
    const remedy =
      options.adopt && !options.adopt.extended
        ? `Write \`adopt: { store: '${options.adopt.store}', extended: true }\`, and add the columns by \`createSessionMigration\` with the same.`
        : 'Add what is missing, or name it in `columns`.';
    throw new SessionOptionsError(
      `The option \`${option}\` needs an entity with columns for ${needed.join(', ')}, and yours has none for ${missing.join(', ')}. ${remedy}`,
    );
  }
}

function warnOfMissing(fields: ReadonlySet<SessionField>, { metadata }: ResolvedSessionOptions, warn: (message: string) => void): void {
  const features = metadata ? { ...FEATURES, ...CLIENT_FEATURES } : FEATURES;
  const missing = Object.entries(features).filter(([field]) => !fields.has(field as SessionField));
  if (missing.length === 0) return;
  warn(`The session entity has no column for ${missing.map(([, feature]) => feature).join(', ')}.`);
}
