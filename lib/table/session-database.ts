import { DataSource } from 'typeorm';
import type { DataSourceOptions, EntityTarget, ObjectLiteral } from 'typeorm';
import { SessionOptionsError, SessionUnavailableError } from '../session.errors.js';
import { isAlreadyThere, toSessionError } from './database-error.js';
import { defaultEntity } from './dialect.js';

/** Where the table's data source comes from, and whose it is. */
export interface SessionDatabase {
  /** The data source once it is there; it may still be closed. */
  readonly dataSource: DataSource;
  readonly entity: EntityTarget<ObjectLiteral>;
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
export function borrowDatabase(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>, timeoutMs: number): SessionDatabase {
  const open = async (): Promise<void> => {
    for (let waited = 0; !dataSource.isInitialized; waited += POLL_MS) {
      if (waited >= timeoutMs) {
        throw new SessionUnavailableError(
          `The data source of the sessions was not initialised within ${timeoutMs} ms. Call its initialize() at start-up.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  return { dataSource, entity, open, close: async () => {} };
}

/**
 * A data source of our own: opened at first use, its one table created unless `synchronize: false`, closed by `close`.
 * Throws `SessionOptionsError` where TypeORM does not accept the options or the driver is not installed.
 */
export function ownDatabase(connection: DataSourceOptions, custom?: EntityTarget<ObjectLiteral>): SessionDatabase {
  const entity = custom ?? defaultEntity(connection);
  const dataSource = createDataSource({ synchronize: true, ...connection, entities: [entity as never] });
  let opening: Promise<void> | undefined;
  let isClosed = false;

  const initialize = async (): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await dataSource.initialize();
        return;
      } catch (error) {
        if (attempt < CREATE_ATTEMPTS && isAlreadyThere(error)) continue;
        throw toSessionError(error, 'of the module’s own connection');
      }
    }
  };
  return {
    dataSource,
    entity,
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
      await opening?.catch(() => undefined);
      if (dataSource.isInitialized) await dataSource.destroy();
    },
  };
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
