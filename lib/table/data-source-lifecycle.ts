import { DataSource } from 'typeorm';
import type { DataSourceOptions, EntityTarget, ObjectLiteral } from 'typeorm';
import { SessionOptionsError, SessionUnavailableError } from '../session.errors.js';
import { isAlreadyThere, toOpeningError } from './database-error.js';
import { defaultEntity, ownOptions, tuneTable } from './databases/databases.js';

/** Where the table's data source comes from, and whose it is. */
export interface DataSourceLifecycle {
  readonly dataSource: DataSource;
  readonly entity: EntityTarget<ObjectLiteral>;
  /** Whether statements can be built and run. */
  isOpen(): boolean;
  /** Whether the table may be missing only because it is being made at this moment. */
  mayBeMakingTables(): boolean;
  /** Resolves when the data source is open. Rejects with `SessionUnavailableError`; the next call tries again. */
  open(): Promise<void>;
  /** Closes the data source where it is ours. */
  close(): Promise<void>;
}

/** How often a data source of the application is looked at until it is initialised; TypeORM has no event for it. */
const POLL_MS = 20;
/** Two processes that create the table at the same moment: the loser starts over, once per object it may collide on. */
const CREATE_ATTEMPTS = 5;

/** The application's own data source: waited for up to `timeoutMs`, never initialised nor closed by us. */
export function borrowDatabase(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>, timeoutMs: number): DataSourceLifecycle {
  // TypeORM says that it is initialised before it knows its entities.
  const isOpen = () => dataSource.isInitialized && dataSource.entityMetadatas.length > 0;
  const open = async (): Promise<void> => {
    // Earlier than the operation as a whole, whose own error tells less.
    const end = performance.now() + timeoutMs * 0.8;
    while (!isOpen()) {
      if (performance.now() >= end) {
        // Without any entity it will not get further: the table says what is missing.
        if (dataSource.isInitialized) return;
        throw new SessionUnavailableError(
          `The data source of the sessions was not initialised within ${timeoutMs} ms. Call its initialize() at start-up.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const mayBeMakingTables = () => Boolean(dataSource.options.synchronize || dataSource.options.migrationsRun);
  return { dataSource, entity, isOpen, mayBeMakingTables, open, close: async () => {} };
}

/**
 * A data source of our own: opened at first use, its one table created unless `synchronize: false`, closed by `close`.
 * Throws `SessionOptionsError` where TypeORM does not accept the options or the driver is not installed.
 */
export function ownDatabase(connection: DataSourceOptions, custom?: EntityTarget<ObjectLiteral>): DataSourceLifecycle {
  const entity = custom ?? defaultEntity(connection);
  const dataSource = createDataSource({ ...ownOptions(connection), entities: [entity as never] });
  let opening: Promise<void> | undefined;
  let isOpen = false;
  let isClosed = false;

  const initialize = async (): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        if (!dataSource.isInitialized) await dataSource.initialize();
        if (dataSource.options.synchronize) await tune(dataSource, entity);
        isOpen = true;
        return;
      } catch (error) {
        if (attempt < CREATE_ATTEMPTS && isAlreadyThere(error)) continue;
        throw toOpeningError(error);
      }
    }
  };
  return {
    dataSource,
    entity,
    isOpen: () => isOpen,
    mayBeMakingTables: () => false,
    // Single flight, because two initialisations at once open two pools and leak one; cleared on failure.
    async open() {
      if (isClosed) throw new SessionUnavailableError('The session store was closed. Nothing can be stored any more.');
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
