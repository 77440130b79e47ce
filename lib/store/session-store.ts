import { textOf, SessionInterruptedError, SessionOptionsError } from '../session.errors.js';
import type { SessionTable } from '../table/session-table.js';
import { ContractStore } from './contract-store.js';
import type { Request, Session, SessionData } from './express-session.js';
import type { ResolvedSessionOptions } from './options/session-options.js';
import type { SessionSurroundings } from './runtime/dependencies.js';
import type { SessionEvents } from './runtime/events.js';
import { isRequest } from './session/session-object.js';
import { SessionLister, type SessionInfo, type SessionQuery } from './users/lister.js';
import { SessionRevoker, type RevokeOptions, type RevokeUserOptions } from './users/revoker.js';
import { runExclusively } from './session/origin.js';
import { reportSecurity, type SecurityItem } from './runtime/security-report.js';
import { SignIn } from './users/sign-in.js';
import { loginArguments, type LoginOptions } from './login-arguments.js';
import { SessionPruner } from './work/pruner.js';
import { SessionUpdater } from './work/updater.js';

export interface SessionStore {
  on<Name extends keyof SessionEvents>(name: Name, listener: (...args: SessionEvents[Name]) => void): this;
  once<Name extends keyof SessionEvents>(name: Name, listener: (...args: SessionEvents[Name]) => void): this;
}

/**
 * A session store over a database table: express-session's contract, whose methods take a callback or return a promise, and what
 * an application asks about its sessions. Emits the events of `SessionEvents`, and never `connect` or `disconnect`: express-session
 * switches sessions off for everybody on `disconnect`.
 *
 * @publicApi
 */
export class SessionStore extends ContractStore {
  private readonly pruner: SessionPruner;
  private readonly lister: SessionLister;
  private readonly revoker: SessionRevoker;
  private readonly updater: SessionUpdater;
  private readonly signIn: SignIn;

  /** @internal Made by the module and by `createSessionStore`. */
  constructor(
    table: SessionTable<'locked'>,
    options: ResolvedSessionOptions,
    surroundings: SessionSurroundings,
    private readonly closeDatabase: () => Promise<void>,
  ) {
    super(table, options, surroundings);
    this.pruner = new SessionPruner(this.dependencies);
    this.lister = new SessionLister(this.dependencies, this.reader);
    this.revoker = new SessionRevoker(this.dependencies, this.deadlines);
    this.updater = new SessionUpdater(this.dependencies, this.writer);
    this.signIn = new SignIn(this.dependencies, this.writer);
  }

  /**
   * Gives the session of a request a new id on the same row: data, creation time, deadlines, user and handle stay, the old
   * id is dead at once, and the cookie goes out with the response. Call it where a session gains rights (OWASP ASVS 7.2.4).
   * Rejects, with the old id still valid, if the database fails, and with `SessionHeadersSentError` if the response has begun; with
   * `SessionInterruptedError` if the session is gone.
   */
  async rotate(req: Request): Promise<void> {
    const { origin } = this.currentOf(req, 'rotate');
    const late = this.requests.tooLate(req, 'rotate', 'The session keeps its id.');
    if (late) throw late;
    await this.requests.giveId(req, origin, (key, rename) => this.writer.rotate(origin, key, rename));
  }

  /**
   * Signs a user in to the session of a request: a new id, a new row and new deadlines for the same session object. Sets
   * `session.userId`. The data of a visitor is carried over, the data of another user is not; `keep` names the keys to carry over
   * instead. The old row is gone at once, and the cookie goes out with the response. Call it before the response begins.
   *
   * Rejects with a TypeError for wrong arguments, with `SessionOptionsError` if the option `userId` does not find the user there, with
   * `SessionHeadersSentError` if the response has begun, and with `SessionInterruptedError` if this request has ended the
   * session or found it ended, or if a session with a user was ended meanwhile and its data would be carried over. Then the session is
   * as it was, and nobody is signed in. If a visitor's session was ended meanwhile, the sign-in succeeds with the data that this request has: of two
   * clicks on "sign in" neither fails.
   */
  async login(req: Request, userId: string | number, options: LoginOptions = {}): Promise<void> {
    const order = loginArguments(userId, options);
    const { session, origin } = this.currentOf(req, 'login');
    const late = this.requests.tooLate(req, 'login', 'Nobody is signed in.');
    if (late) throw late;
    await this.requests.giveId(req, origin, (key, rename, operation) =>
      this.signIn.login(session as SessionData, origin, order, { key, rename, newCookie: () => this.newCookie(req) }, operation),
    );
  }

  /**
   * Changes the session of a request depending on its data, as for a counter or a cart: runs `change(session)` on the newest data, and
   * stores it if no other request has changed the session meanwhile; else reads it again and runs `change` again. So `change` may run
   * several times, and nothing is lost. What the request changed before is stored with it. Resolves to what `change` returned. If
   * `change` throws, so does this, and the session is as it was before.
   *
   * Rejects with `SessionConflictError` after `operationTimeout`, the time that `change` takes included; with `SessionInterruptedError`
   * if the session was ended; with `SessionEntityError` if the entity has no column for `version`.
   */
  async update<T>(req: Request, change: (session: Session) => T | PromiseLike<T>): Promise<T> {
    if (typeof change !== 'function') throw new TypeError('`update` needs a function that changes the session, as in (session) => { … }.');
    const { session, origin } = this.currentOf(req, 'update');
    const run = () => change(session);
    return this.deadlines.run(
      (operation) => runExclusively(origin, () => this.updater.update(session as SessionData, origin, run, operation)),
      'update',
    );
  }

