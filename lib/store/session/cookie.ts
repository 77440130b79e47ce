import { Cookie, type SessionData } from '../express-session.js';

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

/** Beyond this, `Date.now() + age` may be no date any more. */
const MAX_AGE_MS = 4e15;

/**
 * What is stored of a cookie, apart from its moving `expires`; always in the same order. Attributes that cannot be sent are
 * left out, so that a broken row costs its session an attribute and not the response.
 */
export function attributesOf(cookie: SessionCookie): Record<string, unknown> {
  const kept: Record<string, unknown> = { originalMaxAge: toAge(cookie.originalMaxAge) };
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
  // An invalid Date comes from the application: it is kept, because a cookie cannot be sent with it, and the caller has to learn that.
  cookie.expires = (stored.expires as unknown) instanceof Date ? new Date(stored.expires!) : toDate(stored.expires);
  // After `expires`, which sets it, too.
  cookie.originalMaxAge = originalMaxAge as number | null;
  return cookie;
}

/** A moment that may have been through JSON; `null` for what is none. */
export function toDate(value: unknown): Date | null {
  const date = value instanceof Date || typeof value === 'string' || typeof value === 'number' ? new Date(value) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : null;
}

const toAge = (value: unknown): number | null =>
  Number.isFinite(value) && Math.abs(Number(value)) <= MAX_AGE_MS ? Math.trunc(Number(value)) : null;
