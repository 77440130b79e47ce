import { QueryFailedError } from 'typeorm';
import { SessionRefusedError, SessionUnavailableError } from '../session.errors.js';

/**
 * What a failed statement came to.
 *
 * - `row`: a constraint or a trigger refused a row. Nothing has happened; the other rows may succeed without it.
 * - `value`: a value does not fit the type or the character set of its column. Nothing has happened.
 * - `size`: a value is longer than its column, or than the server takes. Nothing has happened.
 * - `statement`: syntax, permission, read-only server or transaction. Nothing has happened, and every row would fail.
 * - `missing`: there is no such table or column. Nothing has happened.
 * - `transient`: deadlock or serialization failure. Nothing has happened; the same statement may succeed later.
 * - `locked`: somebody else holds the row, and the server no longer waits for it. Nothing has happened.
 * - `busy`: another process holds the SQLite file. Nothing has happened.
 * - `exhausted`: the server is out of room, memory, connections or time, or cannot read its files.
 * - `lost`: the connection broke, or never came about. Whether the statement has happened is not known.
 * - `unknown`: no database has answered.
 */
export type FailureKind =
  'row' | 'value' | 'size' | 'statement' | 'missing' | 'transient' | 'locked' | 'busy' | 'exhausted' | 'lost' | 'unknown';

/** What drivers put on their errors. */
export interface DriverError {
  readonly message?: string;
  /** SQLSTATE with `pg`, a name with `mysql2`, SQLite and Node.js. */
  readonly code?: string | number;
  /** The number of MySQL and MariaDB. */
  readonly errno?: number;
  /** SQLSTATE with `mysql2`. */
  readonly sqlState?: string;
  /** Names, with `pg`. */
  readonly column?: string;
  readonly constraint?: string;
  /** With `pg`: where in a function it was raised. */
  readonly where?: string;
  /** With `pg`: what in the server raised it. */
  readonly routine?: string;
  readonly driverError?: DriverError;
}

/** The error of a driver as ours carry it: without values, and with what it came to. */
export class DatabaseCause extends Error {
  readonly code: string | number | undefined;
  readonly errno: number | undefined;
  readonly sqlState: string | undefined;

  constructor(
    message: string,
    readonly kind: FailureKind,
    { code, errno, sqlState }: DriverError,
  ) {
    super(message);
    this.code = code;
    this.errno = errno;
    this.sqlState = sqlState;
  }
}

type Sorted<Key> = Readonly<Partial<Record<FailureKind, readonly Key[]>>>;

/** By SQLSTATE, or by its first two letters. A state in neither list is one of a trigger's own: `row`. */
const STATES: Sorted<string> = {
  row: ['09', '23', '27', '38', '39', '40002', '44', '45', 'P0'],
  value: ['22'],
  size: ['22001', '54000'],
  statement: ['0A', '0L', '0P', '21', '25', '26', '2B', '2D', '2F', '34', '42', '54', '55', '3B'],
  missing: ['3F000', '42P01', '42703', '42S02', '42S22'],
  transient: ['40'],
  locked: ['55P03'],
  exhausted: ['53', '57', '58', 'F0', 'XX'],
  lost: ['08', '25P03', '28', '3D', '40003', '57P01', '57P02', '57P03', '57P04', '57P05'],
};

