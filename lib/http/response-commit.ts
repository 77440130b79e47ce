import type { NextFunction, Request, Response } from 'express';
import { SessionInterruptedError, SessionUnavailableError } from '../session.errors.js';
import { whileHashed } from '../store/session/change-detection.js';
import { Cookie, type SessionData } from '../store/express-session.js';
import type { SessionStore } from '../store/session-store.js';
import type { ResolvedSessionOptions } from '../store/options/session-options.js';

type Arguments = readonly unknown[];

type Headers = readonly (readonly [name: string, value: number | string | string[]])[];

/** The headers of a response, with their names as they were written. The response of a socket upgrade does not tell. */
const headersOf = (res: Response): Headers => {
  const names = (res as Response & { getRawHeaderNames?(): string[] }).getRawHeaderNames?.() ?? [];
  return names.map((name) => [name, res.getHeader(name)!]);
};

/** Gives a response these headers and no others. */
function setHeaders(res: Response, headers: Headers): void {
  for (const [name] of headersOf(res)) res.removeHeader(name);
  for (const [name, value] of headers) res.setHeader(name, value);
}

type Method = (...args: unknown[]) => unknown;

const methodsOf = (response: Response) => response as unknown as Record<'end' | 'write' | 'flushHeaders' | 'writeHead', Method>;

/**
 * Stores the session of one request before the head of its response leaves, so that a redirect never overtakes its
 * session and a failed save becomes an error response. Where the head has left already (streams), the session is stored
 * at the end. It replaces express-session's own `end`, which answers first and stores afterwards.
 */
export class ResponseCommit {
  /** As they were before express-session. */
  private readonly rawEnd: Method;
  private readonly headersBefore: Headers;
  /** The session that the request came with, if it did. */
  private loaded: Request['session'] | undefined;
  private sendHead: Method = () => undefined;
  private state: 'open' | 'storing' | 'stored' | 'done' = 'open';
  private isHeadFree = false;

  constructor(
    private readonly req: Request,
    private readonly res: Response,
    private readonly next: NextFunction,
    private readonly store: SessionStore,
    private readonly options: ResolvedSessionOptions,
    private readonly warn: (message: string) => void,
  ) {
    this.rawEnd = methodsOf(res).end;
    this.headersBefore = headersOf(res);
  }

  /** Takes express-session's `end` away where there is no session to store. */
  detach(): void {
    methodsOf(this.res).end = this.rawEnd;
  }

  /** Takes over the response, once the session is on the request. */
  attach(): void {
    const { req, res } = this;
    const methods = methodsOf(res);
    if (this.store.stateOf(req.session)?.isStored) this.loaded = req.session;
    this.sendHead = methods.writeHead;
    methods.end = (...args) => this.end(args);
    methods.writeHead = (...args) => (this.isHeadFree ? this.writeHead(args) : this.holdHead(args));
    methods.write = this.freeingHead(methods.write);
    methods.flushHeaders = this.freeingHead(methods.flushHeaders);
  }

  /** A method after which the head has left. */
  private freeingHead(method: Method): Method {
    return (...args) => {
      // Node refuses to write after the end; here the end is only waiting.
      if (this.state === 'storing') return false;
      // A client that goes away in the middle of a stream leaves no `end`.
      if (this.state === 'open' && !this.isHeadFree) this.res.once?.('close', () => this.close());
      this.isHeadFree = true;
      return method.apply(this.res, args);
    };
  }

  private end(args: Arguments): unknown {
    if (this.state === 'storing' || this.state === 'done') return this.res;
    const stored = this.state === 'open' ? this.storeSession() : undefined;
    if (!stored) return this.finish(args);
    this.state = 'storing';
    const restore = this.freeze();
    stored
      .then(() => {
        restore();
        this.finish(args);
      })
      .catch((error: unknown) => this.fail(error, args));
    return this.res;
  }

  /** Keeps the head as it is when the answer ends: what a mistaken handler says after that is not part of it. */
  private freeze(): () => void {
    const { res } = this;
    if (res.headersSent) return () => {};
    const { statusCode, statusMessage } = res;
    const headers = headersOf(res);
    return () => {
      Object.assign(res, { statusCode, statusMessage });
      setHeaders(res, headers);
    };
  }

  private finish(args: Arguments): unknown {
    this.state = 'stored';
    this.isHeadFree = true;
    const result = this.rawEnd.apply(this.res, [...args]);
    this.state = 'done';
    return result;
  }

  private close(): void {
    if (this.state !== 'open') return;
    this.storeSession()?.catch((error: unknown) => this.warnLate(error));
  }

  private fail(error: unknown, args: Arguments): void {
    const { req, res } = this;
    if (res.headersSent) {
      this.warnLate(error);
      this.finish(args);
      return;
    }
    this.state = 'stored';
    this.isHeadFree = true;
    // The answer is an error now, and no longer a farewell.
    this.loaded = undefined;
    setHeaders(res, this.headersBefore);
    res.statusCode = 200;
    res.statusMessage = '';
    (req as { session: unknown }).session = undefined;
    this.next(error);
  }

