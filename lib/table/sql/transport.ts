import type { Duplex } from 'node:stream';
import type { DataSource, QueryRunner } from 'typeorm';
import { SessionUnavailableError } from '../../session.errors.js';
import { afterRunning } from '../running-time.js';
import type { DatabaseRecord, SentStatement, StatementResult, StatementTransport } from './sent-statement.js';
import { StatementAttempt } from './statement-attempt.js';

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
  const stop = afterRunning(timeoutMs, () => socket?.destroy(new Error(`There was no answer within ${timeoutMs} ms.`)));
  try {
    return await work();
  } finally {
    stop();
  }
}

/** Through a query runner of TypeORM on the primary, whatever the driver. */
export const queryRunnerTransport: StatementTransport = (dataSource, { sql }, parameters, timeoutMs) =>
  StatementAttempt.run(timeoutMs, (attempt) => {
    const runner = dataSource.createQueryRunner('master');
    const send = async (): Promise<StatementResult | undefined> => {
      try {
        if (!attempt.connected(await connect(runner))) return undefined;
        const { records, affected } = await runner.query(sql, parameters, true);
        return { records: records as DatabaseRecord[], affected: affected ?? 0 };
      } finally {
        await runner.release();
      }
    };
    send().then(
      (result) => result && attempt.resolve(result),
      (error: unknown) => attempt.reject(error),
    );
  });

/** Whether what a driver gave has these methods: it may be of another library that only resembles the one that we know. */
export const hasMethods = (given: object | undefined, ...names: readonly string[]): boolean =>
  given !== undefined && names.every((name) => typeof (given as Readonly<Record<string, unknown>>)[name] === 'function');

/** Whether a statement changes nothing. */
export const isRead = ({ sql }: SentStatement): boolean => sql.startsWith('SELECT');

/** Tells TypeORM's logger of a statement, as the query runner does. */
export function logStatement({ logger }: DataSource, { sql }: SentStatement, values: unknown[]): void {
  callLogger(() => logger.logQuery(sql, values));
}

/** Tells TypeORM's logger of a statement that failed. */
export function logFailure({ logger }: DataSource, { sql }: SentStatement, values: unknown[], error: unknown): void {
  callLogger(() => logger.logQueryError(error as Error, sql, values));
}

function callLogger(log: () => void): void {
  try {
    log();
  } catch (cause) {
    throw new SessionUnavailableError('The logger of the data source threw an error. Correct the logger, or log fewer statements.', {
      cause,
    });
  }
}
