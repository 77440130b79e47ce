import type { Duplex } from 'node:stream';
import type { DataSource } from 'typeorm';
import { PostgresQuery, type Plain, type PostgresConnection, type PostgresResult } from './postgres-query.js';
import { giveUpAfter, refuse, queryRunnerTransport, type SentStatement, type StatementTransport } from '../../sql/transport.js';
import type { DatabaseRecord } from '../../sql/transport.js';

/** A connection of the `pg` driver, as far as it is used here. */
interface Client {
  query(query: Query | PostgresQuery, callback: (error: unknown, result?: Result | PostgresResult) => void): void;
  /** With `true` the connection is closed instead of given back. */
  release(isBroken: boolean): void;
  on(event: 'error', listener: () => void): void;
  off(event: 'error', listener: () => void): void;
  readonly connection?: Partial<PostgresConnection> & { readonly stream?: Duplex };
}

interface Pool {
  connect(callback: (error: unknown, client?: Client) => void): void;
}

interface Query {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
  readonly rowMode: 'array';
}

interface Result {
  readonly rows: DatabaseRecord[];
  readonly rowCount: number | null;
}

/** What the server refuses while it carries a statement out: value, constraint, deadlock, lock. The connection is as good as before. */
const REFUSED = /^(22|23|40)[0-9A-Z]{3}$|^55P03$/;
/** The table has changed since the statement was prepared, or a pooler in between mixes connections up: nothing has happened. */
const STALE = new Set<unknown>(['0A000', '26000', '42P05']);
// The error reaches whoever waits for the query; without a listener it would end the process, too.
const heard = (): void => undefined;

/**
 * As named prepared statements on the pool of the primary, which saves the server the parsing and us the query runner: on
 * PostgreSQL a get at 64 at a time costs half. Through the runner where the pool is out of reach. TypeORM's logger is told all the same.
 *
 * With callbacks: where this was an `async` function, the rows of every batch outlived two collections of the young
 * generation, and were copied each time (2 MB instead of 0.1 a time, a sixth of all time; Node.js 20).
 */
export const postgresTransport: StatementTransport = (dataSource, statement, values, timeoutMs) => {
  const pool = poolOf(dataSource);
  if (!pool) return queryRunnerTransport(dataSource, statement, values, timeoutMs);
  const { sql: text } = statement;
  return new Promise((resolve, reject) => {
    pool.connect((noClient, client) => {
      if (!client) return reject(noClient);
      client.on('error', heard);
      // The driver's own `query_timeout` costs seven times as much.
      const timer = giveUpAfter(timeoutMs, client.connection?.stream);
      const end = (error: unknown, result?: Result | PostgresResult): void => {
        clearTimeout(timer);
        client.off('error', heard);
        const code = (error as { code?: unknown } | null)?.code;
        // Otherwise the driver may take a statement for prepared that the server has refused to prepare.
        client.release(Boolean(error) && !REFUSED.test(String(code)));
        if (result && !error) return resolve({ records: result.rows, affected: result.rowCount ?? result.rows.length });
        if (STALE.has(code)) return resolve(queryRunnerTransport(dataSource, statement, values, timeoutMs));
        refuse(reject, dataSource, error, text, values);
      };
      try {
        dataSource.logger.logQuery(text, values);
        client.query(queryOf(client, statement, values), end);
      } catch (error) {
        end(error);
      }
    });
  });
};

function queryOf({ connection }: Client, { name, sql: text, isPlain }: SentStatement, values: unknown[]): Query | PostgresQuery {
  // `pg-native` has a connection of another kind.
  const isOurs = isPlain && connection?.parsedStatements !== undefined && typeof connection.bind === 'function';
  return isOurs ? new PostgresQuery(name, text, values as Plain[]) : { name, text, values, rowMode: 'array' };
}

/** Another object after each initialisation, and `undefined` after `destroy()`. */
function poolOf({ driver }: DataSource): Pool | undefined {
  const { master } = driver as { master?: { connect?: unknown } };
  return typeof master?.connect === 'function' ? (master as Pool) : undefined;
}