  private warnLate(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.warn(`A session could not be stored after its response had begun: ${reason}`);
  }

  /** `undefined` where there is nothing to write: then nothing is made to wait. */
  private storeSession(): Promise<void> | undefined {
    // A save, rotation or logout that the handler did not wait for comes first.
    const underWay = this.store.underWay(this.req.session ?? this.store.requests.endedIn(this.req));
    return underWay ? underWay.then(() => this.storeNow()) : this.storeNow();
  }

  private storeNow(): Promise<void> | undefined {
    const { req, res, store, options } = this;
    const { sessionID } = req;
    const session = req.session as SessionData | null | undefined;
    if (typeof sessionID !== 'string') return undefined;
    if (session == null) return options.unset === 'destroy' ? store.end(sessionID, this.loaded) : undefined;
    if (!options.saveOnError && res.statusCode >= 500) return undefined;
    const due = store.dueAtEnd(session);
    // A new id needs a head to go out with, and somebody who hears it.
    const isRenewed = !this.isHeadFree && !res.destroyed && store.requests.isRenewalDue(session);
    if (due === 'nothing' && !isRenewed) return undefined;
    const written = this.write(sessionID, session, due);
    return isRenewed ? written.then(() => store.requests.renew(req)) : written;
  }

  private async write(sid: string, session: SessionData, due: ReturnType<SessionStore['dueAtEnd']>): Promise<void> {
    const owed = await due;
    try {
      await this.store.writeAtEnd(sid, session, owed);
    } catch (error) {
      const { onInterrupted, onUnavailable } = this.options;
      if (error instanceof SessionUnavailableError && onUnavailable === 'anonymous') {
        if (owed === 'save') this.store.requests.noteDropped(session);
        return;
      }
      if (!(error instanceof SessionInterruptedError) || onInterrupted === 'error') throw error;
    }
  }

  /** An early `writeHead` waits for the store; what it says is kept on the response. */
  private holdHead([status, ...rest]: Arguments): Response {
    const { res } = this;
    const headers = rest.at(-1);
    res.statusCode = Number(status);
    if (typeof rest[0] === 'string') res.statusMessage = rest[0];
    if (Array.isArray(headers)) {
      const pairs: unknown[] = headers.flat();
      const names = pairs.filter((_, index) => index % 2 === 0).map(String);
      for (const name of names) res.removeHeader(name);
      names.forEach((name, index) => res.appendHeader(name, pairs[index * 2 + 1] as string | string[]));
    } else if (typeof headers === 'object' && headers !== null) {
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined) res.setHeader(name, value as string | string[]);
      }
    }
    return res;
  }

  /** Lets the head go, with express-session's cookie where there is a row that it names. */
  private writeHead(args: Arguments): unknown {
    const { req, res, store } = this;
    const session = req.session as SessionData | undefined;
    const state = store.stateOf(session);
    const ended = this.loaded && (state?.isEndedByCookie ? session : !session && store.requests.endedIn(req));
    if (ended && store.stateOf(ended)?.isEnded) this.dropCookie(ended);
    const hasNoRow = state && !state.isStored && (this.state !== 'open' || store.dueAtEnd(session!) === 'nothing');
    // Nor must a cookie with the old id overtake that with the new one.
    const isRenewedElsewhere = state?.alias !== undefined;
    if (!state?.isEnded && !hasNoRow && !isRenewedElsewhere) return this.sendHashed(args, session);
    // express-session sets no cookie where it sees no session.
    (req as { session: unknown }).session = undefined;
    try {
      return this.sendHead.apply(res, [...args]);
    } finally {
      (req as unknown as { session: unknown }).session = session;
    }
  }

  /** Lets the head go with the cookie where express-session finds one due, which depends on whether the session has changed. */
  private sendHashed(args: Arguments, session: SessionData | undefined): unknown {
    const { res, store, loaded } = this;
    const send = () => this.sendHead.apply(res, [...args]);
    if (!loaded || !session || session.cookie.expires == null) return send();
    const isChanged = store.hasChanged(session) || (this.state === 'open' && store.dueAtEnd(session) === 'save');
    return whileHashed(session, isChanged, send);
  }

  /** Tells the browser to forget the cookie of a session that was ended, by the attributes that it was set with. */
  private dropCookie({ cookie }: Pick<SessionData, 'cookie'>): void {
    const { domain, path, sameSite, secure, httpOnly } = cookie;
    const dropped = new Cookie({ domain, path, sameSite, secure, httpOnly, expires: new Date(0) });
    this.res.appendHeader('Set-Cookie', dropped.serialize(this.options.name, ''));
  }
}
