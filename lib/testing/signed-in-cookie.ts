import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Request } from 'express';
import type { SessionMiddleware } from '../http/session-middleware.js';
import { SESSION_MIDDLEWARE } from '../nest/session.tokens.js';
import { SessionOptionsError } from '../session.errors.js';
import type { SessionData } from '../store/session-data.js';
import { SessionStore } from '../store/session-store.js';

/**
 * What has sessions: a Nest application with `SessionModule`, or what `createSessionMiddleware` returned.
 *
 * @publicApi
 */
export type SessionApp = SessionMiddleware | { get(token: symbol, options: { strict: boolean }): unknown };

/**
 * Who is signed in, and what else the session holds.
 *
 * @publicApi
 */
export interface SignedIn {
  /** Becomes `session.userId`. The option `userId` of the application must find it in the session. */
  userId: string | number;
  /** Further keys of the session. @default {} */
  data?: Partial<SessionData>;
  /** How strong the sign-in is, as given to `session.login`. @default 1 */
  level?: number;
}

/**
 * Signs a user in without the application's own sign-in: stores a session as `session.login` does, and resolves to the value of
 * a `Cookie` header. Rejects with a `TypeError` for a user id that is no number or non-empty string, for a level that is no number, and for
 * a key that it does not know; with `SessionOptionsError` if the application has no sessions, or its option `userId` finds another user in them.
 *
 * @example
 * await request(server).get('/cart').set('Cookie', await signedInCookie(app, { userId: 'ada' })).expect(200);
 *
 * @publicApi
 */
export async function signedInCookie(app: SessionApp, signedIn: SignedIn): Promise<string> {
  const { userId, data = {}, level, ...others } = signedIn ?? {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new TypeError(`signedInCookie() has no option \`${unknown}\`. Remove it, or use one of: userId, data, level.`);
  }
  if (!Number.isFinite(userId) && (typeof userId !== 'string' || userId === '')) {
    throw new TypeError('The `userId` of signedInCookie() must be a number or a non-empty string.');
  }
  const { store, options, cookies } = middlewareOf(app);
  const req = newRequest(store);
  store.generate(req);
  const session = Object.assign(req.session, { userId }, data);
  const found = options.userId(session as SessionData);
  if (String(found) !== String(userId)) {
    throw new SessionOptionsError(
      `The option \`userId\` finds ${JSON.stringify(found)} in the session of signedInCookie(), not ${JSON.stringify(userId)}. ` +
        'Pass in `data` what the application stores at a sign-in.',
    );
  }
  await session.login(userId, level === undefined ? {} : { level });
  return cookies.pairFor(req.sessionID);
}

function middlewareOf(app: SessionApp): SessionMiddleware {
  if (app instanceof SessionStore) throw new SessionOptionsError(NO_SESSIONS);
  if ('store' in app && app.store instanceof SessionStore) return app;
  // The `get` of an Express application, which is a function, is another one.
  if (typeof app !== 'function' && 'get' in app) {
    try {
      return app.get(SESSION_MIDDLEWARE, { strict: false }) as SessionMiddleware;
    } catch (cause) {
      throw new SessionOptionsError(`${NO_SESSIONS} This application has no SessionModule.`, { cause });
    }
  }
  throw new SessionOptionsError(NO_SESSIONS);
}

const NO_SESSIONS = 'signedInCookie() needs a Nest application with SessionModule, or what createSessionMiddleware() returned.';

/** A request to begin a session in: the options `cookie` and `genid` may look at it. */
function newRequest(sessionStore: SessionStore): Request {
  const req = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/', originalUrl: '/', sessionStore });
  return req as unknown as Request;
}
