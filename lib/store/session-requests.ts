import type { Request } from './express-session.js';

/** What is known of a request until it is over; nothing is put on the request itself. */
export class SessionRequests {
  private readonly ended = new WeakMap<Request, Request['session']>();
  private readonly locked = new WeakSet<Request>();

  /** The session that a request has ended, or is ending. */
  endedIn(req: Request): Request['session'] | undefined {
    return this.ended.get(req);
  }

  noteEnded(req: Request, session: Request['session']): void {
    this.ended.set(req, session);
  }

  noteLocked(req: Request): void {
    this.locked.add(req);
  }

  /** Whether the session of a request is locked for it already. */
  isLocked(req: Request): boolean {
    return this.locked.has(req);
  }
}
