import type session from 'express-session';
import { Cookie, type Request, type SessionData } from '../../lib/store/express-session.js';
import type { SessionStore } from '../../lib/store/session-store.js';

/** Session data of a test: any keys, whatever `SessionData` is augmented by elsewhere. */
export type Data = SessionData & Record<string, unknown>;

/** A session as it stands on a request, likewise. */
export type LiveSession = Omit<session.Session, Exclude<keyof SessionData, 'cookie'>> & Record<string, unknown>;

/** Data as it comes from nowhere: a store knows no row that it belongs to. */
export function dataOf(values: Record<string, unknown> = {}, cookie: Record<string, unknown> = {}): Data {
  return { cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/', ...cookie }, ...values } as unknown as Data;
}

/** The values of a session without its cookie. */
export function valuesOf(session: object | null | undefined): Record<string, unknown> | undefined {
  if (!session) return undefined;
  const { cookie: _, ...values } = session as Data;
  return values;
}

/** A request as far as a store looks at it. */
export function requestOf(store: SessionStore, sessionID: string): Request {
  return { sessionID, sessionStore: store } as unknown as Request;
}

/** A session made in this request, as express-session makes one where there is no cookie; it has no row yet. */
export function newSession(store: SessionStore, sid: string, values: Record<string, unknown> = {}, maxAge?: number): LiveSession {
  const req = requestOf(store, '');
  store.generate = (request) => {
    request.sessionID = sid;
    request.session = { cookie: new Cookie() } as unknown as Request['session'];
  };
  store.generate(req);
  const session = req.session as LiveSession;
  // Not through `maxAge`, which loses a millisecond now and then.
  if (maxAge !== undefined) Object.assign(session.cookie, { expires: new Date(), originalMaxAge: maxAge });
  return Object.assign(session, values);
}

/** A session as express-session loads it for a request with a cookie. */
export async function loadSession(store: SessionStore, sid: string): Promise<LiveSession> {
  const data = await store.get(sid);
  if (!data) throw new Error('There is no such session.');
  return store.createSession(requestOf(store, sid), data) as session.Session as LiveSession;
}

/** The values under an id, without the cookie; `undefined` where there is no live session. */
export async function readValues(store: SessionStore, sid: string): Promise<Record<string, unknown> | undefined> {
  return valuesOf(await store.get(sid));
}

/** What the end of a request owes its session. */
export async function dueAtEnd(store: SessionStore, session: object): Promise<'save' | 'touch' | 'nothing'> {
  const atEnd = store.dueAtEnd(session as SessionData);
  return (atEnd.known ?? (await atEnd.later)).due;
}
