import { DataSource } from 'typeorm';
import type { DataSourceOptions, EntityTarget, ObjectLiteral } from 'typeorm';
import { SessionOptionsError, SessionUnavailableError } from '../session.errors.js';
import { isAlreadyThere, toOpeningError } from './database-error.js';
import { defaultEntity, ownOptions, refuseUnusable, refuseWithoutSql, tuneTable } from './databases/databases.js';
import { obstacleOf } from './databases/sqlite/shared-connection.js';
import { assertDecorated } from './entity/entity-metadata.js';
import { pause, runningPause } from './running-time.js';

/** Where the table's data source comes from, and whose it is. */
export interface DataSourceLifecycle {
  readonly dataSource: DataSource;
  readonly entity: EntityTarget<ObjectLiteral>;
  /** Whether statements can be built and run. */
  isOpen(): boolean;
  /** Whether the data source was open, or may have been, and nobody is expected to open it again. */
  isClosed(): boolean;
  /** The error of an operation for which the data source is closed. */
  closedError(cause?: unknown): SessionUnavailableError;
  /** Whether the table may be missing only because it is being made at this moment. */
  mayBeMakingTables(): boolean;
  /** Resolves when the data source is open. Rejects with `SessionUnavailableError`, at once if it is closed; the next call tries again. */
  open(): Promise<void>;
  /** Closes the data source if it is ours. */
  close(): Promise<void>;
}

/** How often a data source of the application is looked at until it is initialised; TypeORM has no event for it. */
const POLL_MS = 20;
/** Two processes that create the table at the same moment: the loser starts over, once per object it may collide on. */
const CREATE_ATTEMPTS = 5;
/** How often a SQLite file that another process has locked is opened again. */
const LOCKED_POLL_MS = 50;
/** The share of the timeout that is spent on opening. Not all of it, because the error of a late operation says less. */
const PATIENCE = 0.8;
/** What TypeORM and its drivers say while, or after, they are closed. */
const CLOSED =
  /after calling end on the pool|^Pool is closed|connection is not open|^Database closed|^Driver not Connected|^Connection is not established/;

/** Whether a driver refused a statement because it is closed, which it is before its data source says so. */
export function isClosedError(error: unknown): boolean {
  const { driverError = error } = (error ?? {}) as { readonly driverError?: unknown };
  return CLOSED.test(driverError instanceof Error ? driverError.message : String(driverError));
}

/**
 * The application's own data source: waited for up to `timeoutMs`, never initialised nor closed by us. Throws
 * `SessionOptionsError` if it has no SQL.
 */
export function borrowDatabase(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>, timeoutMs: number): DataSourceLifecycle {
  refuseWithoutSql(dataSource.options);
  let isStoreClosed = false;
  // TypeORM says that it is initialised before it knows its entities, and knows them after it was closed.
  const isOpen = () => dataSource.isInitialized && dataSource.entityMetadatas.length > 0;
  const isClosed = () => !dataSource.isInitialized && (isStoreClosed || dataSource.entityMetadatas.length > 0);
  const closedError = (cause?: unknown) =>
    new SessionUnavailableError(
      'The data source of the sessions was closed, as it is when the application ends. Do not use sessions after that, or initialize it again.',
      { cause },
    );
  const open = async (): Promise<void> => {
    for (let waited = 0; !isOpen(); waited += await runningPause(POLL_MS)) {
      if (isClosed()) throw closedError();
      if (waited >= timeoutMs * PATIENCE) {
        // Without any entity it will not get further: the table says what is missing.
        if (dataSource.isInitialized) return;
        throw new SessionUnavailableError(
          `The data source of the sessions was not initialised within ${timeoutMs} ms. Call its initialize() at start-up.`,
        );
      }
    }
  };
  const mayBeMakingTables = () => Boolean(dataSource.options.synchronize || dataSource.options.migrationsRun);
  const close = async (): Promise<void> => {
    isStoreClosed = true;
  };
  return { dataSource, entity, isOpen, isClosed, closedError, mayBeMakingTables, open, close };
}

/**
 * A data source of our own: opened at first use, its one table created unless `synchronize: false`, closed by `close`. A SQLite file that
 * another process has locked is waited for up to `timeoutMs` (default: not at all).
 * Throws `SessionOptionsError` if no data source can be opened with the options, the driver is not installed, or the database has no SQL, and
 * `SessionEntityError` for a class that is no entity.
 */
export function ownDatabase(connection: DataSourceOptions, custom?: EntityTarget<ObjectLiteral>, timeoutMs = 0): DataSourceLifecycle {
  refuseUnusable(connection);
  const entity = custom ?? defaultEntity(connection);
  assertDecorated(entity);
  const dataSource = createDataSource({ ...ownOptions(connection), entities: [entity as never] });
  let opening: Promise<void> | undefined;
  let isOpen = false;
  let isClosed = false;

  const closedError = (cause?: unknown) =>
    new SessionUnavailableError('The session store was closed, as it is when the application ends. Do not use sessions after that.', {
      cause,
    });

  const initialize = async (): Promise<void> => {
    for (let attempt = 1, waited = 0; ;) {
      try {
        if (!dataSource.isInitialized) await dataSource.initialize();
        if (dataSource.options.synchronize) await tune(dataSource, entity);
        isOpen = true;
        return;
      } catch (error) {
        if (isAlreadyThere(error) && attempt++ < CREATE_ATTEMPTS) continue;
        if (!obstacleOf(error) || waited >= timeoutMs * PATIENCE || isClosed) throw toOpeningError(error);
        waited += LOCKED_POLL_MS;
        await pause(LOCKED_POLL_MS);
      }
    }
  };
  return {
    dataSource,
    entity,
    isOpen: () => isOpen,
    isClosed: () => isClosed,
    closedError,
    mayBeMakingTables: () => false,
    // Single flight, because two initialisations at once open two pools and leak one; cleared on failure.
    async open() {
      if (isClosed) throw closedError();
      await (opening ??= initialize().catch((error: unknown) => {
        opening = undefined;
        throw error;
      }));
    },
    async close() {
      isClosed = true;
      isOpen = false;
      await opening?.catch(() => undefined);
      if (dataSource.isInitialized) await dataSource.destroy();
    },
  };
}

async function tune(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>): Promise<void> {
  const runner = dataSource.createQueryRunner('master');
  try {
    await tuneTable(runner, dataSource.getMetadata(entity).tablePath);
  } finally {
    await runner.release();
  }
}

function createDataSource(options: DataSourceOptions): DataSource {
  try {
    return new DataSource(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SessionOptionsError(`The option \`connection\` is not usable: ${reason} Install the driver or correct the option.`, {
      cause,
    });
  }
}
