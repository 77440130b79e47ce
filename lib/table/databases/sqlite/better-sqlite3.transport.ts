import type { DataSource } from 'typeorm';
import { Obstacle, obstacleOf, sharedRunnerTransport, whenFree } from './shared-connection.js';
import { hasMethods, logFailure, logStatement } from '../../sql/transport.js';
import type { StatementResult, SentStatement, StatementTransport } from '../../sql/sent-statement.js';

/** A database of `better-sqlite3`, as far as it is used here. */
interface Connection {
  readonly open: boolean;
  /** Whether anybody has begun a transaction. */
  readonly inTransaction: boolean;
  /** Whether it is in memory, where no other process can lock it. */
  readonly memory?: boolean;
  prepare(sql: string): SqliteStatement;
}

interface SqliteStatement {
  /** Whether it returns rows. */
  readonly reader: boolean;
  /** Whether it changes nothing. */
  readonly readonly: boolean;
  /** The values alone from now on, which is quicker. */
  raw(): void;
  all(values: unknown[]): unknown[][];
  run(values: unknown[]): { readonly changes: number };
  /** The first value alone from now on. */
  pluck(): void;
  get(): unknown;
}

/** What is known of a connection. */
interface Known {
  /** By our statement and not by its text: those that are built for one use leave nothing behind. */
  readonly statements: WeakMap<SentStatement, SqliteStatement>;
  readonly pragmas: Map<string, SqliteStatement>;
}

/** `undefined` for a connection that only looks like one of `better-sqlite3`. */
const connections = new WeakMap<Connection, Known | undefined>();

/**
 * At once on the one connection; TypeORM's query runner waits several times for results that are there. Through the
 * runner where the connection is closed, or is not that of `better-sqlite3` or a driver like it. TypeORM's logger hears of it all the same.
 *
 * A transaction of the application and the lock of another process are waited for without blocking the event loop.
 */
export const betterSqliteTransport: StatementTransport = sendAtOnce(({ statements }, connection, statement) => {
  const known = statements.get(statement);
  if (known) return known;
  const made = prepareRaw(connection, statement.sql);
  statements.set(statement, made);
  return made;
});

/** The same without statements that stay prepared. */
export const unpreparedBetterSqliteTransport: StatementTransport = sendAtOnce((_, connection, { sql }) => prepareRaw(connection, sql));

type Prepare = (known: Known, connection: Connection, statement: SentStatement) => SqliteStatement;

function sendAtOnce(prepare: Prepare): StatementTransport {
  return (dataSource, statement, values, timeoutMs) => {
    const connection = connectionOf(dataSource);
    const known = connection && knownOf(connection);
    if (!known) return sharedRunnerTransport(dataSource, statement, values, timeoutMs);
    const tryIt = (): StatementResult | Obstacle => {
      try {
        return withoutBlocking(known, connection, () => {
          const prepared = prepare(known, connection, statement);
          return !prepared.readonly && connection.inTransaction ? new Obstacle('transaction') : execute(prepared, values);
        });
      } catch (error) {
        const obstacle = obstacleOf(error);
        if (obstacle) return obstacle;
        logFailure(dataSource, statement, values, error);
        throw error;
      }
    };
    return new Promise((resolve) => {
      logStatement(dataSource, statement, values);
      const outcome = tryIt();
      resolve(outcome instanceof Obstacle ? whenFree(outcome, timeoutMs, tryIt) : outcome);
    });
  };
}

function execute(statement: SqliteStatement, values: unknown[]): StatementResult {
  if (!statement.reader) return { records: [], affected: statement.run(values).changes };
  const records = statement.all(values);
  return { records, affected: records.length };
}

/**
 * SQLite waits for the lock of another process by blocking the thread, for as long as the connection says (the driver: five seconds).
 * During our statement it does not wait at all; the rest of the application keeps its setting.
 */
function withoutBlocking<Result>({ pragmas }: Known, connection: Connection, work: () => Result): Result {
  if (connection.memory) return work();
  const timeoutMs = Number(runPragma(connection, pragmas, 'PRAGMA busy_timeout'));
  if (timeoutMs === 0) return work();
  runPragma(connection, pragmas, 'PRAGMA busy_timeout = 0');
  try {
    return work();
  } finally {
    runPragma(connection, pragmas, `PRAGMA busy_timeout = ${timeoutMs}`);
  }
}

function runPragma(connection: Connection, pragmas: Known['pragmas'], sql: string): unknown {
  let prepared = pragmas.get(sql);
  if (!prepared) {
    prepared = connection.prepare(sql);
    prepared.pluck();
    pragmas.set(sql, prepared);
  }
  return prepared.get();
}

function prepareRaw(connection: Connection, sql: string): SqliteStatement {
  const prepared = connection.prepare(sql);
  if (prepared.reader) prepared.raw();
  return prepared;
}

/** Another object after each initialisation. */
function connectionOf({ driver }: DataSource): Connection | undefined {
  const { databaseConnection } = driver as { databaseConnection?: Connection };
  return databaseConnection?.open ? databaseConnection : undefined;
}

function knownOf(connection: Connection): Known | undefined {
  if (!connections.has(connection)) {
    connections.set(connection, isBetterSqlite(connection) ? { statements: new WeakMap(), pragmas: new Map() } : undefined);
  }
  return connections.get(connection);
}

/** Drivers that are made after this one may lack a part of it. */
function isBetterSqlite(connection: Connection): boolean {
  if (typeof connection.inTransaction !== 'boolean') return false;
  const statement = connection.prepare('PRAGMA busy_timeout');
  return statement.reader && hasMethods(statement, 'raw', 'all', 'run', 'pluck', 'get');
}
