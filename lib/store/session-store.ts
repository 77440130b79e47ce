import { SessionOptionsError } from '../session.errors.js';
import { toPruneHour, type SessionTable } from '../table/session-table.js';
import { promise, settle, type Callback } from './callback.js';
import { Store, type Request, type SessionData } from './express-session.js';
import { Operations } from './operations.js';
import { SessionCodec } from './session-codec.js';
import { notify, type SessionEvents, type Tell } from './session-events.js';
import { expiryOf, isTouchDue } from './session-expiry.js';
import { hashSessionId, isSessionId } from './session-id.js';
import { createSessionObject } from './session-object.js';
import type { ResolvedSessionOptions } from './session-options.js';
import { factsOf, inTurn, newOrigin, SessionOrigins, type SessionOrigin } from './session-origin.js';
import { SessionPruner } from './session-pruner.js';
import { SessionReader, type SessionInfo, type SessionQuery } from './session-reader.js';
import { SessionWriter } from './session-writer.js';

/** What a store works with, apart from its table. */
export interface SessionStoreContext {
  /** Epoch milliseconds; the one clock of the package. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
  /** Closes what the store's table needed. */
  readonly closeDatabase: () => Promise<void>;
}

export interface SessionStore {
  on<Name extends keyof SessionEvents>(name: Name, listener: (...args: SessionEvents[Name]) => void): this;
  once<Name extends keyof SessionEvents>(name: Name, listener: (...args: SessionEvents[Name]) => void): this;
}

/**
 * express-session's store over a database table. Every method of that contract takes a callback or returns a promise.
 * Emits the events of `SessionEvents`, and never `connect` or `disconnect`, with which express-session would switch
 * sessions off for everybody.
 *
 * @publicApi
 */
export class SessionStore extends Store {
  private readonly codec: SessionCodec;
  private readonly origins = new SessionOrigins();
  private readonly operations: Operations;
  private readonly pruner: SessionPruner;
  private readonly reader: SessionReader;
  private readonly writer: SessionWriter;
  private readonly tell: Tell;
  private makeSession: ((req: Request) => void) | undefined;

  /** @internal Made by the module and by `createSessionStore`. */
  constructor(
    private readonly table: SessionTable,
    private readonly options: ResolvedSessionOptions,
    private readonly context: SessionStoreContext,
  ) {
    super();
    const { now, warn } = context;
    const tell: Tell = (name, facts) => notify(this, name, { ...facts, at: new Date(now()) }, warn);
    this.tell = tell;
    this.codec = new SessionCodec(options);
    this.reader = new SessionReader(table, this.codec, options, this.origins, context, tell);
    this.operations = new Operations(options.operationTimeoutMs);
    this.writer = new SessionWriter(table, this.codec, options, now, tell);
    this.pruner = new SessionPruner(
      table,
      options.prune ? options.prune.batchSize : 1_000,
      now,
      (error) =>
        warn(`Expired sessions could not be removed: ${error instanceof Error ? error.message : String(error)}`),
      (count) => tell('pruned', { count }),
    );
  }

  /** The data of a live session; `undefined` for an id that is unknown, expired or malformed. */
  get(sid: string): Promise<SessionData | undefined>;
  get(sid: string, callback: Callback<SessionData | null>): void;
  get(sid: string, callback?: Callback<SessionData | null>): Promise<SessionData | undefined> | undefined {
    const key = this.keyOf(sid);
    const data = key ? this.operations.run(() => this.reader.find(key)) : Promise.resolve(undefined);
    return settle(data, callback as Callback<SessionData | undefined>);
  }

  /** Stores session data. Of data that `get` handed out only a row that is still there is updated; other data is upserted. */
  set(sid: string, session: SessionData): Promise<void>;
  set(sid: string, session: SessionData, callback?: Callback): void;
  set(sid: string, session: SessionData, callback?: Callback): Promise<void> | undefined {
    return settle(this.save(sid, session), callback);
  }

