import { QueryFailedError, type DataSource } from 'typeorm';
import { Obstacle, sharedRunnerTransport, whenFree } from './shared-connection.js';
import { hasMethods, isRead, logFailure, logStatement } from '../../sql/transport.js';
import type { StatementResult, StatementTransport } from '../../sql/sent-statement.js';

/** A database of `sql.js`, as far as it is used here. */
interface Connection {
  prepare(sql: string): SqlJsStatement;
  exec(sql: string): unknown;
  getRowsModified(): number;
}

interface SqlJsStatement {
  bind(values: unknown[]): boolean;
  step(): boolean;
  get(): unknown[];
  free(): boolean;
}

interface Driver {
  readonly databaseConnection?: Connection;
  /** Writes the database to its file, if the application wants that. */
  autoSave(): Promise<void>;
}

const IN_TRANSACTION = /within a transaction/;

/**
 * At once on the one connection: through TypeORM's query runner a transaction of the application could begin while the statement is on
 * its way, and a read would write the file and thereby end such a transaction. TypeORM's logger hears of it all the same.
 */
export const sqljsTransport: StatementTransport = (dataSource, statement, values, timeoutMs) => {
  const connection = connectionOf(dataSource);
  if (!connection) return sharedRunnerTransport(dataSource, statement, values, timeoutMs);
  const isWrite = !isRead(statement);
  const tryIt = (): StatementResult | Obstacle | Promise<StatementResult> => {
    try {
      if (isWrite && isInTransaction(connection)) return new Obstacle('transaction');
      const result = execute(connection, statement.sql, values);
      return isWrite ? saved(dataSource, result) : result;
    } catch (error) {
      logFailure(dataSource, statement, values, error);
      throw new QueryFailedError(statement.sql, values, toError(error));
    }
  };
  return new Promise((resolve) => {
    logStatement(dataSource, statement, values);
    const outcome = tryIt();
    resolve(outcome instanceof Obstacle ? whenFree(outcome, timeoutMs, tryIt) : outcome);
  });
};

function execute(connection: Connection, sql: string, values: unknown[]): StatementResult {
  const prepared = connection.prepare(sql);
  try {
    prepared.bind(values);
    const records: unknown[][] = [];
    while (prepared.step()) records.push(prepared.get());
    return { records, affected: connection.getRowsModified() };
  } finally {
    prepared.free();
  }
}

/** The database is copied in this turn, before anybody can begin a transaction, which the copy would end. */
async function saved({ driver }: DataSource, result: StatementResult): Promise<StatementResult> {
  await (driver as unknown as Driver).autoSave();
  return result;
}

/** `sql.js` does not say, but SQLite refuses to begin a transaction inside another one, and does it no harm. */
function isInTransaction(connection: Connection): boolean {
  try {
    connection.exec('BEGIN; COMMIT');
    return false;
  } catch (error) {
    if (IN_TRANSACTION.test(toError(error).message)) return true;
    throw error;
  }
}

/** `sql.js` throws strings, too. */
const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** Another object after each initialisation. */
function connectionOf({ driver }: DataSource): Connection | undefined {
  const { databaseConnection } = driver as unknown as Driver;
  return hasMethods(databaseConnection, 'prepare', 'exec', 'getRowsModified') ? databaseConnection : undefined;
}
