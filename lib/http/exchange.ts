import type { ServerResponse } from 'node:http';
import { types } from 'node:util';
import { SessionInterruptedError, SessionSerializationError, SessionUnavailableError } from '../session.errors.js';
import { fromCallback } from '../store/callback.js';
import { Cookie, type CookieOptions, type Request, type SessionData } from '../store/express-session.js';
import type { ResolvedSessionOptions } from '../store/options/session-options.js';
import type { SessionStore } from '../store/session-store.js';
import { assertSessionData, toCookie, toDate } from '../store/session/cookie.js';
import { newSessionId } from '../store/session/id.js';
import { resetMaxAge } from '../store/session/session-object.js';
import type { Due, Found } from '../store/work/due.js';
import type { CookieWarnings } from './cookie-warning.js';
import { refuseForged } from './csrf.js';
import type { SessionCookies } from './session-cookies.js';
import { isSecure, pathOf, type SessionRequest } from './session-request.js';

/** What all exchanges of one middleware share. */
export interface ExchangeContext {
  readonly store: SessionStore;
  readonly options: ResolvedSessionOptions;
  readonly cookies: SessionCookies;
  /** Outside production. */
  readonly cookieWarnings: CookieWarnings | undefined;
}

type LiveSession = NonNullable<SessionRequest['session']> & SessionData;

/** Pause between touches of a long response after one has failed. */
const TOUCH_PAUSE_MS = 60_000;

/**
 * One HTTP exchange: finds the session of the request, and decides at the end what is stored and which cookie is sent. It
 * knows no framework, and it is the only place with express-session's rules.
 */
export class SessionExchange {
  /** The id of the cookie that the session was found by. */
  private presented: string | undefined;
  /** The session that the request began with, loaded or new, and the id that it had then. */
  private first: LiveSession | undefined;
  private firstId: string | undefined;
  /** Whether the request has changed what it loaded, as far as that is known by now. */
  private isChanged = false;
  private isUnset = false;
  /** Whether its id came without a signature. */
  private isToBeSigned = false;
  private quietUntil = 0;

  constructor(
    private readonly req: SessionRequest,
    private readonly res: Pick<ServerResponse, 'statusCode' | 'destroyed'>,
    private readonly context: ExchangeContext,
  ) {}

  /** Whether the cookie belongs to this path at all; elsewhere there is no session. Throws what the option `cookie` throws. */
  isInPath(): boolean {
    const { cookie } = this.context.options;
    const { path } = typeof cookie === 'function' ? cookie(this.request) : cookie;
    return pathOf(this.req).startsWith(path ?? '/');
  }

  /**
   * Puts a session on the request: that of the first cookie with a live session, else a new one. `undefined` if no
   * cookie has a valid signature: then the session is there at once. Throws what the options of the application throw, and
   * `SessionCsrfError`.
   */
  begin(): Promise<void> | undefined {
    const { req, context } = this;
    const { options } = context;
    req.sessionStore = context.store;
    // Once read, Node.js keeps the address, even if the client disconnects before its session is stored.
    if (context.options.metadata) void req.socket?.remoteAddress;
    const ids = context.cookies.idsIn(req.headers.cookie);
    if (ids.length > 0) {
      if (options.csrf) refuseForged(req, options.csrf, options.proxy);
      return this.find(ids);
    }
    this.generate();
    return undefined;
  }

  private async find(ids: readonly string[]): Promise<void> {
    try {
      for (const id of ids) {
        const data = await this.read(id);
        if (!data) continue;
        this.req.sessionID = id;
        this.context.store.createSession(this.request, data);
        this.remember(id);
        this.isToBeSigned = this.context.cookies.isUnsigned(this.req.headers.cookie, id);
        return;
      }
    } catch (error) {
      if (!(error instanceof SessionUnavailableError) || this.context.options.onUnavailable !== 'anonymous') throw error;
      this.context.store.requests.giveThrowaway(this.request);
      return;
    }
    this.generate();
  }

