import { SessionHeadersSentError, SessionInterruptedError, SessionOptionsError, SessionUnavailableError } from '../../session.errors.js';
import type { HeldLock } from '../../table/session-table.js';
import type { Request } from '../express-session.js';
import type { Operation, Deadlines } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { watchEnding, watchReplaced } from '../session/replaced-object.js';
import { keyOf, newSessionId, whyNoKey } from '../session/id.js';
import { renameSessionObject, requestOf } from '../session/session-object.js';
import { factsOf, runExclusively, type SessionOrigin } from '../session/origin.js';
import type { IdMigration } from './id-migration.js';
import { SessionRenewal } from './renewal.js';

export const NO_ID_TO_STORE = 'A session cannot be stored without a usable id. Pass a string of 1 to 256 characters.';

const AFTER_ITS_END =
  'after its `regenerate()` or `destroy()`, so it is not stored. Use the session that `await session.regenerate()` ' +
  'resolves to, or sign in with `session.login(userId)`, which keeps the object.';

/** Not `"executionContexts"`, which reloads pages. */
const SITE_DATA = '"cache", "cookies", "storage"';

/** Moves a row to another key, and calls `rename` at the same moment, so that nobody meets the session under its old id. */
type Move = (key: string, rename: () => void, operation: Operation) => Promise<void>;

/** What a response says of itself; one that waits for the store says that it has begun, or ended, all the same. */
type ResponseState = Partial<Readonly<Record<'headersSent' | 'writableEnded', boolean>>> & {
  once?(event: 'close', listener: () => void): unknown;
};

/** Of Express alone: what opened a socket of Socket.IO has a response, too, which was sent long ago and matters to nobody. */
const responseInExpress = ({ app, res }: Partial<Request>): ResponseState | undefined => (app ? res : undefined);

/** What is known of a request until it is over; nothing is put on the request itself. */
export class RequestState {
  private readonly ended = new WeakMap<Request, Request['session']>();
  private readonly cleared = new WeakSet<Request>();
  private readonly locks = new WeakMap<Request, HeldLock>();
  private readonly renewal: SessionRenewal;
  private readonly told = new Set<string>();
  private isToldOfSignIn = false;
  private readonly hidden = new Set<string>();
  /** The response to a request, in the framework that serves it. */
  responseOf: (req: Request) => ResponseState | undefined = responseInExpress;

  constructor(
    /** Puts a new session on a request. */
    private readonly generate: (req: Request) => void,
    private readonly dependencies: StoreDependencies,
    private readonly deadlines: Deadlines,
    private readonly ids: IdMigration,
  ) {
    this.renewal = new SessionRenewal(dependencies);
  }

  /** The session that a request has ended, or is ending. */
  endedIn(req: Request): Request['session'] | undefined {
    return this.ended.get(req);
  }

  noteEnded(req: Request, session: Request['session']): void {
    this.ended.set(req, session);
  }

  /**
   * Ends a session. Outside production, says once when the application writes to its object from then on; if the end fails, the object stays
   * in use, and nothing is said. What is in flight on it may write to it, too.
   */
  async watchEnded(session: object, end: () => Promise<void>): Promise<void> {
    const isQuiet = !this.dependencies.warnOfMistake || this.dependencies.origins.of(session)?.turn !== undefined;
    const keySet = isQuiet ? undefined : watchEnding(session);
    let key: string | undefined;
    try {
      await end();
    } finally {
      key = keySet?.();
    }
    if (key !== undefined) this.say(key, AFTER_ITS_END);
    this.watch(session, AFTER_ITS_END);
  }

  /** Outside production, says once when the application writes to a session object that a newer one has replaced. */
  watchReloaded(session: object): void {
    this.watch(
      session,
      'after its `reload()`, when another object had taken its place. Use `req.session`, or let the next handler read it by `@Session()`.',
    );
  }

  private watch(session: object, advice: string): void {
    const { warnOfMistake } = this.dependencies;
    if (!warnOfMistake || this.told.has(advice)) return;
    const req = requestOf(session);
    const isInUse = (cookie: unknown) => (req?.session as Partial<Request['session']> | null | undefined)?.cookie === cookie;
    const look = watchReplaced(session, isInUse, (key) => this.say(key, advice));
    // No other moment is known at which the application is done with it.
    if (req) this.responseOf(req)?.once?.('close', look);
  }

  private say(key: string, advice: string): void {
    if (this.told.has(advice)) return;
    this.told.add(advice);
    this.dependencies.warnOfMistake?.(`The key "${key}" was set on a session object ${advice}`);
  }

  /** Outside production, says once that a guard asks for a sign-in which `session.login` would have noted. */
  noteNotSignedIn(): void {
    if (this.isToldOfSignIn) return;
    this.isToldOfSignIn = true;
    this.dependencies.warnOfMistake?.(
      'A session with a user was refused by @RequireSession({ fresh }) or ({ level }), because it was not signed in by ' +
        '`session.login(userId, { level })`: its sign-in has no time and no level. Call `session.login` instead of setting the user yourself.',
    );
  }

