import type { Duplex } from 'node:stream';
import type { DataSource, QueryRunner } from 'typeorm';

/** A statement as it is sent. */
export interface SentStatement {
  /** The same for the same SQL, and for no other: what the server knows it by. */
  readonly name: string;
  readonly sql: string;
  /** Whether it is worth a place in the memory of each connection, of which a server has so many for all of its clients. */
  readonly isFrequent: boolean;
  /** Whether all that goes there and comes back is text, a number or NULL: neither TypeORM nor the driver has anything to convert. */
  readonly isPlain: boolean;
}

/** A row as a driver returns it: by field or, where we can choose, the values alone in the order of the statement. */
export type DatabaseRecord = Readonly<Record<string, unknown>> | readonly unknown[];

/** What a statement came to: the rows that it returned, and how many it changed. */
export interface StatementResult {
  readonly records: readonly DatabaseRecord[];
  readonly affected: number;
}

/** How a statement gets to the database. A connection on which it takes longer than `timeoutMs` is given up. */
export type StatementTransport = (
  dataSource: DataSource,
  statement: SentStatement,
  parameters: unknown[],
  timeoutMs: number,
) => Promise<StatementResult>;

/** Through a query runner of TypeORM on the primary, whatever the driver. */
export const queryRunnerTransport: StatementTransport = async (dataSource, { sql }, parameters, timeoutMs) => {
  const runner = dataSource.createQueryRunner('master');
  try {
    const socket = await connect(runner);
    return await bounded(socket, timeoutMs, () => send(runner, sql, parameters));
  } finally {
    await runner.release();
  }
};

async function send(runner: QueryRunner, sql: string, parameters: unknown[]): Promise<StatementResult> {
  const { records, affected } = await runner.query(sql, parameters, true);
  return { records: records as DatabaseRecord[], affected: affected ?? 0 };
}

/** A connection of `mysql2`, or of `pg`, as far as it is used here. */
interface Connection {
  readonly stream?: Duplex;
  readonly connection?: { readonly stream?: Duplex };
}

/** Takes a connection from the pool; resolves to its socket where the driver shows it. */
export async function connect(runner: QueryRunner): Promise<Duplex | undefined> {
  const connection = (await runner.connect()) as Connection | undefined;
  return connection?.stream ?? connection?.connection?.stream;
}

/** Does work on a connection, which is given up when the work takes too long. */
export async function bounded<Result>(socket: Duplex | undefined, timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  const timer = giveUpAfter(timeoutMs, socket);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Gives a connection up on which work takes too long: a server that lost its power says nothing, and the kernel waits for
 * a quarter of an hour, with one connection of the pool after the other. What waits for the pool has none to give up.
 */
export function giveUpAfter(timeoutMs: number, stream: Duplex | undefined): NodeJS.Timeout {
  return setTimeout(() => stream?.destroy(new Error(`There was no answer within ${timeoutMs} ms.`)), timeoutMs);
}

/** Tells the logger, and then whoever waits: what a logger throws in the callback of a driver would end the process. */
export function refuse(reject: (reason: unknown) => void, { logger }: DataSource, error: unknown, sql: string, values: unknown[]): void {
  try {
    logger.logQueryError(error as Error, sql, values);
    reject(error);
  } catch (failure) {
    reject(failure);
  }
}
