import type { SessionData } from '../express-session.js';
import { attributesOf, toCookie } from './cookie.js';
import { isSame } from './merging/merge.js';

/** The own values of a session, its cookie included. */
export type SessionValues = Readonly<Record<string, unknown>>;

/** The own values of a session at this moment. */
export const valuesOf = (session: object): SessionValues => ({ ...session });

/** Whether a session still holds the very same values. */
export function holdsStill(session: object, values: SessionValues): boolean {
  const now = valuesOf(session);
  return Object.keys(now).length === Object.keys(values).length && Object.keys(now).every((key) => now[key] === values[key]);
}

/** Makes a session hold these values and no others; the cookie becomes a copy, so that the one from before can be put back. */
export function putValues(session: SessionData, values: SessionValues): void {
  const cookie = toCookie(session.cookie);
  for (const key of keysOf(session, values)) putBack(session, values, key);
  session.cookie = cookie;
}

/**
 * Undoes the changes that turned the values `held` into `changed`. Values that were set after that are kept.
 */
export function undoValues(session: SessionData, held: SessionValues, changed: SessionValues): void {
  const now = valuesOf(session);
  for (const key of keysOf(now, held)) if (now[key] === changed[key]) putBack(session, held, key, true);
}

/**
 * Keeps the changes, but puts back the original objects of `held` that have equal content now. `copy` is a copy
 * of `held`.
 */
export function keepObjects(session: SessionData, held: SessionValues, changed: SessionValues, copy: SessionValues): void {
  const now = valuesOf(session);
  for (const key of keysOf(now, held)) {
    if (key !== 'cookie' && now[key] === changed[key] && isSame(copy, changed, key)) putBack(session, held, key);
  }
  const cookie = held.cookie as SessionData['cookie'];
  if (now.cookie === changed.cookie && isSameCookie(cookie, session.cookie)) session.cookie = cookie;
}

const keysOf = (...objects: object[]): ReadonlySet<string> => new Set(objects.flatMap((object) => Object.keys(object)));

/** Never a member of the session itself, and nothing that reaches its prototype. */
function putBack(session: object, values: SessionValues, key: string, withCookie = false): void {
  if (key === 'cookie' && !withCookie) return;
  if (!Object.hasOwn(values, key)) Reflect.deleteProperty(session, key);
  else if (!(key in session) || Object.hasOwn(session, key)) Reflect.set(session, key, values[key]);
}

/** Whether two cookies have the same attributes and the same end. */
export function isSameCookie(one: SessionData['cookie'], other: SessionData['cookie']): boolean {
  const described = (cookie: SessionData['cookie']) => JSON.stringify([attributesOf(cookie), Number(cookie.expires)]);
  return described(one) === described(other);
}
