import { SessionInterruptedError, SessionSerializationError } from '../../session.errors.js';
import { fromCallback, toCallbackOrPromise, type Callback } from '../callback.js';
import { clearsSiteData } from '../login-arguments.js';
import { toCookie } from './cookie.js';
import type { LoginStamp } from './login-stamp.js';
import { Session, type Request, type SessionData } from '../express-session.js';

/** What a session on a request asks of its store. */
export interface SessionOwner {
  get(sid: string, callback: Callback<SessionData | null>): void;
  set(sid: string, session: SessionData, callback: Callback): unknown;
  regenerate(req: Request): Promise<void>;
  rotate(req: Request): Promise<void>;
  update<T>(req: Request, change: (session: Request['session']) => T | PromiseLike<T>): Promise<T>;
  end(sid: string, session: Request['session']): Promise<void>;
  createSession(req: Request, data: SessionData): unknown;
  login(req: Request, userId: string | number, options?: object): Promise<void>;
  handleOf(session: object): string | undefined;
  stampOf(session: object): LoginStamp | undefined;
  readonly requests: {
    noteCleared(req: Request): void;
    readAnew(sid: string): void;
    dropInterrupted(req: Request, saved: Promise<void>): Promise<void>;
    watchReloaded(session: object): void;
  };
}

/** express-session's Session without its constructor, which fixes the id for good. */
const Base = function () {} as unknown as new () => { cookie: SessionData['cookie'] };
Base.prototype = Session.prototype;

/**
 * What stands on `req.session`: express-session's Session, whose methods return a promise where they get no callback. Its
 * id and its request are private fields, so that no log of a session shows them.
 */
class SessionObject extends Base {
  #id: string;
  readonly #req: Request;

  constructor(req: Request) {
    super();
    this.#id = req.sessionID;
    this.#req = req;
  }

