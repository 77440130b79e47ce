import type { Request, RequestHandler, Response } from 'express';
import type { ResolvedSessionOptions } from '../store/options/session-options.js';
import { toError } from '../session.errors.js';
import { harmless } from '../store/harmless.js';
import { isProduction } from '../store/production.js';
import { SessionStore } from '../store/session-store.js';
import { CookieWarnings } from './cookie-warning.js';
import { SessionExchange, makeSession, type ExchangeContext } from './exchange.js';
import { HeldResponse } from './held-response.js';
import { shareShapes } from './request-shape.js';
import { SessionCookies } from './session-cookies.js';

/** A request handler that puts a session on each request, and the store that it keeps them in. */
export type SessionMiddleware = RequestHandler & {
  readonly store: SessionStore;
  /** @internal */
  readonly options: ResolvedSessionOptions;
  /** @internal The cookies that it reads and writes. */
  readonly cookies: SessionCookies;
  /** @internal A request handler for further back: headers that are set before it stay on error responses. */
  readonly keepHeaders: RequestHandler;
  /** @internal Errors after `next()` go here instead, for a framework that does not see them then. */
  readonly answerErrors: (answer: ErrorAnswer) => void;
};

type ErrorAnswer = (error: unknown, res: Response) => void;

/** The exchange as a middleware of Express, or of whatever calls `(req, res, next)`. */
export function createMiddleware(store: SessionStore, options: ResolvedSessionOptions, log: (message: string) => void): SessionMiddleware {
  const warn = harmless(log);
  const cookies = new SessionCookies(options.name, options.secret, options.takesUnsigned);
  const cookieWarnings = isProduction() ? undefined : new CookieWarnings(options, warn);
  const context: ExchangeContext = { store, options, cookies, cookieWarnings };
  store.generate = (req) => makeSession(req, options);
  let isToldOfOthers = false;
  let answer: ErrorAnswer | undefined;
  const passOn = (req: Request, next: () => void): void => {
    const { sessionStore } = req as { sessionStore?: unknown };
    // Mounted twice, only the first one counts.
    if (sessionStore === store || isToldOfOthers) return next();
    isToldOfOthers = true;
    warn(
      sessionStore instanceof SessionStore
        ? `Another session middleware of this package has put a session on the request already, so the one with the cookie "${options.name}" does nothing. ` +
            'Remove one of them, or mount each at paths of its own.'
        : 'Another middleware has put a session on the request already, so none is kept in the table. ' +
            'Remove that middleware, as `app.use(session(…))`.',
    );
    next();
  };
  const middleware = (req: Request, res: Response, next: (error?: unknown) => void): void => {
    if (req.session as unknown) return passOn(req, next);
    shareShapes(req, res);
    const fail = (error: unknown): void => next(toError(error));
    const exchange = new SessionExchange(req, res, context);
    let found: Promise<void> | undefined;
    try {
      if (!exchange.isInPath()) return next();
      found = exchange.begin();
    } catch (error) {
      return fail(error);
    }
    const goOn = (): void => {
      // It is found by its response.
      void new HeldResponse(res, exchange, answer ? (error) => answer?.(toError(error), res) : fail, warn);
      next();
    };
    if (found) void found.then(goOn, fail);
    else goOn();
  };
  const keepHeaders = (_req: Request, res: Response, next: () => void): void => {
    HeldResponse.of(res)?.keepHeaders();
    next();
  };
  const answerErrors = (given: ErrorAnswer): void => void (answer = given);
  return Object.assign(middleware, { store, options, cookies: context.cookies, keepHeaders, answerErrors });
}
