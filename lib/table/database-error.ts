import { QueryFailedError } from 'typeorm';
import {
  SessionEntityError,
  SessionSerializationError,
  SessionTooLargeError,
  SessionUnavailableError,
  type SessionError,
} from '../session.errors.js';
import type { TableShape } from './sql/dialect.js';

/** What drivers put on their errors; TypeORM wraps it as `driverError`. */
interface DriverError {
  readonly message?: string;
  readonly code?: string | number;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly driverError?: DriverError;
}

// PostgreSQL: serialization failure, deadlock. MySQL, MariaDB: deadlock.
const TRANSIENT = new Set<unknown>(['40001', '40P01', 1213]);
// PostgreSQL: shutting down, starting up; class 08 is the connection. MySQL, MariaDB: shutting down, connection killed, not yet in its cluster.
const LOST = new Set<unknown>(['57P01', '57P02', '57P03', 1053, 1927, 1047, 4031]);
const LOST_CODE = /^(08|E[A-Z]+$|EAI_|PROTOCOL_|POOL_)/;
// The drivers of PostgreSQL have only the text.
const LOST_TEXT =
  /connection (terminated|ended|is closed|was closed)|timeout (exceeded )?when trying to connect|closed state|cannot use a pool/i;
// PostgreSQL; MySQL, MariaDB.
const LOCK_TIMEOUT = new Set<unknown>(['55P03', 1205]);
// Undefined table or column; SQLite has only the text.
const MISSING = new Set<unknown>(['42P01', '42703', 1146, 1054]);
const MISSING_TEXT = /no such (table|column)|has no column named/i;
// The value is longer than the column, or than the server takes.
const TOO_LONG = new Set<unknown>(['22001', 1406, 1153]);
// The value is nothing that its column takes (PostgreSQL: the class "data exception"): the database answers.
const REFUSED = new Set<unknown>([1264, 1265, 1292, 1366, 3140, 4025]);
const REFUSED_STATE = /^22[0-9A-Z]{3}$/;
const QUOTE = /["'`]/;
const ALREADY_THERE = new Set<unknown>(['42P07', '42710', '23505', 1050, 1061]);
const ALREADY_THERE_TEXT = /already exists/i;

/** Whether the same statement may succeed when it is tried again. */
export const isTransient = (error: unknown): boolean => hasCode(error, TRANSIENT);

/** Whether the connection is gone, or never came about: whether the statement has happened is not known. */
export function isLost(error: unknown): boolean {
  const { code, message = '' } = driverErrorOf(error);
  return hasCode(error, LOST) || (typeof code === 'string' && LOST_CODE.test(code)) || LOST_TEXT.test(message);
}

/** Whether the database gave up waiting for a lock, and the statement did nothing. */
export const isLockTimeout = (error: unknown): boolean => hasCode(error, LOCK_TIMEOUT);

/** Whether somebody else created the table or index at the same moment. */
export const isAlreadyThere = (error: unknown): boolean =>
  hasCode(error, ALREADY_THERE) || ALREADY_THERE_TEXT.test(driverErrorOf(error).message ?? '');

/**
 * The error of a statement as one of ours. Its `cause` keeps the codes of the driver and what its message says of tables and
 * columns, and nothing else: the original carries the parameters, keys and session data, which must not reach a log.
 */
export function toSessionError(error: unknown, shape: TableShape): SessionError {
  const names = [shape.metadata.tableName, ...shape.metadata.columns.map(({ databaseName }) => databaseName)];
  const cause = causeOf(error, (message) => withoutValues(message, names));
  if (hasCode(error, MISSING) || MISSING_TEXT.test(driverErrorOf(error).message ?? '')) {
    return new SessionEntityError(
      `The session table ${shape.table}, or a column of it, is missing. Run a migration (createSessionMigration), ` +
        'or let TypeORM create it (`synchronize: true`).',
      { cause },
    );
  }
  if (hasCode(error, TOO_LONG)) {
    return new SessionTooLargeError(
      `A column of the session table ${shape.table} is too small for this session. Keep less in it, or give the column a larger type.`,
      { cause },
    );
  }
  if (hasCode(error, REFUSED) || REFUSED_STATE.test(String(cause.code))) {
    return new SessionSerializationError(
      `The database refused a value for a column of the session table ${shape.table} (${cause.code}): it does not fit the column's type or ` +
        'character set. Keep no such value in the session (a NUL character, say), or give the column another type.',
      { cause },
    );
  }
  return new SessionUnavailableError(
    `The database did not answer a session query on ${shape.table} (${cause.code ?? 'no code'}). Look at the cause and at the database.`,
    { cause, isRefusal: (cause.code !== undefined || error instanceof QueryFailedError) && !isLost(error) && !isTransient(error) },
  );
}

/** The error of opening a data source of our own, where no session is concerned yet. */
export function toOpeningError(error: unknown): SessionError {
  const cause = causeOf(error, (message) => message);
  return new SessionUnavailableError(
    `The session module cannot open its own connection (${cause.code ?? 'no code'}). Look at the cause and at the option \`connection\`.`,
    { cause },
  );
}

function causeOf(error: unknown, clean: (message: string) => string): Error & { readonly code: string | number | undefined } {
  const { message = String(error), code, errno, sqlState } = driverErrorOf(error);
  return Object.assign(new Error(clean(message)), { code, errno, sqlState });
}

/** A message up to its first quotation that is no name of ours: databases quote the values that they refuse. */
function withoutValues(message: string, names: readonly string[]): string {
  for (let at = message.search(QUOTE); at >= 0;) {
    const name = names.find((each) => message.startsWith(each + message[at], at + 1));
    if (name === undefined) return `${message.slice(0, at)}…`;
    const rest = at + name.length + 2;
    const next = message.slice(rest).search(QUOTE);
    at = next < 0 ? -1 : rest + next;
  }
  return message;
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