  /** Gives a session object another id; express-session's own could not take one. */
  static rename(session: object, id: string): void {
    if (#id in session) session.#id = id;
  }

  get id(): string {
    return this.#id;
  }

  get req(): Request {
    return this.#req;
  }

  get handle(): string | undefined {
    return this.store.handleOf(this);
  }

  set handle(_: string | undefined) {
    throw reservedNameError('handle');
  }

  get authenticatedAt(): Date | undefined {
    const stamp = this.store.stampOf(this);
    return stamp && new Date(stamp.at);
  }

  set authenticatedAt(_: Date | undefined) {
    throw reservedNameError('authenticatedAt');
  }

  get level(): number | undefined {
    return this.store.stampOf(this)?.level;
  }

  set level(_: number | undefined) {
    throw reservedNameError('level');
  }

  save(callback?: Callback): this | Promise<void> {
    const save = (): Promise<void> => {
      const saved = fromCallback((done) => this.store.set(this.id, asData(this), done));
      return callback ? this.store.requests.dropInterrupted(this.req, saved) : saved;
    };
    return this.answer(save, callback);
  }

  reload(callback?: Callback): this | Promise<void> {
    const reload = async (): Promise<void> => {
      this.store.requests.readAnew(this.id);
      const data = await fromCallback<SessionData | null>((done) => this.store.get(this.id, done));
      if (!data) throw new SessionInterruptedError();
      this.store.createSession(this.req, data);
      this.store.requests.watchReloaded(this);
    };
    return this.answer(reload, callback);
  }

  regenerate(callback?: Callback): this | Promise<Request['session']> {
    const regenerate = () => this.store.regenerate(this.req);
    if (callback) return this.answer(regenerate, callback) as this;
    return quiet(regenerate().then(() => this.req.session));
  }

  rotate(): Promise<void> {
    return quiet(this.unlessReplaced(() => this.store.rotate(this.req)));
  }

  login(userId: string | number, options?: object): Promise<void> {
    return quiet(this.unlessReplaced(() => this.store.login(this.req, userId, options)));
  }

  logout(options: object = {}): Promise<void> {
    const logout = async (): Promise<void> => {
      const isCleared = clearsSiteData(options);
      await this.destroy();
      if (isCleared) this.store.requests.noteCleared(this.req);
    };
    return quiet(logout());
  }

  update<T>(change: (session: Request['session']) => T | PromiseLike<T>): Promise<T> {
    return quiet(this.unlessReplaced(() => this.store.update(this.req, change)));
  }

  destroy(callback?: Callback): this | Promise<void> {
    const destroy = (): Promise<void> => {
      delete (this.req as Partial<Request>).session;
      return this.store.end(this.id, this as unknown as Request['session']);
    };
    return this.answer(destroy, callback);
  }

  resetMaxAge(): this {
    resetMaxAge(this.cookie);
    return this;
  }

  /** The session of a request is another object after `reload` and `regenerate`. */
  private async unlessReplaced<T>(work: () => Promise<T>): Promise<T> {
    if ((this.req.session as unknown) !== this) throw new SessionInterruptedError();
    return work();
  }

  private answer(work: () => Promise<void>, callback?: Callback): this | Promise<void> {
    return toCallbackOrPromise(() => quiet(work()), callback) ?? this;
  }

  private get store(): SessionOwner {
    return this.#req.sessionStore as unknown as SessionOwner;
  }
}

/** Names with a meaning of our own on `req.session`. */
export const RESERVED_NAMES: readonly string[] = ['handle', 'rotate', 'update', 'login', 'logout', 'authenticatedAt', 'level'];

/** What the data of a session has under reserved names: it stays in the row, and is not on the session. */
const hidden = new WeakMap<object, Readonly<Record<string, unknown>>>();

export const hiddenOf = (session: object): Readonly<Record<string, unknown>> | undefined => hidden.get(session);

/**
 * The session of a request from its data. Keys that would hide a member of the session are left out, as express-session does: else what
 * guards rely on could come from data. `onHidden` hears of those that data of express-session may have.
 */
export function createSessionObject(req: Request, data: SessionData, onHidden?: (key: string) => void): Request['session'] {
  const session = new SessionObject(req) as SessionObject & Record<string, unknown>;
  const values = data as unknown as Record<string, unknown>;
  for (const key of Object.keys(data)) {
    if (!(key in session)) session[key] = values[key];
    else if (RESERVED_NAMES.includes(key)) {
      hidden.set(session, { ...hidden.get(session), [key]: values[key] });
      onHidden?.(key);
    }
  }
  session.cookie = toCookie(data.cookie);
  req.session = session as unknown as Request['session'];
  return req.session;
}

/** The request on which a session stands; `undefined` for plain data. */
export const requestOf = (session: object): Request | undefined => (session instanceof SessionObject ? session.req : undefined);

/** Whether a value is a request, and no session: whether or not a middleware has seen it. */
export const isRequest = (value: unknown): value is Request =>
  typeof value === 'object' && value !== null && requestOf(value) === undefined && ('sessionID' in value || 'headers' in value);

export const renameSessionObject = (session: object, id: string): void => SessionObject.rename(session, id);

/**
 * Lets a cookie with an age begin anew. Unlike the original it leaves `originalMaxAge` alone, which would lose a millisecond
 * now and then and look like a change.
 */
export function resetMaxAge(cookie: SessionData['cookie']): void {
  const { originalMaxAge } = cookie;
  // `cookie.expires = false`, or `undefined`, is an old way to ask for a cookie of the browser's session.
  if (typeof originalMaxAge !== 'number') return;
  cookie.expires = new Date(Date.now() + originalMaxAge);
  cookie.originalMaxAge = originalMaxAge;
}

/** As with express-session, callers need not wait: a rejection that nobody handles does not end the process. Callers that wait still see it. */
function quiet<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** What is said of a key of session data that would hide what a session has by itself. */
export const reservedNameError = (name: string): SessionSerializationError =>
  new SessionSerializationError(`"${name}" is a reserved name of the session. Keep the value under another key.`);

const asData = (session: SessionObject): SessionData => session as unknown as SessionData;
