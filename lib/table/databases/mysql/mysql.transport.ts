import type { Duplex } from 'node:stream';
import { StatementAttempt } from '../../sql/statement-attempt.js';
import { hasMethods, isRead, logFailure, logStatement, queryRunnerTransport } from '../../sql/transport.js';
import type { StatementResult, SentStatement, StatementTransport, DatabaseRecord } from '../../sql/sent-statement.js';

/** A connection of `mysql2`, or of `mysql` with TypeORM 0.3, as far as it is used here. */
interface Connection {
  query(sql: string, values: unknown[], callback: Callback): void;
  /** Prepares the statement at its first use on this connection. Only `mysql2` can. */
  execute?(sql: string, values: unknown[], callback: Callback): void;
  release(): void;
  readonly stream?: Duplex;
}

type Callback = (error: unknown, result?: Result) => void;
/** The rows of a statement that returns some; else how many it changed. */
type Result = DatabaseRecord[] | { readonly affectedRows: number };

/** TypeORM's, as far as it is used here: listens to the errors of its connections, and knows the primary of a replication. */
interface Driver {
  obtainMasterConnection(): Promise<Connection>;
}

/** The server has no room for the statement, has forgotten it, or must not prepare it: nothing has happened. */
const UNPREPARED = new Set<unknown>([1461, 1615, 1243, 1295]);

/**
 * On a connection of the primary, without the query runner and with a callback: an `async` function keeps the rows of every
 * batch alive for longer than two collections of the young generation. TypeORM's logger hears of it all the same.
 */
export const mysqlTransport: StatementTransport = (dataSource, statement, values, timeoutMs) => {
  const driver = dataSource.driver as unknown as Driver;
  const throughRunner = () => queryRunnerTransport(dataSource, statement, values, timeoutMs);
  if (!hasMethods(driver, 'obtainMasterConnection')) return throughRunner();
  const { sql } = statement;
  return StatementAttempt.run(timeoutMs, (attempt) => {
    const use = (connection: Connection): void => {
      if (!attempt.connected(connection.stream)) return connection.release();
      const end = attempt.guard<Parameters<Callback>>((error, result) => {
        connection.release();
        if (result && !error) return attempt.resolve(toStatementResult(result));
        if (UNPREPARED.has((error as { errno?: unknown } | null)?.errno)) return attempt.resolve(throughRunner());
        logFailure(dataSource, statement, values, error);
        attempt.reject(error);
      });
      try {
        logStatement(dataSource, statement, values);
        if (connection.execute && isPrepared(statement)) connection.execute(sql, values, end);
        else connection.query(sql, values, end);
      } catch (error) {
        end(error);
      }
    };
    driver.obtainMasterConnection().then(attempt.guard(use), (error: unknown) => attempt.reject(error));
  });
};

/**
 * Writes of many rows are quicker when the server need not parse them. Reads are slower: `mysql2` takes rows apart faster in the
 * form of text.
 */
const isPrepared = (statement: SentStatement): boolean => statement.isFrequent && !isRead(statement);

function toStatementResult(result: Result): StatementResult {
  return Array.isArray(result) ? { records: result, affected: result.length } : { records: [], affected: result.affectedRows };
}
