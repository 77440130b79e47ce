import { types } from 'node:util';
import { SessionSerializationError } from '../../session.errors.js';
import { Cookie, type SessionData } from '../express-session.js';
import type { CookieEnd } from './expiry.js';

type SessionCookie = SessionData['cookie'];

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isWord = (value: unknown, words: readonly string[]): boolean => typeof value === 'string' && words.includes(value.toLowerCase());
const isText = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value);

/** The attributes of a cookie that are kept, each with what can be sent; `expires` moves with each request, so it counts as no change. */
const ATTRIBUTES: readonly (readonly [name: string, canBeSent: (value: unknown) => boolean])[] = [
  ['partitioned', isBoolean],
  ['priority', (value) => isWord(value, ['low', 'medium', 'high'])],
  ['secure', isBoolean],
  ['httpOnly', isBoolean],
  ['domain', (value) => isText(value, /^\.?[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i)],
  ['path', (value) => isText(value, /^[ -:=-~]*$/)],
  ['sameSite', (value) => isBoolean(value) || isWord(value, ['lax', 'strict', 'none'])],
];

/** Beyond this, `Date.now() + age` may be no date any more: it stands for a longer age. */
const MAX_AGE_MS = 4e15;

/**
 * What is stored of a cookie, apart from its moving `expires`; always in the same order. Attributes that cannot be sent are
 * left out, so that a broken row costs its session an attribute and not the response.
 */
export function attributesOf(cookie: SessionCookie): Record<string, unknown> {
  const kept: Record<string, unknown> = { originalMaxAge: ageOf(cookie) };
  for (const [name, canBeSent] of ATTRIBUTES) {
    const value: unknown = Object.hasOwn(cookie, name) ? cookie[name as keyof SessionCookie] : undefined;
    if (value === null || canBeSent(value)) kept[name] = value;
  }
  return kept;
}

/** express-session's Cookie from stored or live attributes, whatever else somebody wrote into the row. */
export function toCookie(stored: SessionCookie): SessionCookie {
  const { originalMaxAge, ...attributes } = attributesOf(stored);
  const cookie = new Cookie(attributes);
  // An invalid Date comes from the application: it is kept, because a cookie cannot be sent with it, and the caller must learn that.
  cookie.expires = types.isDate(stored.expires) ? new Date(stored.expires) : toDate(stored.expires);
  // After `expires`, which sets it, too.
  cookie.originalMaxAge = originalMaxAge as number | null;
  return cookie;
}

/** A moment that may have been through JSON; `null` for what is none. */
export function toDate(value: unknown): Date | null {
  const date = types.isDate(value) || typeof value === 'string' || typeof value === 'number' ? new Date(value) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : null;
}

/**
 * How long a session lives by its cookie, in milliseconds; `null` for a cookie of the browser's session. Plain data may say it
 * as `maxAge`; on a Cookie that is an accessor, and `originalMaxAge` follows it. A Cookie repeats as its age an `expires` that is
 * no Date, so that is none.
 */
export function ageOf(cookie: SessionCookie): number | null {
  const age: unknown = Object.hasOwn(cookie, 'maxAge') ? (cookie.maxAge ?? cookie.originalMaxAge) : cookie.originalMaxAge;
  if (typeof age !== 'number' || (age as unknown) === cookie.expires || !Number.isSafeInteger(Math.trunc(age))) return null;
  return Math.max(-MAX_AGE_MS, Math.min(Math.trunc(age), MAX_AGE_MS));
}

/** How far `expires` may be from what the age says now, in milliseconds: it was set by the age, a moment before. */
const BY_AGE_MS = 1_000;

/**
 * What a cookie says of the end of its session; `handedOut` is the `expires` that the store gave for a session that it knows,
 * `undefined` for data of unknown origin. A Cookie keeps its age in step with `expires`, so there the age tells all. In plain
 * data `expires` counts if it is neither what the store gave nor what the age says now. It always counts without an age.
 */
export function endOf(cookie: SessionCookie, handedOut: { readonly expires: number | undefined } | undefined, now: number): CookieEnd {
  const ageMs = ageOf(cookie);
  const endsAt = toDate(cookie.expires)?.getTime();
  if (ageMs === null || endsAt === undefined) return { ageMs, endsAt };
  const isByAge = Math.abs(endsAt - now - ageMs) <= BY_AGE_MS;
  const isNamed = handedOut ? Object.hasOwn(cookie, 'expires') && endsAt !== handedOut.expires : true;
  return { ageMs, endsAt: isNamed && !isByAge ? endsAt : undefined };
}

/** Throws `SessionSerializationError` for what is no session data: each session has a cookie, whose end is a moment or none. */
export function assertSessionData(session: SessionData): void {
  const wrong = findWrongData(session);
  if (wrong !== undefined) throw new SessionSerializationError(wrong);
}

/** What is wrong with session data, and the remedy; `undefined` if nothing is. */
export function findWrongData(session: SessionData): string | undefined {
  const { cookie } = (session ?? {}) as Partial<SessionData>;
  if (typeof session !== 'object' || typeof cookie !== 'object' || cookie === null || Array.isArray(cookie)) {
    return 'Session data must be an object with a `cookie` object, as `get` returns it. Nothing was stored.';
  }
  if (!(cookie.expires as unknown) || toDate(cookie.expires)) return undefined;
  return 'The `cookie.expires` of the session is not a valid date. Set it to a valid Date, or set `cookie.maxAge` to a number of milliseconds.';
}
