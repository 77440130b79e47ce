import type { Duplex } from 'node:stream';
import type { DataSource } from 'typeorm';
import { PostgresQuery, type Plain, type PostgresConnection, type PostgresResult } from './postgres-query.js';
import { StatementAttempt } from '../../sql/statement-attempt.js';
import { hasMethods, logFailure, logStatement, queryRunnerTransport } from '../../sql/transport.js';
import type { SentStatement, StatementTransport, DatabaseRecord } from '../../sql/sent-statement.js';

/** A connection of the `pg` driver, as far as it is used here. */
interface Client {
  query(query: Query | PostgresQuery, callback: (error: unknown, result?: Result | PostgresResult) => void): void;
  /** With `true` the connection is closed instead of given back. */
  release(isBroken?: boolean): void;
  on(event: 'error', listener: () => void): void;
  removeListener(event: 'error', listener: () => void): void;
  readonly connection?: Partial<PostgresConnection> & { readonly stream?: Duplex };
  /** Only that of `pg-native` has it. */
  readonly native?: object;
  /** Whether it sends queries before it has the answers of those before them: then it takes no queries of other classes. */
  readonly pipeline?: boolean;
}

interface Pool {
  connect(callback: (error: unknown, client?: Client, release?: () => void) => void): void;
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

/** What the clients of a pool take: queries of our class, queries as the driver defines them, or only what TypeORM sends. */
type Footing = 'own queries' | 'queries of the driver' | 'query runner';

/** What the server refuses while it carries a statement out: value, constraint, deadlock, lock. The connection is as good as before. */
const REFUSED = /^(22|23|40)[0-9A-Z]{3}$|^55P03$/;
/** The table has changed since the statement was prepared, or a pooler in between mixes connections up: nothing has happened. */
const STALE = new Set<unknown>(['0A000', '26000', '42P05']);
// The error reaches whoever waits for the query; without a listener it would end the process, too.
const heard = (): void => undefined;
/** The clients of a pool are all alike, so the first one decides. */
const footings = new WeakMap<Pool, Footing>();

/**
 * As named prepared statements on the pool of the primary, which saves the server the parsing and us the query runner. Through the
 * runner where the pool is out of reach, or is not that of `pg`. TypeORM's logger hears of it all the same.
 *
 * With callbacks: an `async` function keeps the rows of every batch alive for longer than two collections of the young generation.
 */
export const postgresTransport: StatementTransport = (dataSource, statement, values, timeoutMs) => {
  const pool = poolOf(dataSource);
  const throughRunner = () => queryRunnerTransport(dataSource, statement, values, timeoutMs);
  if (!pool || footings.get(pool) === 'query runner') return throughRunner();
  return StatementAttempt.run(timeoutMs, (attempt) => {
    const use = (client: Client, release?: () => void): void => {
      const footing = footingOn(pool, client);
      if (footing === 'query runner') {
        release?.();
        return attempt.resolve(throughRunner());
      }
      if (!attempt.connected(client.connection?.stream)) return client.release();
      const end = attempt.guard((error: unknown, result?: Result | PostgresResult): void => {
        const code = (error as { code?: unknown } | null | undefined)?.code;
        const isAnswered = result && !error;
        // Otherwise the driver may take a statement for prepared that the server has refused to prepare.
        client.release(!isAnswered && !REFUSED.test(String(code)));
        client.removeListener('error', heard);
        if (isAnswered) return attempt.resolve({ records: result.rows, affected: result.rowCount ?? result.rows.length });
        if (STALE.has(code)) return attempt.resolve(throughRunner());
        logFailure(dataSource, statement, values, error);
        attempt.reject(error);
      });
      try {
        client.on('error', heard);
        logStatement(dataSource, statement, values);
        client.query(queryFor(footing, statement, values), end);
      } catch (error) {
        end(error);
      }
    };
    pool.connect(attempt.guard((noClient, client, release) => (client ? use(client, release) : attempt.reject(noClient))));
  });
};

function footingOn(pool: Pool, client: Client): Footing {
  const known = footings.get(pool);
  if (known) return known;
  const footing = footingOf(client);
  footings.set(pool, footing);
  return footing;
}

/** Pools of other libraries, and of tests, have clients that only look like those of `pg`. */
function footingOf(client: Client): Footing {
  const { connection, native, pipeline } = client;
  const isOfPg = native !== undefined || connection?.parsedStatements !== undefined;
  if (!isOfPg || !hasMethods(client, 'query', 'on', 'removeListener', 'release')) return 'query runner';
  return !pipeline && hasMethods(connection, 'parse', 'bind', 'execute', 'sync') ? 'own queries' : 'queries of the driver';
}

function queryFor(footing: Footing, { name, sql: text, isPlain }: SentStatement, values: unknown[]): Query | PostgresQuery {
  return isPlain && footing === 'own queries' ? new PostgresQuery(name, text, values as Plain[]) : { name, text, values, rowMode: 'array' };
}

/** Another object after each initialisation, and `undefined` after `destroy()`. */
function poolOf({ driver }: DataSource): Pool | undefined {
  const { master } = driver as { master?: { connect?: unknown } };
  return typeof master?.connect === 'function' ? (master as Pool) : undefined;
}
