import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { failureKind, type FailureKind } from '../../lib/table/failure-kind.js';

/** Errors as the drivers raise them, of which test/db/table-refusals provokes what can be provoked. */
const POSTGRES: Record<string, FailureKind> = {
  '08006': 'lost',
  '0A000': 'statement',
  '22001': 'size',
  '22021': 'value',
  '22P02': 'value',
  '23502': 'row',
  '23503': 'row',
  '23505': 'row',
  '23514': 'row',
  '25006': 'statement',
  '25P03': 'lost',
  '28P01': 'lost',
  '3D000': 'lost',
  '40001': 'transient',
  '40002': 'row',
  '40003': 'lost',
  '40P01': 'transient',
  '42501': 'statement',
  '42601': 'statement',
  '42703': 'missing',
  '42883': 'statement',
  '42P01': 'missing',
  '44000': 'row',
  '53100': 'exhausted',
  '53200': 'exhausted',
  '53300': 'exhausted',
  '54000': 'size',
  '55P03': 'locked',
  '57014': 'exhausted',
  '57P01': 'lost',
  '57P03': 'lost',
  '58030': 'exhausted',
  P0001: 'row',
  XX001: 'exhausted',
  // A trigger's own.
  US001: 'row',
};

const MYSQL: readonly (readonly [number, string, FailureKind])[] = [
  [1021, 'HY000', 'exhausted'],
  [1040, '08004', 'exhausted'],
  [1045, '28000', 'lost'],
  [1047, '08S01', 'lost'],
  [1048, '23000', 'row'],
  [1054, '42S22', 'missing'],
  [1062, '23000', 'row'],
  [1064, '42000', 'statement'],
  [1105, 'HY000', 'statement'],
  [1114, 'HY000', 'exhausted'],
  [1142, '42000', 'statement'],
  [1146, '42S02', 'missing'],
  [1153, '08S01', 'size'],
  [1172, '42000', 'row'],
  [1203, '42000', 'exhausted'],
  [1205, 'HY000', 'locked'],
  [1213, '40001', 'transient'],
  [1264, '22003', 'value'],
  [1290, 'HY000', 'statement'],
  [1364, 'HY000', 'row'],
  [1366, '22007', 'value'],
  [1406, '22001', 'size'],
  [1452, '23000', 'row'],
  [1644, '45000', 'row'],
  [1792, '25006', 'statement'],
  [1927, '70100', 'lost'],
  [1969, '70100', 'exhausted'],
  [3572, 'HY000', 'locked'],
  [3819, 'HY000', 'row'],
  [4025, '23000', 'row'],
  // A trigger's own.
  [30_001, '45001', 'row'],
];

const SQLITE: Record<string, FailureKind> = {
  SQLITE_AUTH: 'statement',
  SQLITE_BUSY: 'busy',
  SQLITE_BUSY_SNAPSHOT: 'busy',
  SQLITE_CANTOPEN: 'exhausted',
  SQLITE_CONSTRAINT_FOREIGNKEY: 'row',
  SQLITE_CONSTRAINT_TRIGGER: 'row',
  SQLITE_CORRUPT: 'exhausted',
  // What a trigger did, among others.
  SQLITE_ERROR: 'row',
  SQLITE_FULL: 'exhausted',
  SQLITE_IOERR_WRITE: 'exhausted',
  SQLITE_LOCKED: 'busy',
  SQLITE_MISMATCH: 'value',
  SQLITE_NOMEM: 'exhausted',
  SQLITE_READONLY: 'statement',
  SQLITE_TOOBIG: 'size',
};

const TEXTS: readonly (readonly [string, FailureKind])[] = [
  ['NOT NULL constraint failed: t.a', 'row'],
  ['a text of a trigger', 'row'],
  ['no such table: t', 'missing'],
  ['table t has no column named a', 'missing'],
  ['near "x": syntax error', 'statement'],
  ['attempt to write a readonly database', 'statement'],
  ['database is locked', 'busy'],
  ['database or disk is full', 'exhausted'],
  ['disk I/O error', 'exhausted'],
  ['database disk image is malformed', 'exhausted'],
  ['out of memory', 'exhausted'],
  ['Connection terminated unexpectedly', 'lost'],
  ['Client has encountered a connection error and is not queryable', 'lost'],
  ['There was no answer within 50 ms.', 'lost'],
];

const asDriver = (fields: object, message = 'raised') => Object.assign(new Error(message), fields);
const wrapped = (error: Error) => new QueryFailedError('SELECT 1', [], error);

describe('The kind of a failure', () => {
  it.each(Object.entries(POSTGRES))('of PostgreSQL’s %s is "%s"', (code, kind) => {
    expect(failureKind(asDriver({ code }))).toBe(kind);
    expect(failureKind(wrapped(asDriver({ code })))).toBe(kind);
  });

  it.each(MYSQL)('of MySQL’s %d (%s) is "%s"', (errno, sqlState, kind) => {
    expect(failureKind(asDriver({ code: 'ER_SOMETHING', errno, sqlState }))).toBe(kind);
    expect(failureKind(wrapped(asDriver({ code: 'ER_SOMETHING', errno, sqlState })))).toBe(kind);
  });

  it.each(Object.entries(SQLITE))('of %s is "%s"', (code, kind) => {
    expect(failureKind(asDriver({ code }))).toBe(kind);
  });

  it.each(TEXTS)('without a code, "%s", is "%s"', (message, kind) => {
    expect(failureKind(wrapped(new Error(message)))).toBe(kind);
  });

  it.each(['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'PROTOCOL_CONNECTION_LOST', 'ERR_STREAM_DESTROYED'])(
    'of %s is "lost"',
    (code) => expect(failureKind(asDriver({ code, errno: -111 }))).toBe('lost'),
  );

  it.each([
    ['42P01', 'table_open', 'row'],
    ['42501', 'aclcheck_error', 'row'],
    ['42501', 'exec_stmt_raise', 'row'],
    ['57014', 'ProcessInterrupts', 'exhausted'],
    ['57014', 'exec_stmt_raise', 'row'],
    ['40001', 'exec_stmt_raise', 'transient'],
    ['55P03', 'exec_stmt_raise', 'locked'],
  ] as const)('of PostgreSQL’s %s that %s raises in a function is "%s"', (code, routine, kind) => {
    for (const where of ['PL/pgSQL function f() line 1 at RAISE', 'PL/pgSQL-Funktion f() Zeile 1 bei RAISE'])
      expect(failureKind(asDriver({ code, routine, where }))).toBe(kind);
  });

  it('of a policy of PostgreSQL is that of a row, and a permission is not', () => {
    expect(failureKind(asDriver({ code: '42501', routine: 'ExecWithCheckOptions' }))).toBe('row');
    expect(failureKind(asDriver({ code: '42501', routine: 'aclcheck_error' }))).toBe('statement');
  });

  it('of SQL Server’s EREQUEST is that of an answer', () => {
    expect(failureKind(wrapped(asDriver({ code: 'EREQUEST' })))).toBe('row');
  });

  it.each([new TypeError('no database has said this'), 'a text', undefined, null])('of %s is "unknown"', (error) => {
    expect(failureKind(error)).toBe('unknown');
  });
});
