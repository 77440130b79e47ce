import type { DataSource } from 'typeorm';
import { queryRunnerTransport, type StatementResult, type SentStatement, type StatementTransport } from '../../sql/transport.js';

/** A database of `better-sqlite3`, as far as it is used here. */
interface Connection {
  readonly open: boolean;
  prepare(sql: string): SqliteStatement;
}

interface SqliteStatement {
  /** Whether it returns rows. */
  readonly reader: boolean;
  /** The values alone from now on, which takes two thirds of the time. */
  raw(): void;
  all(values: unknown[]): unknown[][];
  run(values: unknown[]): { readonly changes: number };
}

/** By our statement and not by its text: those that are built for one use leave nothing behind. */
const prepared = new WeakMap<Connection, WeakMap<SentStatement, SqliteStatement>>();

/**
 * At once on the one connection, with statements that stay prepared; TypeORM's query runner takes three times as long, and
 * waits several times for what is there. Through the runner where the connection is closed. TypeORM's logger is told all the same.
 */
export const betterSqliteTransport: StatementTransport = (dataSource, statement, values, timeoutMs) => {
  const connection = connectionOf(dataSource);
  if (!connection) return queryRunnerTransport(dataSource, statement, values, timeoutMs);
  const { logger } = dataSource;
  return new Promise((resolve) => {
    logger.logQuery(statement.sql, values);
    try {
      resolve(execute(statementOn(connection, statement), values));
    } catch (error) {
      logger.logQueryError(error as Error, statement.sql, values);
      throw error;
    }
  });
};

function execute(statement: SqliteStatement, values: unknown[]): StatementResult {
  if (!statement.reader) return { records: [], affected: statement.run(values).changes };
  const records = statement.all(values);
  return { records, affected: records.length };
}

function statementOn(connection: Connection, statement: SentStatement): SqliteStatement {
  let ofConnection = prepared.get(connection);
  if (!ofConnection) prepared.set(connection, (ofConnection = new WeakMap()));
  const known = ofConnection.get(statement);
  if (known) return known;
  const made = connection.prepare(statement.sql);
  if (made.reader) made.raw();
  ofConnection.set(statement, made);
  return made;
}

/** Another object after each initialisation. */
function connectionOf({ driver }: DataSource): Connection | undefined {
  const { databaseConnection } = driver as { databaseConnection?: Connection };
  return databaseConnection?.open ? databaseConnection : undefined;
}
