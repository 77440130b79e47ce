import {
  SessionEntityError,
  SessionRefusedError,
  SessionSerializationError,
  SessionTooLargeError,
  SessionUnavailableError,
  type SessionError,
} from '../session.errors.js';
import { DatabaseCause, driverErrorOf, failureKind, isInFunction, isRaised, type FailureKind } from './failure-kind.js';
import type { TableShape } from './sql/dialect.js';

/** How SQLite's message about a constraint begins. */
const CONSTRAINT_TEXT = /^(NOT NULL|UNIQUE|CHECK|FOREIGN KEY|PRIMARY KEY) constraint failed/;
const COLUMN_NAMES = [/^NOT NULL constraint failed: (?:\S+\.)?(\S+)$/, /^Column '([^']+)' cannot be null/, /^Field '([^']+)' doesn't have/];
// The last one: an entry that is there twice may hold anything, and the name of its key comes after it.
const CONSTRAINT_NAMES = [
  /^(?:UNIQUE|CHECK) constraint failed: ([\w$.]+)$/,
  /^CONSTRAINT `([^`]+)` failed/,
  /^Check constraint '([^']+)' is violated/,
  /^Cannot (?:add|delete) or update a (?:child|parent) row: .*CONSTRAINT `([^`]+)` FOREIGN KEY/,
  /^Duplicate entry .* for key '([^']+)'$/s,
];
/** What a database says is missing: a table or a column. */
const MISSING_NAMES = [
  /^Table '([^']+)' doesn't exist/,
  /^Unknown column '([^']+)' in/,
  /^no such (?:table|column): (\S+)$/,
  / has no column named (\S+)$/,
];
/** The same of PostgreSQL, of which it is known where it was met. */
const MISSING_IN_FUNCTION = [
  /^relation "([^"]+)" does not exist$/,
  /^column "([^"]+)" does not exist$/,
  /^function ([\w.]+)\(.*\) does not exist$/,
];
/** Where PostgreSQL says that an error was raised. */
const FUNCTION = /function "?([\w$.]+)/;
/** What MySQL and MariaDB call an error that a trigger raised. */
const SIGNAL = 1644;
const NAME = /^[\p{L}\p{N}_$.-]{1,130}$/u;
const QUOTE = /["'`]/;
const ALREADY_THERE = new Set<unknown>(['42P07', '42710', '23505', 1050, 1061]);
const ALREADY_THERE_TEXT = /already exists/i;

/** Whether somebody else created the table or index at the same moment. */
export const isAlreadyThere = (error: unknown): boolean =>
  hasCode(error, ALREADY_THERE) || ALREADY_THERE_TEXT.test(driverErrorOf(error).message ?? '');

/**
 * The error of a statement as one of ours. Its `cause` keeps the codes of the driver and what its message says of tables and
 * columns, and nothing else: the original carries the parameters, keys and session data, which must not reach a log. `isLastAttempt`
 * where it will not be tried again: what a trigger raises each time is its refusal.
 */
export function toSessionError(error: unknown, shape: TableShape, isLastAttempt = false): SessionError {
  const kind = kindFor(error, shape, isLastAttempt);
  const cause = causeOf(error, kind, (message) => (isWordOfTrigger(error, kind) ? REDACTED : withoutValues(message, namesOf(shape))));
  const code = cause.code ?? 'no code';
  switch (kind) {
    case 'row':
      return new SessionRefusedError(
        `The database refused a row of the session table ${shape.table}: ${reasonOf(error)} (${code}). Nothing was stored.`,
        { cause },
      );
    case 'statement':
      return new SessionRefusedError(
        `The database refused a session query on ${shape.table} (${code}). Nothing was done. ` +
          'Check the cause, the permissions of the database user, whether the server is read-only, and its version.',
        { cause },
      );
    case 'missing':
      return new SessionEntityError(
        `The session table ${shape.table}, or a column of it, is missing. Run a migration (createSessionMigration)` +
          (shape.metadata.synchronize ? ', or let TypeORM create it (`synchronize: true`).' : '. TypeORM creates none for this entity.'),
        { cause },
      );
    case 'size':
      return new SessionTooLargeError(
        `A column of the session table ${shape.table} is too small for this session. Keep less in it, or give the column a larger type.`,
        { cause },
      );
    case 'value':
      return new SessionSerializationError(
        `The database refused a value for a column of the session table ${shape.table} (${code}): it does not fit the column's type or ` +
          'character set. Keep no such value in the session (a NUL character, say), or give the column another type.',
        { cause },
      );
    default: {
      const what = `${UNAVAILABLE[kind].replace('%', shape.table)} (${code})`;
      const advice = adviceOn(cause, 'the options of the data source');
      return new SessionUnavailableError(advice ? `${what}: ${advice}` : `${what}. Look at the cause and at the database.`, { cause });
    }
  }
}

/** What is missing may be a trigger's, and what it raises on purpose is no deadlock. */
function kindFor(error: unknown, shape: TableShape, isLastAttempt: boolean): FailureKind {
  const kind = failureKind(error);
  if (kind === 'transient') return isLastAttempt && isRaised(error) ? 'row' : kind;
  const missing = kind === 'missing' ? firstOf(MISSING_NAMES, driverErrorOf(error).message ?? '')?.toLowerCase() : undefined;
  if (missing === undefined) return kind;
  const isOurs = namesOf(shape).some((name) => `.${missing}`.endsWith(`.${name.toLowerCase()}`));
  return isOurs ? kind : 'row';
}

const UNAVAILABLE = {
  transient: 'Each attempt of a session query on % conflicted with other transactions',
  locked: 'Another transaction holds a row of % for too long',
  busy: 'Another process holds the SQLite file of % for too long',
  exhausted: 'The database cannot run a session query on % now',
  lost: 'The connection broke, or could not be opened, for a session query on %',
  unknown: 'A session query on % failed',
} satisfies Partial<Record<FailureKind, string>>;

/** The error of opening a data source of our own, where no session is concerned yet. */
export function toOpeningError(error: unknown): SessionError {
  const cause = causeOf(error, failureKind(error), (message) => message);
  const code = cause.code ?? 'no code';
  const advice = adviceOn(cause, 'the option `connection`');
  return new SessionUnavailableError(
    advice
      ? `The session module cannot open its own connection (${code}): ${advice}`
      : `The session module cannot open its own connection (${code}). Look at the cause and at the option \`connection\`.`,
    { cause },
  );
}

/** Whether the server has answered, and does not let us in: what it says is the reason, and not that it is away. */
export const isRefusal = ({ cause }: SessionUnavailableError): boolean => cause instanceof DatabaseCause && refusalOf(cause) !== undefined;

/** What a server says that does not let us in, by SQLSTATE and by number, and the remedy before `in …`. */
const REFUSALS: readonly (readonly [codes: readonly (string | number)[], what: string, remedy: string])[] = [
  [['3D000', 1049], 'there is no database%', 'Create it, or correct `database` or `url`'],
  [['28P01', '28000', 1045, 1698], 'the server does not accept the user or the password', 'Correct `username`, `password` or `url`'],
  [['3F000'], 'there is no schema%', 'Create it, or correct `schema`'],
  [[1044], 'the user has no rights on the database', 'Grant them, or correct `username` or `database`'],
  [[1046], 'no database is named', 'Set `database`'],
];

const refusalOf = ({ code, errno }: DatabaseCause) => REFUSALS.find(([codes]) => codes.some((each) => each === code || each === errno));

function adviceOn(cause: DatabaseCause, where: string): string | undefined {
  const [, what, remedy] = refusalOf(cause) ?? [];
  if (what === undefined) return undefined;
  const name = /["'`]([^"'`]+)["'`]/.exec(cause.message)?.[1];
  return `${what.replace('%', name !== undefined && NAME.test(name) ? ` "${name}"` : ' of this name')}. ${remedy} in ${where}.`;
}

function causeOf(error: unknown, kind: FailureKind, clean: (message: string) => string): DatabaseCause {
  const driverError = driverErrorOf(error);
  return new DatabaseCause(clean(driverError.message ?? String(error)), kind, driverError);
}

const namesOf = ({ metadata }: TableShape): string[] => [metadata.tableName, ...metadata.columns.map(({ databaseName }) => databaseName)];

const REDACTED = 'The message of the trigger is left out, because it may hold values.';

/** A trigger's message is the application's own: it may hold anything of the row. */
function isWordOfTrigger(error: unknown, kind: FailureKind): boolean {
  const { code, errno, sqlState, message = '' } = driverErrorOf(error);
  if (kind !== 'row' || CONSTRAINT_TEXT.test(message)) return false;
  return errno === SIGNAL || isInFunction(error) || !/^(23|44)/.test(sqlState ?? String(code));
}

const firstOf = (patterns: readonly RegExp[], message: string): string | undefined => {
  for (const pattern of patterns) {
    const name = pattern.exec(message)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
};

/** What refused a row, as far as the driver names it; names only, never values. */
function reasonOf(error: unknown): string {
  const { message = '', column, constraint, where } = driverErrorOf(error);
  const name = (found: string | undefined): string | undefined => (found !== undefined && NAME.test(found) ? `"${found}"` : undefined);
  const ofConstraint = name(constraint) ?? name(firstOf(CONSTRAINT_NAMES, message));
  if (ofConstraint) return `it breaks the constraint ${ofConstraint}`;
  const ofColumn = name(column) ?? name(firstOf(COLUMN_NAMES, message));
  if (ofColumn) return `the column ${ofColumn} needs a value. Give it a default, or let it be NULL`;
  const patterns = isInFunction(error) && !isRaised(error) ? MISSING_IN_FUNCTION : MISSING_NAMES;
  const missing = name(firstOf(patterns, message));
  if (missing) return `a trigger needs ${missing}, which does not exist`;
  const ofFunction = name(FUNCTION.exec(where ?? '')?.[1]);
  return ofFunction ? `the function ${ofFunction} of a trigger raised an error` : 'it breaks a constraint, or a trigger raised an error';
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

function hasCode(error: unknown, codes: ReadonlySet<unknown>): boolean {
  const { code, errno } = driverErrorOf(error);
  return codes.has(code) || codes.has(errno);
}
