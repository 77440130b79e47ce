import type { Request, RequestHandler, Response } from 'express';
import type { ResolvedSessionOptions } from '../store/options/session-options.js';
import type { SessionStore } from '../store/session-store.js';
import { SessionExchange, makeSession, type ExchangeContext } from './exchange.js';
import { HeldResponse } from './held-response.js';
import { shareShapes } from './request-shape.js';
import { SessionCookies } from './session-cookies.js';

/** A request handler that puts a session on each request, and the store that it keeps them in. */
export type SessionMiddleware = RequestHandler & { readonly store: SessionStore };

/** The exchange as a middleware of Express, or of whatever calls `(req, res, next)`. */
export function createMiddleware(store: SessionStore, options: ResolvedSessionOptions, warn: (message: string) => void): SessionMiddleware {
  const context: ExchangeContext = { store, options, cookies: new SessionCookies(options.name, options.secret) };
  store.generate = (req) => makeSession(req, options);
  const middleware = (req: Request, res: Response, next: (error?: unknown) => void): void => {
    // Mounted twice, only the first one counts.
    if (req.session as unknown) return next();
    shareShapes(req, res);
    const exchange = new SessionExchange(req, res, context);
    let found: Promise<void> | undefined;
    try {
      if (!exchange.isInPath()) return next();
      found = exchange.begin();
    } catch (error) {
      return next(error);
    }
    const goOn = (): void => {
      // It is on the response from now on.
      void new HeldResponse(res, exchange, next, warn);
      next();
    };
    if (found) void found.then(goOn, next);
    else goOn();
  };
  return Object.assign(middleware, { store });
}
