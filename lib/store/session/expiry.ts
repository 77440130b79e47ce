import { RENEWAL_GRACE_MS } from '../options/lifetime-options.js';

const DEFAULT_IDLE_MS = 86_400_000;
const MAX_DEFAULT_TOUCH_MS = 300_000;

/** A hundred years: a later end does not fit into the columns of every database. */
const MAX_MS = 36_525 * 86_400_000;

/** The time limits of one session, in milliseconds. */
export interface Lifetime {
  /** `Infinity` where `endsAt` alone counts. */
  readonly idleMs: number;
  /** The moment at which its cookie ends it, in epoch milliseconds; `Infinity`: none. */
  readonly endsAt: number;
  /** `false`: no end but the idle one. */
  readonly absoluteMs: number | false;
  /** `undefined`: a twentieth of the idle time, at most five minutes. */
  readonly touchIntervalMs: number | undefined;
}

/** What a cookie says of the end of its session. */
export interface CookieEnd {
  /** How long the session lives after each request, in milliseconds; `null`: it does not say. */
  readonly ageMs: number | null;
  /** The moment at which the session ends, in epoch milliseconds; `undefined`: none but what the age gives. */
  readonly endsAt: number | undefined;
}

/**
 * The idle time and the end of a session: the configured idle time, else the moment that the cookie names, else the cookie's
 * age, else a day. An age of 0 or less ends the session at once, and so does a moment that has passed, whatever is configured.
 */
export function limitsOf(configuredMs: number | undefined, { ageMs, endsAt }: CookieEnd): Pick<Lifetime, 'idleMs' | 'endsAt'> {
  const isOver = ageMs !== null && ageMs <= 0;
  const cookieMs = endsAt === undefined ? (ageMs ?? DEFAULT_IDLE_MS) : Infinity;
  return { idleMs: configuredMs ?? cookieMs, endsAt: isOver ? -Infinity : (endsAt ?? Infinity) };
}

/** Whether the cookie of a session ends it. */
export const isEndedByCookie = ({ endsAt }: Lifetime, now: number): boolean => endsAt <= now;

/** When a session that was just seen is over: after the idle time, never past the end that its cookie or its creation set. */
export function expiryOf({ idleMs, endsAt, absoluteMs }: Lifetime, now: number, createdAt: number | undefined): number {
  const absoluteEnd = absoluteMs === false || createdAt === undefined ? Infinity : createdAt + absoluteMs;
  return Math.min(now + idleMs, endsAt, absoluteEnd, now + MAX_MS);
}

/** Whether to write that a session is still in use: not more often than the interval, nor if it gains no time. */
export function isTouchDue(
  lifetime: Lifetime,
  now: number,
  row: { createdAt: number | undefined; lastSeenAt: number | undefined; expiresAt: number | undefined },
): boolean {
  if (row.lastSeenAt === undefined && row.expiresAt === undefined) return false;
  const { idleMs, endsAt } = lifetime;
  const touchIntervalMs = touchIntervalOf(lifetime);
  const { lastSeenAt = (row.expiresAt ?? now) - idleMs } = row;
  const isOld = now - lastSeenAt >= touchIntervalMs;
  if (row.expiresAt === undefined) return isOld;
  const gain = expiryOf(lifetime, now, row.createdAt) - row.expiresAt;
  // A cookie that names its end may gain more than the time since then.
  return gain > 0 && (isOld || (endsAt !== Infinity && gain >= touchIntervalMs));
}

/** Half of the idle time of a session that is shorter than the option expects: it would end while it is in use. */
function touchIntervalOf({ idleMs, touchIntervalMs = Math.min(idleMs / 20, MAX_DEFAULT_TOUCH_MS) }: Lifetime): number {
  return touchIntervalMs < idleMs ? touchIntervalMs : idleMs / 2;
}

/** When a session got its id: at its last renewal or rotation, found from the end of the grace, else when it was made. */
export function renewedAtOf({
  previousUntil,
  createdAt,
}: {
  readonly previousUntil?: number | null | undefined;
  readonly createdAt: number | undefined;
}): number | undefined {
  return typeof previousUntil === 'number' ? previousUntil - RENEWAL_GRACE_MS : createdAt;
}
