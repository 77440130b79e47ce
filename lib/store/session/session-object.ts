import { SessionInterruptedError } from '../../session.errors.js';
import { promise, settle, type Callback } from '../callback.js';
import { toCookie } from './cookie.js';
import { Session, type Request, type SessionData } from '../express-session.js';
import type { SessionStore } from '../session-store.js';

const Base = Session as unknown as new () => { cookie: SessionData['cookie'] };

/**
 * What stands on `req.session`: express-session's Session, whose methods return a promise where they get no callback.
 * Never made with `new`, because the original constructor fixes the id for good.
 */
class SessionObject extends Base {
  declare readonly id: string;
  declare readonly req: Request;

  get handle(): string | undefined {
    return storeOf(this).handleOf(this);
  }

  save(callback?: Callback): this | Promise<void> {
    const store = storeOf(this);
    const saved = promise((done) => store.set(this.id, asData(this), done));
    return this.answer(callback ? store.requests.dropInterrupted(this.req, saved) : saved, callback);
  }

  reload(callback?: Callback): this | Promise<void> {
    const reload = async (): Promise<void> => {
      const store = storeOf(this);
      const data = await promise<SessionData | null>((done) => store.get(this.id, done));
      if (!data) throw new SessionInterruptedError();
      store.createSession(this.req, data);
    };
    return this.answer(reload(), callback);
  }

  regenerate(callback?: Callback): this | Promise<void> {
    return this.answer(storeOf(this).regenerate(this.req), callback);
  }

  rotate(): Promise<void> {
    const rotate = async (): Promise<void> => {
      if ((this.req.session as unknown) !== this) throw new SessionInterruptedError();
      await storeOf(this).rotate(this.req);
    };
    return this.answer(rotate()) as Promise<void>;
  }

  destroy(callback?: Callback): this | Promise<void> {
    delete (this.req as Partial<Request>).session;
    return this.answer(storeOf(this).end(this.id, this as unknown as Request['session']), callback);
  }

  /** As with express-session, nobody has to wait: a failure that nobody asked for ends no process. Who waits still sees it. */
  private answer(work: Promise<void>, callback?: Callback): this | Promise<void> {
    work.catch(() => undefined);
    return settle(work, callback) ?? this;
  }

  /** Unlike the original it leaves `originalMaxAge` alone, which would lose a millisecond now and then and look like a change. */
  resetMaxAge(): this {
    const { originalMaxAge } = this.cookie;
    if (originalMaxAge !== null) {
      this.cookie.expires = new Date(Date.now() + originalMaxAge);
      this.cookie.originalMaxAge = originalMaxAge;
    }
    return this;
  }
}

/** Makes session objects with `new`, which costs half of `Object.create` with descriptors; the original constructor never runs. */
const SessionShell = function (this: object, req: Request): void {
  Object.defineProperty(this, 'req', { value: req });
  Object.defineProperty(this, 'id', { value: req.sessionID, configurable: true });
} as unknown as new (req: Request) => SessionObject & Record<string, unknown>;
SessionShell.prototype = SessionObject.prototype;

/** The session of a request from its data. Keys that would hide a member of the session are left out, as express-session does. */
export function createSessionObject(req: Request, data: SessionData): Request['session'] {
  const session = new SessionShell(req);
  for (const key of Object.keys(data)) {
    if (!(key in session)) session[key] = (data as unknown as Record<string, unknown>)[key];
  }
  session.cookie = toCookie(data.cookie);
  req.session = session as unknown as Request['session'];
  return req.session;
}

/** Gives a session object another id; express-session's own could not take one. */
export function renameSessionObject(session: object, id: string): void {
  Object.defineProperty(session, 'id', { value: id, configurable: true });
}

const asData = (session: SessionObject): SessionData => session as unknown as SessionData;

function storeOf({ req }: SessionObject): SessionStore {
  return req.sessionStore as unknown as SessionStore;
}
