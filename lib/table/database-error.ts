import { SessionEntityError, SessionTooLargeError, SessionUnavailableError, type SessionError } from '../session.errors.js';

/** What drivers put on their errors; TypeORM wraps it as `driverError`. */
interface DriverError {
  readonly message?: string;
  readonly code?: string | number;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly driverError?: DriverError;
}

// PostgreSQL: serialization failure, deadlock. MySQL, MariaDB: deadlock, lock wait timeout.
const TRANSIENT = new Set<unknown>(['40001', '40P01', 1213, 1205]);
const LOCK_TIMEOUT = new Set<unknown>(['55P03']);
// Undefined table or column; SQLite has only the text.
const MISSING = new Set<unknown>(['42P01', '42703', 1146, 1054]);
const MISSING_TEXT = /no such (table|column)|has no column named/i;
// The value is longer than the column, or than the server takes.
const TOO_LONG = new Set<unknown>(['22001', 1406, 1153]);
const ALREADY_THERE = new Set<unknown>(['42P07', '42710', '23505', 1050, 1061]);
const ALREADY_THERE_TEXT = /already exists/i;

/** Whether the same statement may succeed when it is tried again. */
export const isTransient = (error: unknown): boolean => hasCode(error, TRANSIENT);

/** Whether PostgreSQL gave up waiting for a lock. */
export const isLockTimeout = (error: unknown): boolean => hasCode(error, LOCK_TIMEOUT);

/** Whether somebody else created the table or index at the same moment. */
export const isAlreadyThere = (error: unknown): boolean =>
  hasCode(error, ALREADY_THERE) || ALREADY_THERE_TEXT.test(driverErrorOf(error).message ?? '');

/**
 * The error of a driver as one of ours. Its `cause` keeps the driver's message and codes and nothing else, because the
 * originals carry the statement's parameters: keys and session data, which must not reach a log.
 */
export function toSessionError(error: unknown, table: string): SessionError {
  const { message = String(error), code, errno, sqlState } = driverErrorOf(error);
  const cause = Object.assign(new Error(message), { code, errno, sqlState });
  if (hasCode(error, MISSING) || MISSING_TEXT.test(message)) {
    return new SessionEntityError(
      `The session table ${table}, or a column of it, is missing. Run a migration (createSessionMigration), ` +
        'or let TypeORM create it (`synchronize: true`).',
      { cause },
    );
  }
  if (hasCode(error, TOO_LONG)) {
    return new SessionTooLargeError(
      `A column of the session table ${table} is too small for this session. Keep less in it, or give the column a larger type.`,
      { cause },
    );
  }
  return new SessionUnavailableError(
    `The database did not answer a session query on ${table} (${code ?? 'no code'}). Look at the cause and at the database.`,
    { cause },
  );
}

function driverErrorOf(error: unknown): DriverError {
  if (typeof error !== 'object' || error === null) return {};
  const { driverError } = error as DriverError;
  return driverError ?? error;
}

function hasCode(error: unknown, codes: ReadonlySet<unknown>): boolean {
  const { code, errno } = driverErrorOf(error);
  return codes.has(code) || codes.has(errno);
}
