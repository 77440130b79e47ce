import type { Request } from './express-session.js';

/** What is known of a request until it is over; nothing is put on the request itself. */
export class SessionRequests {
  private readonly ended = new WeakMap<Request, Request['session']>();
  private readonly callbacks = new WeakMap<Request, () => Promise<void>>();

  constructor(private readonly warn: (message: string) => void) {}

  /** The session that a request has ended, or is ending. */
  endedIn(req: Request): Request['session'] | undefined {
    return this.ended.get(req);
  }

  noteEnded(req: Request, session: Request['session']): void {
    this.ended.set(req, session);
  }

  /** Calls back when the session of a request has been stored, or given up. */
  whenDone(req: Request, callback: () => Promise<void>): void {
    this.callbacks.set(req, callback);
  }

  done(req: Request): void {
    const callback = this.callbacks.get(req);
    this.callbacks.delete(req);
    callback?.().catch((error: unknown) => this.warn(`The lock of a session could not be released: ${String(error)}`));
  }
}
