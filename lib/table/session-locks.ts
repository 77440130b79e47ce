import { createHash } from 'node:crypto';
import type { DataSource, QueryRunner } from 'typeorm';
import { SessionOptionsError } from '../session.errors.js';
import { toSessionError } from './database-error.js';
import { KeyedSemaphore } from './keyed-semaphore.js';
import type { DatabaseLock, TableShape } from './sql/dialect.js';

/** What the pools of TypeORM's drivers hold unless told otherwise. */
const DEFAULT_POOL_SIZE = 10;

/**
 * Locks on single sessions. Within the process requests wait in line; the first of them waits for a lock of the database,
 * where that has such. Its connection is held as long as the lock, so at most half of the pool goes into locks: the other
 * half stays for the statements of those that hold them.
 */
export class SessionLocks {
  private readonly lines = new KeyedSemaphore(1);
  private connections: KeyedSemaphore | undefined;

  /** Resolves to what releases the lock, or to `undefined` where it could not be had in time. */
  async acquire(shape: TableShape, id: string, waitMs: number): Promise<(() => Promise<void>) | undefined> {
    const deadline = performance.now() + waitMs;
    const left = () => Math.max(1, deadline - performance.now());
    const leaveLine = await this.lines.enter(id, waitMs);
    if (!leaveLine) return undefined;
    const { lock } = shape.dialect;
    if (!lock) return async () => leaveLine();
    try {
      const release = await this.lockDatabase(shape, lock, id, left);
      if (!release) leaveLine();
      return release && (() => release().finally(leaveLine));
    } catch (error) {
      leaveLine();
      throw error;
    }
  }

  private async lockDatabase(
    shape: TableShape,
    lock: DatabaseLock,
    id: string,
    left: () => number,
  ): Promise<(() => Promise<void>) | undefined> {
    const { dataSource, table } = shape;
    this.connections ??= new KeyedSemaphore(shareOfPool(dataSource));
    const leaveConnections = await this.connections.enter('', left());
    if (!leaveConnections) return undefined;
    const name = createHash('sha256').update(`${table} ${id}`).digest('hex');
    const runner = dataSource.createQueryRunner('master');
    const giveBack = async (): Promise<void> => {
      await runner.release().finally(leaveConnections);
    };
    try {
      if (await lock.acquire(runner, name, Math.ceil(left()))) {
        return async () => {
          await unlock(runner, lock, name);
          await giveBack();
        };
      }
    } catch (error) {
      await giveBack();
      throw toSessionError(error, shape);
    }
    await giveBack();
    return undefined;
  }
}

/** A connection that broke has lost its lock on the server, too: there is nothing left to release. */
async function unlock(runner: QueryRunner, lock: DatabaseLock, name: string): Promise<void> {
  await lock.release(runner, name).catch(() => undefined);
}

function shareOfPool({ options }: DataSource): number {
  const { poolSize, extra } = options as { poolSize?: number; extra?: { max?: number; connectionLimit?: number } };
  const size = extra?.max ?? extra?.connectionLimit ?? poolSize ?? DEFAULT_POOL_SIZE;
  if (size >= 2) return Math.floor(size / 2);
  throw new SessionOptionsError(`A session lock needs a pool of at least 2 connections, and this one has ${size}. Raise its \`poolSize\`.`);
}
