import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { DataSource } from 'typeorm';
import { SessionOptionsError, SessionUnavailableError } from '../session.errors.js';
import { toSessionError } from './database-error.js';
import { KeyedSemaphore } from './keyed-semaphore.js';
import type { HeldLock, LockRequest } from './session-table.js';
import type { TableShape } from './sql/dialect.js';
import { bounded, connect } from './sql/transport.js';

/** The default size of the pools of TypeORM's drivers. */
const DEFAULT_POOL_SIZE = 10;
/** What a timer can wait for; a longer one would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A lock of the database, and the connection that holds it. */
interface DatabaseHold {
  /** Where the driver shows it. */
  readonly socket: Duplex | undefined;
  readonly end: () => Promise<void>;
}

/** If there is no lock of the database. */
const NO_HOLD: DatabaseHold = { socket: undefined, end: async () => {} };

/**
 * Locks on single sessions. Within the process requests wait in line; the first of them waits for a lock of the database,
 * if it has them. Its connection is held as long as the lock, so at most half of the pool goes into locks: the other
 * half stays for the statements of those that hold them.
 */
export class SessionLocks {
  private readonly lines = new KeyedSemaphore(1);
  private connections: KeyedSemaphore | undefined;
  private readonly held = new Set<HeldLock>();

  /** A connection that leaves the end of a lock unanswered for longer than `timeoutMs` is given up, and the lock with it. */
  constructor(private readonly timeoutMs: number) {}

  /** As `SessionTable.lock` says. */
  async acquire(shape: TableShape, request: LockRequest): Promise<HeldLock | undefined> {
    const { id, waitMs, signal } = request;
    const deadline = performance.now() + waitMs;
    const leaveLine = await this.lines.enter(id, waitMs, signal);
    if (!leaveLine) return undefined;
    try {
      const hold = shape.dialect.lock ? await this.lockDatabase(shape, request, deadline) : NO_HOLD;
      if (!hold) leaveLine();
      return hold && this.hold(request, hold, leaveLine);
    } catch (error) {
      leaveLine();
      throw error;
    }
  }

  async endAll(): Promise<void> {
    await Promise.all(Array.from(this.held, (lock) => lock.release()));
  }

  private hold({ maxHoldMs, onLost }: LockRequest, { socket, end }: DatabaseHold, leaveLine: () => void): HeldLock {
    let ending: Promise<void> | undefined;
    const lock = {
      isHeld: true,
      release: (): Promise<void> => {
        lock.isHeld = false;
        ending ??= giveUp();
        return ending;
      },
    };
    const giveUp = async (): Promise<void> => {
      clearTimeout(timer);
      for (const event of CLOSING) socket?.off(event, onTaken);
      await end();
      this.held.delete(lock);
      leaveLine();
    };
    const lose = (reason: 'expired' | 'taken'): void => {
      void lock.release();
      onLost?.(reason);
    };
    const onTaken = (): void => lose('taken');
    // The request whose lock it is keeps the process alive, or nothing does.
    const timer = setTimeout(() => lose('expired'), maxHoldMs).unref();
    for (const event of CLOSING) socket?.once(event, onTaken);
    this.held.add(lock);
    return lock;
  }

  private async lockDatabase(shape: TableShape, request: LockRequest, deadline: number): Promise<DatabaseHold | undefined> {
    const { dataSource, table, dialect } = shape;
    const lock = dialect.lock!;
    const { id, maxHoldMs, signal } = request;
    const left = () => Math.max(1, Math.ceil(deadline - performance.now()));
    this.connections ??= new KeyedSemaphore(shareOfPool(dataSource));
    const leaveConnections = await this.connections.enter('', left(), signal);
    if (!leaveConnections) return undefined;
    const name = createHash('sha256').update(`${table} ${id}`).digest('hex');
    const runner = dataSource.createQueryRunner('master');
    const giveBack = (): Promise<void> => runner.release().finally(leaveConnections);
    const connecting = connect(runner);
    if (!(await settlesWithin(connecting, left()))) {
      connecting.then(giveBack, giveBack).catch(() => undefined);
      throw new SessionUnavailableError(
        `The lock of a session found no free connection within ${request.waitMs} ms. Raise the \`poolSize\` of the data source.`,
      );
    }
    let socket: Duplex | undefined;
    try {
      socket = await connecting;
      const acquire = () => lock.acquire(runner, name, { waitMs: left(), maxHoldMs });
      if (!(await bounded(socket, Math.min(left() + this.timeoutMs, MAX_TIMER_MS), acquire))) {
        await giveBack();
        return undefined;
      }
    } catch (error) {
      await close(socket);
      await giveBack();
      throw toSessionError(error, shape);
    }
    // A connection that did not say that its lock is gone must not get back into the pool with it.
    const end = async (): Promise<void> => {
      await bounded(socket, this.timeoutMs, () => lock.release(runner, name)).catch(() => close(socket));
      await giveBack().catch(() => close(socket));
    };
    return { socket, end };
  }
}

/** The events of a socket when the server, or the network, ends its connection. */
const CLOSING = ['end', 'close'] as const;

/** Ends a connection, and the lock that the server holds for it. */
async function close(socket: Duplex | undefined): Promise<void> {
  if (!socket || socket.closed) return;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy();
  await closed;
}

/** The number of connections that a data source opens at most. */
export function poolSizeOf({ options }: DataSource): number {
  const { poolSize, extra } = options as { poolSize?: number; extra?: { max?: number; connectionLimit?: number } };
  return extra?.max ?? extra?.connectionLimit ?? poolSize ?? DEFAULT_POOL_SIZE;
}

/** Whether a promise settles in time, in whatever way. */
function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    const settle = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    promise.then(settle, settle);
  });
}

function shareOfPool(dataSource: DataSource): number {
  const size = poolSizeOf(dataSource);
  if (size >= 2) return Math.floor(size / 2);
  throw new SessionOptionsError(`A session lock needs a pool of at least 2 connections, and this one has ${size}. Raise its \`poolSize\`.`);
}