  /**
   * A page of live sessions, newest first; `after` is the last handle of the page before. With `userId: undefined` it is empty, as for a
   * visitor who is not signed in. Rejects with a `RangeError` if `limit` is not a whole number from 1, and with `SessionEntityError` if the entity has no column for `handle` or, with `userId`, for that.
   */
  list(query: SessionQuery = {}): Promise<SessionInfo[]> {
    return this.deadlines.run(() => this.lister.list(query), 'list');
  }

  /** One live session by its handle; `undefined` if there is none. */
  find(handle: string): Promise<SessionInfo | undefined> {
    return this.deadlines.run(() => this.lister.find(handle), 'find');
  }

  /** How many sessions are live, all or one user's. */
  count(query: Pick<SessionQuery, 'userId'> = {}): Promise<number> {
    return this.deadlines.run(() => this.lister.count(query), 'count');
  }

  /**
   * Ends one session in every process, even while requests use it. Resolves to `false` if there is none under this
   * handle or, with `userId`, if it is not that user's.
   */
  async revoke(handle: string, options: RevokeOptions = {}): Promise<boolean> {
    return this.revoker.revoke(handle, options);
  }

  /**
   * Ends all sessions of a user but the given one, as at a change of the password; resolves to how many. User ids are compared exactly.
   * Rejects with a `TypeError`, and ends nothing, if the user id is not a non-empty string or a number.
   */
  async revokeUser(userId: string | number, options: RevokeUserOptions = {}): Promise<number> {
    return this.revoker.revokeUser(userId, options);
  }

  /**
   * Ends all sessions whose row has this value in a column of the application's own, such as the session id of an identity provider;
   * with `before`, only those that were created before that moment. Resolves to how many. Rejects with `SessionEntityError` if the
   * entity has no property of this name, or no index on its column, and with `SessionSerializationError` if the connection does not
   * carry every character of the value: another value would be looked for, and the sessions of others ended.
   */
  async revokeBy(column: Readonly<Record<string, string | number>>, options: { before?: Date | undefined } = {}): Promise<number> {
    return this.revoker.revokeBy(column, options);
  }

  /**
   * Ends the sessions of everybody, in batches, with the event `revoking` after each; resolves to how many. Users who sign in meanwhile stay
   * signed in. If a batch fails, the call rejects, and the earlier batches have ended: call it again.
   */
  async revokeAll(): Promise<number> {
    return this.revoker.revokeAll();
  }

  /** Removes expired rows, in batches; resolves to how many. */
  prune(): Promise<number> {
    return this.telemetry ? this.telemetry.measure('prune', () => this.pruner.prune()) : this.pruner.prune();
  }

  /**
   * Replaces the plain ids of an older store (`hashIds: 'migrate'`) by their hashes, in batches, with the events `migrating` and
   * `migrated`; resolves to how many. Then `hashIds: true` ends the search for plain ids. Rejects with `SessionOptionsError` under
   * another `hashIds`.
   */
  async migrateIds(): Promise<number> {
    if (!this.ids.isOn)
      throw new SessionOptionsError("`migrateIds` needs the option `hashIds: 'migrate'`, with which plain ids are found.");
    return this.ids.all();
  }

  /**
   * The security checklist of `docs/security/index.md`, as the options of this store meet it: each item is met, yours to do, or off,
   * with the remedy. For a table at start-up: `console.table(await store.securityReport())`.
   */
  async securityReport(): Promise<SecurityItem[]> {
    return reportSecurity(this.dependencies.options);
  }

  /** One round trip to the database, for health checks. Rejects with `SessionUnavailableError`. */
  ping(): Promise<void> {
    return this.deadlines.run(() => this.dependencies.table.ping(), 'ping');
  }

  /** Ends timers, waits for operations in flight (at most `operationTimeout`), and closes a data source of the module's own. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.telemetry?.close();
    await this.quiesce();
    await this.deadlines.idle();
    await this.closeDatabase();
  }

  /** @internal Ends timers and waits for the operations in flight now; later ones are served, and delay nothing. */
  async quiesce(): Promise<void> {
    // A run of the pruner on a database that hangs is waited for no longer than the rest.
    this.deadlines.run(() => this.pruner.stop()).catch((error: unknown) => this.dependencies.warn(textOf(error)));
    await this.deadlines.settled();
  }

  /** @internal */
  startPruning(): void {
    const { prune } = this.dependencies.options;
    if (prune) this.pruner.start(prune.intervalMs);
  }

  /** The session of a request, and where it comes from. Throws a TypeError for what is no request. */
  private currentOf(req: Request, method: string) {
    if (!isRequest(req)) {
      throw new TypeError(`\`store.${method}\` takes the request first. If you have its session, call \`session.${method}\` instead.`);
    }
    const { session } = req as Partial<Request>;
    const origin = this.dependencies.origins.of(session, this.keyOf(req.sessionID));
    if (!session || !origin) throw new SessionInterruptedError();
    return { session, origin };
  }
}