  /** Says that a session is in use. Writes at most once per `touchInterval`, and never the data. */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback?: Callback): void;
  override touch(sid: string, session: SessionData, callback?: Callback): Promise<void> | undefined {
    return settle(this.keepAlive(sid, session), callback);
  }

  /** Ends a session. An id that is unknown or malformed is no error. */
  destroy(sid: string): Promise<void>;
  destroy(sid: string, callback?: Callback, session?: object): void;
  destroy(sid: string, callback?: Callback, session?: object): Promise<void> | undefined {
    return settle(this.remove(sid, session), callback);
  }

  /** The data of all live sessions; what cannot be decoded is left out. */
  override all(): Promise<SessionData[]>;
  override all(callback: Callback<SessionData[]>): void;
  override all(callback?: Callback<SessionData[]>): Promise<SessionData[]> | undefined {
    return settle(
      this.operations.run(() => this.reader.all()),
      callback,
    );
  }

  /** How many sessions are live. */
  override length(): Promise<number>;
  override length(callback: Callback<number>): void;
  override length(callback?: Callback<number>): Promise<number> | undefined {
    return settle(this.count(), callback);
  }

  /** Ends all sessions. */
  override clear(): Promise<void>;
  override clear(callback?: Callback): void;
  override clear(callback?: Callback): Promise<void> | undefined {
    return settle(
      this.operations.run(() => this.table.clear()),
      callback,
    );
  }

  /** Ends the session of a request and puts a new, empty one on it. Where the old one cannot be ended, it stays. */
  override regenerate(req: Request): Promise<void>;
  override regenerate(req: Request, callback: Callback): void;
  override regenerate(req: Request, callback?: Callback): Promise<void> | undefined {
    const renew = async (): Promise<void> => {
      await this.end(req.sessionID, req.session);
      this.generate(req);
    };
    return settle(renew(), callback);
  }

  /**
   * A page of live sessions, newest first; `after` is the last handle of the page before. Rejects with
   * `SessionEntityError` where the entity has no column for `handle` or, with `userId`, for that.
   */
  list(query: SessionQuery = {}): Promise<SessionInfo[]> {
    return this.operations.run(() => this.reader.list(query));
  }

  /** How many sessions are live, all or one user's. */
  count(query: Pick<SessionQuery, 'userId'> = {}): Promise<number> {
    return this.operations.run(() => this.reader.count(query.userId));
  }

  /** Removes expired rows, in batches; resolves to how many. */
  prune(): Promise<number> {
    return this.pruner.prune();
  }

  /** One round trip to the database, for health checks. Rejects with `SessionUnavailableError`. */
  ping(): Promise<void> {
    return this.operations.run(() => this.table.ping());
  }

  /** Ends timers, waits for what is under way, and closes a data source of the module's own. */
  async close(): Promise<void> {
    await this.quiesce();
    await this.context.closeDatabase();
  }

  /** @internal Ends timers and waits for what is under way; what comes later is still served. */
  async quiesce(): Promise<void> {
    await this.pruner.stop();
    await this.operations.idle();
  }

  /** @internal */
  startPruning(): void {
    if (this.options.prune) this.pruner.start(this.options.prune.intervalMs);
  }

  /** @internal express-session assigns its function here, and finds one that makes sessions of our own from its. */
  get generate(): (req: Request) => void {
    return (req) => {
      this.makeSession?.(req);
      const key = this.keyOf(req.sessionID);
      if (!key)
        throw new SessionOptionsError(
          '`genid` returned no usable session id. It has to return a text of 1 to 256 characters.',
        );
      this.origins.note(createSessionObject(req, req.session as SessionData), newOrigin(key));
    };
  }

  set generate(makeSession: (req: Request) => void) {
    this.makeSession = makeSession;
  }

  /** @internal Called by express-session with what `get` handed out. */
  override createSession(req: Request, data: SessionData): Request['session'] & SessionData {
    const session = createSessionObject(req, data) as Request['session'] & SessionData;
    this.origins.move(data, session);
    return session;
  }

  /** @internal The public handle of a session object; `undefined` before it has a row. */
  handleOf(session: object): string | undefined {
    return this.origins.of(session)?.handle;
  }

  /** @internal */
  stateOf(session: object | null | undefined): Readonly<Pick<SessionOrigin, 'isStored' | 'isEnded'>> | undefined {
    return this.origins.of(session);
  }

  /** @internal Does what `dueAtEnd` told, through methods that may have been replaced. */
  async writeAtEnd(sid: string, session: SessionData, due: 'save' | 'touch' | 'nothing'): Promise<void> {
    if (due === 'touch') return promise((done) => this.touch(sid, session, done));
    if (due === 'save') return promise((done) => this.set(sid, session, done));
  }

  private async save(sid: string, session: SessionData): Promise<void> {
    const key = this.keyOf(sid);
    if (!key)
      throw new SessionOptionsError('A session cannot be stored without a usable id: a text of 1 to 256 characters.');
    const origin = this.origins.of(session, key);
    await this.operations.run((operation) =>
      origin ? inTurn(origin, () => this.writer.save(session, origin, operation)) : this.writer.upsert(key, session),
    );
  }

  /** @internal Ends the session of a request, through `destroy`, which may have been replaced. */
  end(sid: string, session: object | null | undefined): Promise<void> {
    return promise((done) => this.destroy(sid, done, session ?? undefined));
  }

  /** @internal What the end of a request owes its session; a promise only where the serializer gives one. */
  dueAtEnd(session: SessionData): 'save' | 'touch' | 'nothing' | Promise<'save' | 'touch' | 'nothing'> {
    const origin = this.origins.of(session);
    if (!origin) return 'save';
    if (origin.isEnded) return 'nothing';
    const { resave, saveUninitialized } = this.options;
    if (!origin.isStored) return saveUninitialized || !isEmpty(session) ? 'save' : 'nothing';
    if (resave && !origin.isSaved) return 'save';
    const decide = (fingerprint: string) => {
      if (fingerprint !== origin.base) return 'save';
      return isTouchDue(this.codec.lifetimeOf(session), this.context.now(), origin) ? 'touch' : 'nothing';
    };
    const fingerprint = this.codec.fingerprint(session);
    return typeof fingerprint === 'string' ? decide(fingerprint) : fingerprint.then(decide);
  }

  /** A session that was never stored costs no statement. */
  private async remove(sid: string, session?: object): Promise<void> {
    const key = this.keyOf(sid);
    if (!key) return;
    const origin = this.origins.of(session, key);
    const remove = async (): Promise<void> => {
      if (!origin || (origin.isStored && !origin.isEnded)) {
        const [outcome] = await this.table.remove([key]);
        if (outcome === 'removed') this.tell('destroyed', { ...factsOf(origin), reason: 'logout' });
      }
      if (origin) origin.isEnded = true;
    };
    await this.operations.run(() => (origin ? inTurn(origin, remove) : remove()));
  }

  private async keepAlive(sid: string, session: SessionData): Promise<void> {
    const id = this.keyOf(sid);
    if (!id) return;
    const origin = this.origins.of(session, id);
    const now = this.context.now();
    const lifetime = this.codec.lifetimeOf(session);
    if (origin && (!origin.isStored || origin.isEnded || !isTouchDue(lifetime, now, origin))) return;
    const expiresAt = expiryOf(lifetime, now, origin?.createdAt);
    const touch = { id, expiresAt, pruneAfter: toPruneHour(expiresAt), lastSeenAt: now };
    const [outcome] = await this.operations.run(() => this.table.touch([touch], now));
    if (!origin) return;
    if (outcome === 'saved') Object.assign(origin, { expiresAt, lastSeenAt: now });
    else origin.isEnded = true;
    if (origin.isEnded) this.tell('interrupted', factsOf(origin));
  }

  private keyOf(sid: unknown): string | undefined {
    if (!isSessionId(sid)) return undefined;
    return this.options.hashIds ? hashSessionId(sid) : sid;
  }
}

const isEmpty = (session: object): boolean => Object.keys(session).every((key) => key === 'cookie');
