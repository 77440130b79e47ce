import type { Duplex } from 'node:stream';
import type { DataSource, QueryRunner } from 'typeorm';
import type { PreparedStatement } from './prepared-statement.js';

/** What a statement came to: the rows that it returned, and how many it changed. */
export interface StatementResult {
  readonly records: readonly Record<string, unknown>[];
  readonly affected: number;
}

/** How a statement gets to the database. A connection on which it takes longer than `timeoutMs` is given up. */
export type StatementTransport = (
  dataSource: DataSource,
  statement: PreparedStatement,
  parameters: unknown[],
  timeoutMs: number,
) => Promise<StatementResult>;

/** Through a query runner of TypeORM on the primary, whatever the driver. */
export const throughRunner: StatementTransport = async (dataSource, { sql }, parameters, timeoutMs) => {
  const runner = dataSource.createQueryRunner('master');
  try {
    return await bounded(runner, timeoutMs, () => send(runner, sql, parameters));
  } finally {
    await runner.release();
  }
};

/** In a transaction that is taken back unless the statement changed so many rows. `undefined` where it did not. */
export async function whole(
  dataSource: DataSource,
  { sql }: PreparedStatement,
  parameters: unknown[],
  timeoutMs: number,
  rows: number,
): Promise<StatementResult | undefined> {
  const runner = dataSource.createQueryRunner('master');
  try {
    return await bounded(runner, timeoutMs, async () => {
      await runner.startTransaction();
      const result = await send(runner, sql, parameters);
      if (result.affected === rows) await runner.commitTransaction();
      else await runner.rollbackTransaction();
      return result.affected === rows ? result : undefined;
    });
  } catch (error) {
    // What broke the statement may have broken the connection, and the first error is the one to tell of.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}

async function send(runner: QueryRunner, sql: string, parameters: unknown[]): Promise<StatementResult> {
  const { records, affected } = await runner.query(sql, parameters, true);
  return { records: records as Record<string, unknown>[], affected: affected ?? 0 };
}

/** A connection of `mysql2`, or of `pg`, as far as it is used here. */
interface Connection {
  readonly stream?: Duplex;
  readonly connection?: { readonly stream?: Duplex };
}

/**
 * Gives a connection up on which work takes too long: a server that lost its power says nothing, and the kernel waits for
 * a quarter of an hour, with one connection of the pool after the other. What waits for the pool has none to give up.
 */
async function bounded<Result>(runner: QueryRunner, timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  const connection = (await runner.connect()) as Connection | undefined;
  const stream = connection?.stream ?? connection?.connection?.stream;
  const timer = setTimeout(() => stream?.destroy(new Error(`There was no answer within ${timeoutMs} ms.`)), timeoutMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