/** By number on MySQL and MariaDB. What is in neither list goes by its SQLSTATE, and the general one (HY000) is `statement`. */
const NUMBERS: Sorted<number> = {
  // 1242: our upsert met a row whose id only collates like ours. 1364: no default. 4025, 3819: CHECK. 1644: SIGNAL.
  // 1172: a trigger selected several rows. 1305: it calls a function that is missing.
  row: [1048, 1062, 1169, 1172, 1216, 1217, 1242, 1305, 1364, 1369, 1451, 1452, 1526, 1557, 1586, 1644, 1748, 3819, 4025],
  // 1267: a column of another character set is compared with a string that this set cannot hold.
  value: [1264, 1265, 1267, 1292, 1300, 1366, 1367, 1411, 3140, 3988],
  size: [139, 1118, 1153, 1162, 1301, 1406],
  // 1290, 1836: the server is read-only. 1792: the transaction is. 1142 to 1370: permissions.
  statement: [1064, 1142, 1143, 1227, 1290, 1370, 1792, 1836],
  missing: [1054, 1146],
  // 1020: the row has changed under a snapshot. 1412: so has the table.
  transient: [1020, 1213, 1412],
  locked: [1205, 3572],
  // 1021, 1030, 1114: disk or table full. 1040, 1203, 1226: connections. 1317, 1969, 3024: cancelled, or out of time. 1194, 1712: files.
  exhausted: [1021, 1030, 1034, 1035, 1037, 1038, 1040, 1041, 1114, 1135, 1194, 1195, 1203, 1206, 1226, 1317, 1712, 1969, 3024],
  // 1044 to 1049, 1129, 1130, 1698: not let in. 1047: not yet in its cluster. 1053: shutting down.
  lost: [1043, 1044, 1045, 1047, 1049, 1053, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1184, 1698, 1927, 2006, 2013, 4031],
};

/** By the code of SQLite, without what it says after its first words; `SQLITE_ERROR` goes by its message. */
const SQLITE_CODES: readonly (readonly [RegExp, FailureKind])[] = [
  [/^CONSTRAINT/, 'row'],
  [/^MISMATCH/, 'value'],
  [/^TOOBIG/, 'size'],
  [/^(BUSY|LOCKED|PROTOCOL)/, 'busy'],
  [/^(FULL|IOERR|CORRUPT|NOMEM|NOTADB|CANTOPEN|INTERRUPT|NOLFS)/, 'exhausted'],
  [/^SCHEMA/, 'transient'],
  [/^(READONLY|PERM|AUTH|RANGE|MISUSE|ABORT)/, 'statement'],
];

/** For errors without a code: sql.js has only SQLite's messages, and drivers have no code for a connection that they closed. */
const SQLITE_TEXTS: readonly (readonly [RegExp, FailureKind])[] = [
  [/^no such (table|column)|has no column named/i, 'missing'],
  [/constraint failed/i, 'row'],
  [/^datatype mismatch/i, 'value'],
  [/^string or blob too big/i, 'size'],
  [/^database (table )?is locked|^database schema is locked/i, 'busy'],
  [/^(database or disk is full|disk I\/O error|database disk image is malformed|out of memory|interrupted)/i, 'exhausted'],
  [/^(file is not a database|unable to open database file)/i, 'exhausted'],
  [/syntax error|^incomplete input|^attempt to write a readonly|^not authorized|^too many |parser stack overflow/i, 'statement'],
];
const LOST_TEXT =
  /connection (terminated|ended|is closed|was closed|error)|timeout (exceeded )?when trying to connect|closed state|cannot use a pool|not queryable|no answer within|connection is not open/i;

/** Errors of sockets (ECONNRESET), name servers and `mysql2`; `EREQUEST` is the driver `mssql` with an answer. */
const LOST_CODE = /^(E(?!REQUEST$)[A-Z]+$|EAI_|ERR_|PROTOCOL_|POOL_)/;
const STATE = /^[0-9A-Z]{5}$/;

/** How PostgreSQL says, in any language, that an error was raised in a function. */
const IN_FUNCTION = /\bPL\/|function/i;
/** What in PostgreSQL raised an error, which it never translates: RAISE in a function, and a policy that takes no such row. */
const RAISE = 'exec_stmt_raise';
const POLICY = 'ExecWithCheckOptions';
/** Kinds that are about one row where a function met them, and where it raised them itself. */
const MET: ReadonlySet<FailureKind> = new Set(['statement', 'missing']);
const RAISED: ReadonlySet<FailureKind> = new Set([...MET, 'exhausted', 'lost']);

const kindOfState = toMap(STATES);
const kindOfNumber = toMap(NUMBERS);

