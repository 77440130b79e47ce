import type { Request } from './express-session.js';
import type { SessionContext } from './session-context.js';
import { factsOf } from './session-origin.js';
import type { SessionStore } from './session-store.js';

/** What is known of a request until it is over; nothing is put on the request itself. */
export class SessionRequests {
  private readonly ended = new WeakMap<Request, Request['session']>();
  private readonly locked = new WeakSet<Request>();

  constructor(
    private readonly store: SessionStore,
    private readonly context: Pick<SessionContext, 'origins' | 'tell'>,
  ) {}

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

  /** Puts an empty session on a request whose own could not be read: nothing of it is ever stored, and no cookie goes out. */
  giveThrowaway(req: Request): void {
    this.store.generate(req);
    this.context.origins.of(req.session)!.isThrowaway = true;
    // express-session neither stores nor sets a cookie where there is no id.
    (req as { sessionID: unknown }).sessionID = undefined;
  }

  /** Tells that the changes of a session are dropped, because the database does not take them. */
  noteDropped(session: object): void {
    this.context.tell('interrupted', { ...factsOf(this.context.origins.of(session)), reason: 'unavailable' });
  }
}
