import type { Response } from 'express';
import { SessionInterruptedError } from '../../session.errors.js';
import type { SessionStore } from '../../store/session-store.js';
import { storeSession, type SessionLockOptions } from '../../store/work/lock.js';
import type { HeldLock } from '../../table/session-table.js';
import type { HandlerRequest } from '../request-of.js';

/** Where a request has its lock. */
const LOCK = Symbol('lock of the session');

type LockedRequest = HandlerRequest & { [LOCK]?: RequestLock };

/**
 * The lock of one request on its session. Its handlers share it: a GraphQL operation runs several resolvers at the same time.
 * It ends when all of them are done and the response is written, or the client has gone.
 */
export class RequestLock {
  private running = 0;
  private isAnswered = false;
  private held: HeldLock | undefined;
  private readonly taken: Promise<void>;

  private constructor(
    private readonly store: SessionStore,
    private readonly req: HandlerRequest,
    private readonly res: Response,
    options: SessionLockOptions,
  ) {
    this.taken = this.take(options);
  }

  /** Begins a handler under the lock of its request. The first one takes the lock; all wait for it. */
  static async enter(store: SessionStore, req: LockedRequest, res: Response, options: SessionLockOptions): Promise<RequestLock> {
    const lock = (req[LOCK] ??= new RequestLock(store, req, res, options));
    await lock.taken;
    lock.running++;
    return lock;
  }

  /** A handler is done. */
  leave(): void {
    this.running--;
    this.releaseWhenOver();
  }

  async storeAndRelease(): Promise<void> {
    await storeSession(this.store, this.req);
    await this.held?.release();
  }

  private async take(options: SessionLockOptions): Promise<void> {
    const { store, req, res } = this;
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const held = await store.lock(req, { ...options, signal: gone.signal });
    if (res.closed || res.writableEnded) {
      await held.release();
      throw new SessionInterruptedError('The client went away while its request waited for the lock of the session.');
    }
    this.held = held;
    // Once the end of the response has been written the session is stored; the client may take its time to read it.
    res.once('prefinish', () => {
      this.isAnswered = true;
      this.releaseWhenOver();
    });
    res.once('close', () => {
      this.isAnswered = true;
      // Nobody waits for a handler whose client has gone.
      if (!res.writableFinished) this.running = 0;
      this.releaseWhenOver();
    });
  }

  private releaseWhenOver(): void {
    // In the next turn, so that the code that stores the session of a disconnected client runs first.
    if (this.isAnswered && this.running <= 0) setImmediate(() => void this.held?.release());
  }
}