  /** Through `get`, which may have been replaced; stores that keep files say ENOENT for a session that is not there. */
  private async read(id: string): Promise<SessionData | null | undefined> {
    try {
      return await fromCallback<SessionData | null | undefined>((done) => this.context.store.get(id, done));
    } catch (error) {
      if ((error as { code?: unknown } | undefined)?.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private generate(): void {
    this.context.store.generate(this.request);
    this.remember(undefined);
  }

  private remember(presented: string | undefined): void {
    this.presented = presented;
    this.first = (this.req.session ?? undefined) as LiveSession | undefined;
    this.firstId = this.req.sessionID;
  }

  /**
   * Saves, touches or removes the session, if that is due; `undefined` if not. `hasHead`: whether a new id can still
   * be sent. Throws, or rejects with, the errors of the store and of application code in it.
   */
  storeSession(hasHead: boolean): Promise<void> | undefined {
    const { store } = this.context;
    // A save, rotation or logout that the handler did not wait for comes first.
    const inFlight = store.inFlight(this.req.session ?? store.requests.endedIn(this.request));
    return inFlight ? inFlight.then(() => this.settleNow(hasHead)) : this.settleNow(hasHead);
  }

  private settleNow(hasHead: boolean): Promise<void> | undefined {
    const { req, context } = this;
    const { sessionID } = req;
    // Without an id nothing is stored: express-session's rule, and that of sessions that could not be read.
    if (typeof sessionID !== 'string') return undefined;
    if (req.session == null) return this.unset(sessionID);
    if (!req.session) return undefined;
    if (!context.options.saveOnError && this.res.statusCode >= 500) return undefined;
    const session = this.checked(req.session as LiveSession);
    this.shareOrigin(session);
    const atEnd = context.store.dueAtEnd(session);
    if (atEnd.known) return this.writeDue(sessionID, session, atEnd.known, hasHead);
    return atEnd.later.then((found) => this.writeDue(sessionID, session, found, hasHead));
  }

  /** `req.session` was deleted or set to null: `unset` tells whether its row goes, too. */
  private unset(sid: string): Promise<void> | undefined {
    if (this.isUnset || this.context.options.unset !== 'destroy') return undefined;
    this.isUnset = true;
    return this.context.store.end(sid, this.first);
  }

  /**
   * A copy such as `req.session = { ...req.session }` is written as the session that it replaces: its row is updated only if it still
   * exists, and changes of other requests are merged. Otherwise a copy could bring back a session that has ended.
   */
  private shareOrigin(session: LiveSession): void {
    const { first } = this;
    if (first && session !== first && first.id === this.req.sessionID) this.context.store.requests.shareOrigin(first, session);
  }

  /** A handler may have put anything on the request, as by assigning a whole body to the session. */
  private checked(session: LiveSession): LiveSession {
    const { cookie } = session as { cookie?: unknown };
    if (typeof session !== 'object' || typeof cookie !== 'object' || cookie === null || Array.isArray(cookie)) {
      throw new SessionSerializationError(
        '`req.session` has no `cookie`, so it is no session. Set keys of the session one by one instead of replacing it or its `cookie`; ' +
          'or, if another session middleware such as cookie-session has put it there, remove that.',
      );
    }
    if (!(cookie instanceof Cookie)) session.cookie = toCookie(cookie as SessionData['cookie']);
    // Untyped code may set a number or a string. A Cookie would use it as its age, and could not be sent.
    const expires: unknown = session.cookie.expires;
    if ((expires || expires === 0) && !types.isDate(expires)) session.cookie.expires = toDate(expires) ?? session.cookie.expires;
    return session;
  }

  private writeDue(sid: string, session: LiveSession, { due, isChanged }: Found, hasHead: boolean): Promise<void> | undefined {
    const { store, cookies } = this.context;
    if (isChanged) this.isChanged = true;
    if (due === 'save') {
      assertSessionData(session);
      cookies.check(session.cookie);
    }
    const isRenewed = hasHead && !this.res.destroyed && store.requests.isRenewalDue(session);
    if (due === 'nothing' && !isRenewed) return undefined;
    const written = this.write(sid, session, due);
    return isRenewed ? written.then(() => store.requests.renew(this.request)) : written;
  }

  private async write(sid: string, session: LiveSession, due: Due): Promise<void> {
    const { store, options } = this.context;
    try {
      await store.writeAtEnd(sid, session, due);
    } catch (error) {
      if (error instanceof SessionUnavailableError && options.onUnavailable === 'anonymous') {
        if (due === 'save') store.requests.reportDropped(session);
        return;
      }
      if (!(error instanceof SessionInterruptedError) || options.onInterrupted === 'error') throw error;
    }
  }

  /** The line of `Set-Cookie` that the head carries, once the session is settled. Throws where it cannot be written. */
  setCookie(): string | undefined {
    const { req, context } = this;
    const { store, cookies } = context;
    const { sessionID } = req;
    const session = req.session as LiveSession | null | undefined;
    if (!session) {
      const ended = this.presented === undefined ? undefined : store.requests.endedIn(this.request);
      return ended && store.stateOf(ended)?.isEnded ? cookies.farewellTo(ended.cookie) : undefined;
    }
    const state = store.stateOf(session);
    if (state?.isEndedByCookie && this.presented === sessionID) return cookies.farewellTo(session.cookie);
    // No cookie without a row; and a cookie with the old id must not replace the one with the new id.
    if (typeof sessionID !== 'string' || (state && (!state.isStored || state.isEnded || state.alias !== undefined))) return undefined;
    if (!this.isCookieDue(session, sessionID)) return undefined;
    context.cookieWarnings?.check(req, session.cookie);
    if (session.cookie.secure && !isSecure(req, context.options.proxy)) return undefined;
    resetMaxAge(session.cookie);
    return cookies.lineFor(sessionID, session.cookie);
  }

  /** The value of `Clear-Site-Data` that the head carries, if the session was signed out with it. */
  siteDataToClear(): string | undefined {
    return this.context.store.requests.siteDataToClear(this.request);
  }

  /** If the browser has another id or none: with the first change. Else with each response (`rolling`), or with a change if it has an age. */
  private isCookieDue(session: LiveSession, sid: string): boolean {
    const { saveUninitialized, rolling } = this.context.options;
    const isModified = this.isChanged || sid !== this.firstId;
    if (this.isToBeSigned) return true;
    if (sid !== this.presented) return saveUninitialized || isModified;
    return rolling || (session.cookie.expires != null && isModified);
  }

  /** The answer is an error now: no cookie goes out, and nothing is stored any more. */
  discard(): void {
    this.req.session = undefined;
    this.presented = undefined;
    this.isUnset = true;
  }

  /**
   * A long answer is still being written: touches its session where that is due. `undefined` where it is not. Throws, or
   * rejects, with what the store and the code of the application in it throw; then there is a pause.
   */
  keepAlive(): Promise<void> | undefined {
    const { store } = this.context;
    const { sessionID } = this.req;
    const session = this.req.session as LiveSession | null | undefined;
    if (!session || typeof sessionID !== 'string' || Date.now() < this.quietUntil) return undefined;
    // No other one before this one has worked.
    this.quietUntil = Date.now() + TOUCH_PAUSE_MS;
    if (store.isTouchDue(session)) return this.write(sessionID, session, 'touch').then(() => void (this.quietUntil = 0));
    this.quietUntil = 0;
    return undefined;
  }

  private get request(): Request {
    return this.req as unknown as Request;
  }
}

/** A new session on a request, as the store takes it over. Throws what the options of the application throw. */
export function makeSession(req: SessionRequest, { genid, cookie, proxy }: ResolvedSessionOptions): void {
  const request = req as unknown as Request;
  request.sessionID = newSessionId(genid, request);
  const attributes = typeof cookie === 'function' ? cookie(request) : cookie;
  request.session = { cookie: new Cookie(withoutAuto(attributes, req, proxy)) } as unknown as Request['session'];
}

/** `'auto'`, resolved for this connection. */
function withoutAuto(cookie: CookieOptions, req: SessionRequest, trustProxy: boolean | undefined): CookieOptions {
  const { secure, sameSite } = cookie;
  if (secure !== 'auto' && sameSite !== 'auto') return cookie;
  const isEncrypted = isSecure(req, trustProxy);
  return {
    ...cookie,
    ...(secure === 'auto' && { secure: isEncrypted }),
    ...(sameSite === 'auto' && { sameSite: isEncrypted ? 'none' : 'lax' }),
  };
}
