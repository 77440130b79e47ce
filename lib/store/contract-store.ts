import { SessionOptionsError } from '../session.errors.js';
import type { HeldLock, SessionTable } from '../table/session-table.js';
import { batched } from './batching/batching-table.js';
import { cached } from './caching/caching-table.js';
import { fromCallback, toCallbackOrPromise, type Callback } from './callback.js';
import { Store, type Request, type SessionData } from './express-session.js';
import type { ResolvedSessionOptions } from './options/session-options.js';
import { AvailabilityMonitor } from './runtime/availability-monitor.js';
import { Deadlines, type Operation } from './runtime/deadlines.js';
import type { SessionSurroundings, StoreDependencies } from './runtime/dependencies.js';
import { isHeard, notify, type Emit, type EventRelay, type SessionEvent } from './runtime/events.js';
import { Telemetry, type TelemetryApi } from './runtime/telemetry.js';
import { SessionCodec } from './session/codec.js';
import { keyOf, whyNoKey } from './session/id.js';
import { newOrigin, notRead, SessionOrigins, SessionTurns, type SessionState } from './session/origin.js';
import type { LoginStamp } from './session/login-stamp.js';
import { createSessionObject } from './session/session-object.js';
import { lockSession, type SessionLockOptions } from './work/lock.js';
import { IdMigration } from './work/id-migration.js';
import { SessionReader } from './work/reader.js';
import { NO_ID_TO_STORE, RequestState } from './work/request-state.js';
import type { AtEnd, Due } from './work/due.js';
import { SessionWriter } from './work/writer.js';

/**
 * What a middleware asks of a store: express-session's contract, whose methods take a callback or return a promise, and what our
 * own exchange asks beside it. What an application asks stands in `SessionStore`.
 */
export abstract class ContractStore extends Store {
  /** @internal */
  readonly requests: RequestState;
  protected readonly dependencies: StoreDependencies;
  protected readonly reader: SessionReader;
  protected readonly writer: SessionWriter;
  protected readonly ids: IdMigration;
  protected readonly deadlines: Deadlines;
  private readonly turns = new SessionTurns();
  protected telemetry: Telemetry | undefined;
  protected isClosed = false;
  private relay: EventRelay | undefined;
  private makeSession: ((req: Request) => void) | undefined;

  /** @internal */
  constructor(table: SessionTable<'locked'>, options: ResolvedSessionOptions, surroundings: SessionSurroundings) {
    super();
    const { now, warn, warnOfMistake, notices } = surroundings;
    const reporter = () => this.telemetry;
    const emit: Emit = (name, facts) => {
      const { relay } = this;
      if (name === 'pruned') this.telemetry?.pruned((facts as Pick<SessionEvent, 'count'>).count ?? 0);
      if (isHeard(this, name, relay)) notify(this, name, { ...facts, at: new Date(now()) }, { warn, relay });
    };
    const availability = new AvailabilityMonitor((isAvailable) => emit(isAvailable ? 'recovered' : 'unavailable', {}));
    this.deadlines = new Deadlines(options.operationTimeoutMs, availability);
    const clock = () => this.deadlines.now();
    this.dependencies = {
      ...cached(batched(table, options, clock, availability, reporter), options.cache, { notices, reporter }),
      options,
      now,
      warn,
      warnOfMistake,
      emit,
      hears: (name) => isHeard(this, name, this.relay),
      codec: new SessionCodec(options),
      origins: new SessionOrigins(),
    };
    this.ids = new IdMigration(this.dependencies);
    this.reader = new SessionReader(this.dependencies, this.ids);
    this.writer = new SessionWriter(this.dependencies);
    this.requests = new RequestState((req) => this.generate(req), this.dependencies, this.deadlines, this.ids);
  }

  /** The data of a live session; `undefined` for an id that is unknown, expired or malformed. */
  get(sid: string): Promise<SessionData | undefined>;
  get(sid: string, callback: Callback<SessionData | null>): void;
  get(sid: string, callback?: Callback<SessionData | null>): Promise<SessionData | undefined> | undefined {
    const key = this.keyOf(sid);
    const read = () => (key ? this.deadlines.run(() => this.reader.find(key, sid), 'get') : Promise.resolve(undefined));
    return toCallbackOrPromise<SessionData | undefined>(read, callback as Callback<SessionData | undefined>);
  }

  /** Stores session data. Data from `get` only updates its row, if that still exists; other data is upserted. */
  set(sid: string, session: SessionData): Promise<void>;
  set(sid: string, session: SessionData, callback?: Callback): void;
  set(sid: string, session: SessionData, callback?: Callback): Promise<void> | undefined {
    return toCallbackOrPromise(() => this.save(sid, session), callback);
  }

