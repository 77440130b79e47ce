import session from 'express-session';
import type { Request, RequestHandler } from 'express';
import { SessionUnavailableError } from '../session.errors.js';
import type { CookieOptions } from '../store/express-session.js';
import type { SessionStore } from '../store/session-store.js';
import type { ResolvedSessionOptions } from '../store/options/session-options.js';
import { shareShapes } from './request-shape.js';
import { ResponseCommit } from './response-commit.js';

/** A request handler that puts a session on each request, and the store that it keeps them in. */
export type SessionMiddleware = RequestHandler & { readonly store: SessionStore };

/** express-session over our store, with each session stored before the head of its response leaves. */
export function createMiddleware(store: SessionStore, options: ResolvedSessionOptions, warn: (message: string) => void): SessionMiddleware {
  const { secret, name, cookie, genid, proxy, rolling, saveUninitialized, resave, unset, onUnavailable } = options;
  const handler = session({
    store,
    secret,
    name,
    rolling,
    saveUninitialized,
    resave,
    unset,
    cookie: typeof cookie === 'function' ? (req) => resolveAuto(cookie(req), req, proxy) : cookie,
    ...(genid && { genid }),
    ...(proxy !== undefined && { proxy }),
  });
  const middleware: RequestHandler = (req, res, next) => {
    // Mounted twice, only the first one counts.
    if (req.session as unknown) return next();
    shareShapes(req, res);
    const commit = new ResponseCommit(req, res, next, store, options, warn);
    store.requests.awaitSession(req);
    try {
      handler(req, res, (error?: unknown) => {
        if (error instanceof SessionUnavailableError && onUnavailable === 'anonymous') {
          commit.detach();
          store.requests.giveThrowaway(req);
          return next();
        }
        if (error || !(req.session as unknown)) {
          commit.detach();
          return next(error);
        }
        uncover(req.session);
        commit.attach();
        next();
      });
    } catch (error) {
      commit.detach();
      throw error;
    }
  };
  return Object.assign(middleware, { store });
}

/** express-session hides `save` and `reload` behind methods of its own, which return no promise. */
function uncover(wrapped: object): void {
  Reflect.deleteProperty(wrapped, 'save');
  Reflect.deleteProperty(wrapped, 'reload');
}

/** express-session resolves 'auto' only where the cookie option is an object. */
function resolveAuto(cookie: CookieOptions, req: Request, trustProxy: boolean | undefined): CookieOptions {
  const forwarded = String(req.headers['x-forwarded-proto'] ?? '')
    .split(',')[0]!
    .trim()
    .toLowerCase();
  const isProxied = trustProxy === undefined ? req.secure : trustProxy && forwarded === 'https';
  const isSecure = (req.socket as { encrypted?: boolean }).encrypted === true || isProxied;
  return cookie.secure === 'auto' ? { ...cookie, secure: isSecure } : cookie;
}