/** Sorts the error of a statement, as the driver or TypeORM gives it. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof DatabaseCause) return error.kind;
  const kind = kindByCode(error);
  const isOfFunction = isInFunction(error) && (isRaised(error) ? RAISED : MET).has(kind);
  return isOfFunction || driverErrorOf(error).routine === POLICY ? 'row' : kind;
}

/** Whether a function of PostgreSQL met the error, a trigger's above all. */
export const isInFunction = (error: unknown): boolean => IN_FUNCTION.test(driverErrorOf(error).where ?? '');

/** Whether a function of PostgreSQL raised it on purpose, under a code of its choice. */
export const isRaised = (error: unknown): boolean => driverErrorOf(error).routine === RAISE;

function kindByCode(error: unknown): FailureKind {
  const { code, errno, sqlState, message = '' } = driverErrorOf(error);
  const byNumber = errno === undefined ? undefined : kindOfNumber.get(errno);
  if (byNumber) return byNumber;
  if (typeof code === 'string' && code.startsWith('SQLITE_')) return ofSqlite(code.slice('SQLITE_'.length), message);
  if (typeof code === 'string' && LOST_CODE.test(code)) return 'lost';
  const state = sqlState ?? code;
  if (typeof state === 'string' && STATE.test(state)) return ofState(state);
  if (LOST_TEXT.test(message)) return 'lost';
  const byText = SQLITE_TEXTS.find(([text]) => text.test(message))?.[1];
  if (byText) return byText;
  // A trigger's own message on sql.js, or the code of a database that is not sorted here.
  return error instanceof QueryFailedError ? 'row' : 'unknown';
}

/** The driver's error, which TypeORM wraps. */
export function driverErrorOf(error: unknown): DriverError {
  if (typeof error !== 'object' || error === null) return {};
  const { driverError } = error as DriverError;
  return driverError ?? error;
}

function ofState(state: string): FailureKind {
  if (state === 'HY000') return 'statement';
  return kindOfState.get(state) ?? kindOfState.get(state.slice(0, 2)) ?? 'row';
}

function ofSqlite(code: string, message: string): FailureKind {
  const byText = code === 'ERROR' ? SQLITE_TEXTS.find(([text]) => text.test(message))?.[1] : undefined;
  return byText ?? SQLITE_CODES.find(([pattern]) => pattern.test(code))?.[1] ?? 'row';
}

function toMap<Key>(sorted: Sorted<Key>): ReadonlyMap<Key, FailureKind> {
  return new Map(Object.entries(sorted).flatMap(([kind, keys]) => keys.map((key) => [key, kind as FailureKind] as const)));
}

/** Kinds after which it is known that nothing has happened. */
const UNDONE: ReadonlySet<FailureKind> = new Set(['row', 'value', 'size', 'statement', 'missing', 'transient', 'locked', 'busy']);
/** Kinds that are about one row: its neighbours may do better without it. */
const OF_ROW: ReadonlySet<FailureKind> = new Set(['row', 'value', 'size']);

/** Whether the same statement may succeed when it is tried again. */
export const isTransient = (error: unknown): boolean => failureKind(error) === 'transient';

/** Whether the connection is gone, or never came about: whether the statement has happened is not known. */
export const isLost = (error: unknown): boolean => failureKind(error) === 'lost';

/** Whether the database gave up waiting for a lock of somebody else, and the statement did nothing. */
export const isLockTimeout = (error: unknown): boolean => failureKind(error) === 'locked';

/** Whether the database refused one row, and its neighbours may do better without it. */
export const isOfRow = (error: unknown): boolean => OF_ROW.has(failureKind(error));

/** Whether a value does not fit the type or the character set of its column. */
export const isOfValue = (error: unknown): boolean => failureKind(error) === 'value';

/** Whether nothing has happened: the database has said so. For an error of a statement, or one of ours with it as its cause. */
export function isUndone(error: unknown): boolean {
  if (error instanceof SessionRefusedError) return true;
  return UNDONE.has(failureKind(error instanceof SessionUnavailableError ? error.cause : error));
}