  /** Extends the expiry of a session in use. Writes at most once per `touchInterval`, and never the data. */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback?: Callback): void;
  override touch(sid: string, session: SessionData, callback?: Callback): Promise<void> | undefined {
    return toCallbackOrPromise(() => this.keepAlive(sid, session), callback);
  }

  /** Ends a session. An id that is unknown or malformed is no error. */
  destroy(sid: string): Promise<void>;
  destroy(sid: string, callback?: Callback, session?: object): void;
  destroy(sid: string, callback?: Callback, session?: object): Promise<void> | undefined {
    return toCallbackOrPromise(() => this.destroySession(sid, session), callback);
  }

  /** The data of all live sessions; what cannot be decoded is left out. */
  override all(): Promise<SessionData[]>;
  override all(callback: Callback<SessionData[]>): void;
  override all(callback?: Callback<SessionData[]>): Promise<SessionData[]> | undefined {
    return toCallbackOrPromise(() => this.deadlines.run(() => this.reader.all(), 'all'), callback);
  }

  /** How many sessions are live. */
  override length(): Promise<number>;
  override length(callback: Callback<number>): void;
  override length(callback?: Callback<number>): Promise<number> | undefined {
    return toCallbackOrPromise(() => this.deadlines.run(() => this.reader.count(), 'count'), callback);
  }

  /** Ends all sessions, without an event. `revokeAll` emits `destroyed` for each. */
  override clear(): Promise<void>;
  override clear(callback?: Callback): void;
  override clear(callback?: Callback): Promise<void> | undefined {
    return toCallbackOrPromise(() => this.deadlines.run(() => this.dependencies.table.clear(), 'clear'), callback);
  }

  /**
   * Ends the session of a request and puts a new, empty one on it. Where the old one cannot be ended, it stays. If the response has
   * begun, the old one is ended, and it rejects with `SessionHeadersSentError`.
   */
  override regenerate(req: Request): Promise<void>;
  override regenerate(req: Request, callback: Callback): void;
  override regenerate(req: Request, callback?: Callback): Promise<void> | undefined {
    const renew = async (): Promise<void> => {
      // The session knows Node's own request, where that of Fastify stands before it.
      const { req: owner = req } = (req.session ?? {}) as { req?: Request };
      const late = this.requests.tooLate(owner, 'regenerate', 'The session was ended, and no new one began.');
      await this.end(req.sessionID, req.session);
      if (late) throw late;
      this.generate(owner);
    };
    return toCallbackOrPromise(renew, callback);
  }

  /** @internal Measures the operations from now on; of a store that was closed before, none. */
  attachTelemetry(api: TelemetryApi): void {
    if (this.isClosed) return;
    const { warn } = this.dependencies;
    this.telemetry = new Telemetry(api, { countLive: () => this.deadlines.run(() => this.reader.count()), warn });
    this.deadlines.telemetry = this.telemetry;
  }

  /** @internal Hands events on to somebody else, too. */
  relayEvents(relay: EventRelay | undefined): void {
    this.relay = relay;
  }

  /** @internal Middleware (ours or express-session's) assigns its function here; the getter wraps it, so that it makes sessions of this package. */
  get generate(): (req: Request) => void {
    // The function of this moment: one that the application puts in its place may call it.
    const { makeSession } = this;
    return (req) => {
      (makeSession ?? this.makeSession)?.(req);
      const key = this.keyOf(req.sessionID);
      if (!key) {
        delete (req as Partial<Request>).session;
        throw new SessionOptionsError(whyNoKey(req.sessionID));
      }
      this.dependencies.origins.attach(createSessionObject(req, req.session as SessionData), newOrigin(key));
    };
  }

  set generate(makeSession: (req: Request) => void) {
    this.makeSession = makeSession;
  }

  /** @internal Called by express-session with what `get` handed out. */
  override createSession(req: Request, data: SessionData): Request['session'] & SessionData {
    const session = createSessionObject(req, data, (key) => this.requests.warnOfHidden(key)) as Request['session'] & SessionData;
    this.dependencies.origins.move(data, session);
    const origin = this.dependencies.origins.of(session);
    if (origin) origin.lock = this.requests.lockOf(req);
    return session;
  }

  /** @internal Ends the session of a request, through `destroy`, which may have been replaced. */
  async end(sid: string, session: Request['session'] | undefined): Promise<void> {
    const { req } = (session ?? {}) as { req?: Request };
    if (req && session) this.requests.noteEnded(req, session);
    const destroy = () => fromCallback((done) => this.destroy(sid, done, session));
    return session ? this.requests.watchEnded(session, destroy) : destroy();
  }

  /**
   * @internal Locks the session of a request and reads it again; one that was ended meanwhile is a new, empty one then.
   * Rejects with `SessionConflictError` after `waitMs`, and with `SessionInterruptedError` if `signal` ended the wait.
   */
  lock(req: Request, options: SessionLockOptions): Promise<HeldLock> {
    const origin = this.dependencies.origins.of(req.session, this.keyOf(req.sessionID));
    return lockSession(this, this.dependencies, req, origin, options);
  }

  /** @internal The public handle of a session object; `undefined` before it has a row. */
  handleOf(session: object): string | undefined {
    return this.dependencies.origins.of(session)?.handle;
  }

  /** @internal When and how the user of a session object signed in by `login`; `undefined` if somebody else is its user now. */
  stampOf(session: object): LoginStamp | undefined {
    const origin = this.dependencies.origins.of(session);
    const stamp = origin?.isEnded ? undefined : origin?.base.stamp;
    return stamp?.user === this.dependencies.codec.userIdOf(session as SessionData) ? stamp : undefined;
  }

  /** @internal Whose a session is, and the time by the clock of the store; `undefined` without a row. Throws what the option `userId` throws. */
  whoIs(session: object): { readonly userId: string | undefined; readonly now: number } | undefined {
    const { isStored, isEnded } = this.dependencies.origins.of(session) ?? { isStored: false, isEnded: true };
    if (!isStored || isEnded) return undefined;
    return { userId: this.dependencies.codec.userIdOf(session as SessionData) ?? undefined, now: this.dependencies.now() };
  }

  /** @internal */
  stateOf(session: object | null | undefined): SessionState | undefined {
    return this.dependencies.origins.of(session);
  }

  /** @internal Does what `dueAtEnd` found, through methods that may have been replaced. */
  async writeAtEnd(sid: string, session: SessionData, due: Due): Promise<void> {
    if (due === 'touch') return fromCallback((done) => this.touch(sid, session, done));
    if (due === 'save') return fromCallback((done) => this.set(sid, session, done));
  }

  /** @internal The work in flight on a session that nobody waited for. */
  inFlight(session: object | null | undefined): Promise<void> | undefined {
    const turn = this.dependencies.origins.of(session)?.turn;
    return turn && this.deadlines.run(() => turn);
  }

  /** @internal What must be written at the end of a request. Throws the errors of the serializer and of option functions. */
  dueAtEnd(session: SessionData): AtEnd {
    const origin = this.dependencies.origins.of(session);
    return origin ? this.writer.dueAtEnd(session, origin) : { known: { due: 'save', isChanged: true } };
  }

  /** @internal Whether a touch of a session is due while its long answer lasts. */
  isTouchDue(session: object): boolean {
    const origin = this.dependencies.origins.of(session);
    return origin !== undefined && this.writer.isTouchDue(session as SessionData, origin);
  }

  private save(sid: string, session: SessionData): Promise<void> {
    const key = this.keyOf(sid);
    if (!key) return Promise.reject(new SessionOptionsError(NO_ID_TO_STORE));
    const origin = this.dependencies.origins.of(session, key);
    const save = async (operation: Operation): Promise<void> => {
      if (origin) return this.writer.save(session, origin, operation);
      await this.writer.upsert(await this.ids.takeOver(sid, key), session, operation);
    };
    return this.deadlines.run((operation) => this.turns.run(key, origin, () => save(operation)), 'set');
  }

  private keepAlive(sid: string, session: SessionData): Promise<void> {
    const key = this.keyOf(sid);
    if (!key) return Promise.resolve();
    const origin = this.dependencies.origins.of(session, key);
    const touch = async (operation: Operation): Promise<void> => {
      const known = origin ? key : await this.ids.takeOver(sid, key);
      return this.writer.toucher.touch(known, session, origin, operation);
    };
    return this.deadlines.run((operation) => this.turns.run(key, origin, () => touch(operation)), 'touch');
  }

  private destroySession(sid: string, session?: object): Promise<void> {
    if (this.dependencies.origins.of(session)?.isThrowaway) return Promise.reject(notRead());
    const key = this.keyOf(sid);
    if (!key) return Promise.resolve();
    const origin = this.dependencies.origins.of(session, key);
    const destroy = async (): Promise<void> => {
      // Also of a session that has its hash: what an older store has written again must not outlive the logout.
      const known = origin && !origin.isStored ? key : await this.ids.takeOver(sid, key);
      await this.writer.destroy(known, origin);
      if (this.ids.takesBoth) await this.ids.forgetTwin(sid);
    };
    return this.deadlines.run(() => this.turns.run(key, origin, destroy), 'destroy');
  }

  /** The cookie of a new session, as the middleware makes it. */
  protected newCookie(req: Request): SessionData['cookie'] {
    // The middleware puts a session on what it is given.
    const standIn = Object.create(req) as Request;
    this.makeSession?.(standIn);
    return standIn.session.cookie;
  }

  protected keyOf(sid: unknown): string | undefined {
    return keyOf(sid, this.dependencies.options.hashIds);
  }
}