  /** Says once of each key of stored data that `req.session` cannot show it. */
  warnOfHidden(key: string): void {
    if (this.hidden.has(key)) return;
    this.hidden.add(key);
    this.dependencies.warn(
      `A stored session has the key "${key}", which is a reserved name of the session: its value stays in the row until the next sign-in, and is ` +
        'not on `req.session`. Rename the key in the application and in the stored sessions; `store.get(id)` reads it.',
    );
  }

  /** The response of a request asks the browser to clear the data of the site. */
  noteCleared(req: Request): void {
    this.cleared.add(req);
    const { res } = req as Partial<Request>;
    // Under an application's own `session()` nobody else adds headers.
    if (this.dependencies.options.secret.length === 0 && res && !res.headersSent) res.setHeader('Clear-Site-Data', SITE_DATA);
  }

  /** The value of `Clear-Site-Data` that the response carries, if any. */
  siteDataToClear(req: Request): string | undefined {
    return this.cleared.has(req) ? SITE_DATA : undefined;
  }

  noteLock(req: Request, lock: HeldLock): void {
    this.locks.set(req, lock);
  }

  /** Gives a copy of a session the origin of that session, unless it was read from the same row. */
  shareOrigin(session: object, copy: object): void {
    const { origins } = this.dependencies;
    const origin = origins.of(session);
    if (origin && !origins.of(copy, origin.key)) origins.attach(copy, origin);
  }

  /** The next read of a session asks the database, whatever the option `cache` says. */
  readAnew(sid: string): void {
    const key = keyOf(sid, this.dependencies.options.hashIds);
    if (key) this.dependencies.cache?.forget(key);
  }

  /** The lock that a request has, or had, on its session. */
  lockOf(req: Request): HeldLock | undefined {
    return this.locks.get(req);
  }

  /** Forgets a lock that has ended, for a request that goes on, as that of a socket does: what it stores later is not under it. */
  forgetLock(req: Request): void {
    if (this.locks.get(req)?.isHeld === false) this.locks.delete(req);
    const origin = this.dependencies.origins.of(req.session);
    if (origin?.lock?.isHeld === false) origin.lock = undefined;
  }

  /** Puts an empty session on a request whose own could not be read: nothing of it is ever stored, and no cookie goes out. */
  giveThrowaway(req: Request): void {
    this.generate(req);
    this.dependencies.origins.of(req.session)!.isThrowaway = true;
    // Without an id nothing is stored and no cookie goes out.
    (req as { sessionID: unknown }).sessionID = undefined;
  }

  /** Tells that the changes of a session are dropped, because the database does not take them. */
  reportDropped(session: object): void {
    this.dependencies.emit('interrupted', { ...factsOf(this.dependencies.origins.of(session)), reason: 'unavailable' });
  }

  /**
   * The outcome of a save with a callback. Under an application's own `session()` express-session saves at the end of the
   * request, when the head of the answer has left: nobody can be told any more that the session was ended meanwhile, so
   * `onInterrupted: 'drop'` leaves it at the event. Before that, and without a callback, the caller learns it.
   */
  async dropInterrupted(req: Request, saved: Promise<void>): Promise<void> {
    const { secret, onInterrupted } = this.dependencies.options;
    try {
      await saved;
    } catch (error) {
      const isDropped = error instanceof SessionInterruptedError && onInterrupted === 'drop' && secret.length === 0;
      if (!isDropped || !(req as Partial<Request>).res?.headersSent) throw error;
    }
  }

  /** The error of a call after which no cookie can go out any more; `undefined` in time. `outcome` says what becomes of the session. */
  tooLate(req: Request, method: string, outcome: string): SessionHeadersSentError | undefined {
    const response = this.responseOf(requestOf(req.session) ?? req);
    if (!response?.headersSent && !response?.writableEnded) return undefined;
    return new SessionHeadersSentError(
      `\`session.${method}\` was called after the response had begun, so no cookie can go out with a new id. ${outcome} Call it before the response begins.`,
    );
  }

  /** Gives the session of a request another id. */
  async giveId(req: Request, origin: SessionOrigin, move: Move): Promise<void> {
    const { session, sessionID } = req;
    const { genid, hashIds } = this.dependencies.options;
    const id = newSessionId(genid, req);
    const key = keyOf(id, hashIds);
    if (!key) throw new SessionOptionsError(whyNoKey(id));
    const rename = () => {
      req.sessionID = id;
      renameSessionObject(session, id);
    };
    await this.deadlines.run(
      (operation) =>
        runExclusively(origin, async () => {
          await move(key, rename, operation);
          if (origin.isStored) await this.ids.forgetTwin(sessionID);
        }),
      'rotate',
    );
  }

  /** Whether the session of a request is to get another id before its answer (`renewAfter`). */
  isRenewalDue(session: object): boolean {
    const origin = this.dependencies.origins.of(session);
    return origin !== undefined && this.renewal.isDue(origin);
  }

  /** Renews the id of the session of a request. If the database fails, the session keeps its id until the next request. */
  async renew(req: Request): Promise<void> {
    const origin = this.dependencies.origins.of(req.session);
    if (!origin || !this.renewal.isDue(origin)) return;
    try {
      await this.giveId(req, origin, (key, rename, operation) => this.renewal.renew(origin, key, rename, operation));
    } catch (error) {
      if (!(error instanceof SessionUnavailableError)) throw error;
    }
  }
}
