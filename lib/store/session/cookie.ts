import { Cookie, type SessionData } from '../express-session.js';

type SessionCookie = SessionData['cookie'];

/** The attributes of a cookie that are kept; `expires` moves with each request, so it counts as no change. */
const ATTRIBUTES = ['partitioned', 'priority', 'secure', 'httpOnly', 'domain', 'path', 'sameSite'] as const;

/** What is stored of a cookie, apart from its moving `expires`; always in the same order. */
export function attributesOf(cookie: SessionCookie): Record<string, unknown> {
  const kept: Record<string, unknown> = { originalMaxAge: toAge(cookie.originalMaxAge) };
  for (const name of ATTRIBUTES) {
    if (Object.hasOwn(cookie, name)) kept[name] = cookie[name as keyof SessionCookie];
  }
  return kept;
}

/** express-session's Cookie from stored or live attributes, whatever else somebody wrote into the row. */
export function toCookie(stored: SessionCookie): SessionCookie {
  const { originalMaxAge, ...attributes } = attributesOf(stored);
  const cookie = new Cookie(attributes);
  cookie.expires = toDate(stored.expires);
  // After `expires`, which sets it, too.
  cookie.originalMaxAge = originalMaxAge as number | null;
  return cookie;
}

/** A moment that may have been through JSON; `null` for what is none. */
export function toDate(value: unknown): Date | null {
  const date = value instanceof Date || typeof value === 'string' || typeof value === 'number' ? new Date(value) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : null;
}

const toAge = (value: unknown): number | null => (Number.isFinite(value) ? Number(value) : null);
