import type { DataSource } from 'typeorm';
import { SessionUnavailableError } from '../../../session.errors.js';
import { pause } from '../../running-time.js';
import { isRead, queryRunnerTransport } from '../../sql/transport.js';
import type { StatementResult, StatementTransport } from '../../sql/sent-statement.js';

/** The pauses between two tries, in milliseconds: each is twice the one before, up to the last. */
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 16;
/** The share of the timeout that is spent on waiting. Not all of it, because the error of a late operation says less. */
const PATIENCE = 0.95;

/** What keeps a statement from running now: a transaction or an open iterator of the application, or the lock of another connection. */
export class Obstacle {
  constructor(
    readonly kind: 'transaction' | 'iterator' | 'lock',
    readonly cause?: unknown,
  ) {}

  toError(timeoutMs: number): SessionUnavailableError {
    return new SessionUnavailableError(MESSAGES[this.kind].replace('%', String(timeoutMs)), { cause: this.cause });
  }
}

const MESSAGES: Readonly<Record<Obstacle['kind'], string>> = {
  transaction:
    'A transaction of the application has held the one SQLite connection for % ms. ' +
    'Save the session before or after the transaction, or give the sessions a `connection` of their own.',
  iterator:
    'The application has iterated over a query on the one SQLite connection for % ms. ' +
    'Read all of its rows at once, or give the sessions a `connection` of their own.',
  lock: 'Another connection has locked the SQLite file for % ms. Keep its transactions short, or raise `operationTimeout`.',
};

/** The obstacle that a driver reports, in which case nothing has happened; `undefined` for any other error. */
export function obstacleOf(error: unknown): Obstacle | undefined {
  const { driverError = error } = (error ?? {}) as { readonly driverError?: unknown };
  const { code, message } = (driverError ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (/^SQLITE_(BUSY|LOCKED)/.test(String(code))) return new Obstacle('lock', driverError);
  return /database connection is busy/.test(String(message)) ? new Obstacle('iterator', driverError) : undefined;
}

type Outcome = StatementResult | Obstacle;

/**
 * Tries again until nothing is in the way. Pauses between the tries, so that the event loop goes on, and counts the pauses instead of
 * the clock: time in which the event loop is blocked does not count.
 */
export async function whenFree(obstacle: Obstacle, timeoutMs: number, tryIt: () => Outcome | Promise<Outcome>): Promise<StatementResult> {
  let last = obstacle;
  for (let waited = 0, ms = FIRST_PAUSE_MS; waited < timeoutMs * PATIENCE; waited += ms, ms = Math.min(2 * ms, LAST_PAUSE_MS)) {
    await pause(ms);
    const outcome = await tryIt();
    if (!(outcome instanceof Obstacle)) return outcome;
    last = outcome;
  }
  throw last.toError(timeoutMs);
}

/**
 * Through TypeORM's query runner, but no write inside a transaction of the application: it would be rolled back after it was reported as
 * done. The look for a transaction and the statement happen in the same turn, so none can begin between them.
 */
export const sharedRunnerTransport: StatementTransport = async (dataSource, statement, values, timeoutMs) => {
  const tryIt = async (): Promise<Outcome> => {
    if (!isRead(statement) && isInTransaction(dataSource)) return new Obstacle('transaction');
    try {
      return await queryRunnerTransport(dataSource, statement, values, timeoutMs);
    } catch (error) {
      const obstacle = obstacleOf(error);
      if (obstacle) return obstacle;
      throw error;
    }
  };
  const outcome = await tryIt();
  return outcome instanceof Obstacle ? whenFree(outcome, timeoutMs, tryIt) : outcome;
};

/** TypeORM knows its own transactions, and `better-sqlite3` all of them. Of the driver: a data source makes an entity manager for each look. */
function isInTransaction({ driver }: DataSource): boolean {
  const { databaseConnection } = driver as { readonly databaseConnection?: { readonly inTransaction?: unknown } };
  return driver.createQueryRunner('master').isTransactionActive || databaseConnection?.inTransaction === true;
}
