import type { Duplex } from 'node:stream';
import type { DataSource } from 'typeorm';
import { throughRunner, type StatementTransport } from './statement-transport.js';

/** A connection of the `pg` driver, as far as it is used here. */
interface Client {
  query(query: Query): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
  /** With `true` the connection is closed instead of given back. */
  release(isBroken: boolean): void;
  on(event: 'error', listener: () => void): void;
  off(event: 'error', listener: () => void): void;
  readonly connection?: { readonly stream?: Duplex };
}

interface Query {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
}

/** What the server refuses while it carries a statement out: value, constraint, deadlock. The connection is as good as before. */
const REFUSED = /^(22|23|40)[0-9A-Z]{3}$/;
/** The table has changed since the statement was prepared, or a pooler in between mixes connections up: nothing has happened. */
const STALE = new Set<unknown>(['0A000', '26000', '42P05']);
// The error reaches whoever waits for the query; without a listener it would end the process, too.
const heard = (): void => undefined;

/**
 * As named prepared statements on the pool of the primary, which saves the server the parsing and us the query runner: on
 * PostgreSQL a get at 64 at a time costs half. Through the runner where the pool is out of reach. TypeORM's logger is told all the same.
 */
export const throughPool: StatementTransport = async (dataSource, statement, values, timeoutMs) => {
  const pool = poolOf(dataSource);
  if (!pool) return throughRunner(dataSource, statement, values, timeoutMs);
  const { name, sql: text } = statement;
  const { logger } = dataSource;
  const client = await pool.connect();
  client.on('error', heard);
  let isBroken = false;
  // The driver's own `query_timeout` costs seven times as much.
  const timer = setTimeout(() => client.connection?.stream?.destroy(new Error(`There was no answer within ${timeoutMs} ms.`)), timeoutMs);
  try {
    logger.logQuery(text, values);
    const { rows, rowCount } = await client.query({ name, text, values });
    return { records: rows, affected: rowCount ?? rows.length };
  } catch (error) {
    const { code } = error as { code?: unknown };
    // Otherwise the driver may take a statement for prepared that the server has refused to prepare.
    isBroken = !REFUSED.test(String(code));
    if (STALE.has(code)) return await throughRunner(dataSource, statement, values, timeoutMs);
    logger.logQueryError(error as Error, text, values);
    throw error;
  } finally {
    clearTimeout(timer);
    client.off('error', heard);
    client.release(isBroken);
  }
};

/** Another object after each initialisation, and `undefined` after `destroy()`. */
function poolOf({ driver }: DataSource): { connect(): Promise<Client> } | undefined {
  const { master } = driver as { master?: { connect?: unknown } };
  return typeof master?.connect === 'function' ? (master as { connect(): Promise<Client> }) : undefined;
}
