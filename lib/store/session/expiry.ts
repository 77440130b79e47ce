const DEFAULT_IDLE_MS = 86_400_000;
const MAX_DEFAULT_TOUCH_MS = 300_000;

/** How long the id before a renewal still reads its session: long enough for the requests that were under way. */
export const RENEWAL_GRACE_MS = 30_000;

/** The time limits of one session, in milliseconds. */
export interface Lifetime {
  readonly idleMs: number;
  /** `false`: no end but the idle one. */
  readonly absoluteMs: number | false;
  /** `undefined`: a twentieth of the idle time, at most five minutes. */
  readonly touchIntervalMs: number | undefined;
}

/** How long a session lives without a request: what is configured, else the age of its own cookie, else a day. */
export function idleTimeOf(configured: number | undefined, cookieAge: number | null | undefined): number {
  return configured ?? (typeof cookieAge === 'number' && cookieAge > 0 ? cookieAge : DEFAULT_IDLE_MS);
}

/** When a session that was just seen is over: after the idle time, never past the end that its creation set. */
export function expiryOf(lifetime: Lifetime, now: number, createdAt: number | undefined): number {
  const idleEnd = now + lifetime.idleMs;
  if (lifetime.absoluteMs === false || createdAt === undefined) return idleEnd;
  return Math.min(idleEnd, createdAt + lifetime.absoluteMs);
}

/** Whether to write that a session is still in use: not more often than the interval, nor where it gains no time. */
export function isTouchDue(
  lifetime: Lifetime,
  now: number,
  row: { createdAt: number | undefined; lastSeenAt: number | undefined; expiresAt: number | undefined },
): boolean {
  if (row.lastSeenAt === undefined && row.expiresAt === undefined) return false;
  const { idleMs, touchIntervalMs = Math.min(idleMs / 20, MAX_DEFAULT_TOUCH_MS) } = lifetime;
  const { lastSeenAt = (row.expiresAt ?? now) - idleMs } = row;
  const gains = row.expiresAt === undefined || expiryOf(lifetime, now, row.createdAt) > row.expiresAt;
  return gains && now - lastSeenAt >= touchIntervalMs;
}

/** When a session got its id: at its last renewal or rotation, which the end of the grace tells, else when it was made. */
export function renewedAtOf({
  previousUntil,
  createdAt,
}: {
  readonly previousUntil?: number | null | undefined;
  readonly createdAt: number | undefined;
}): number | undefined {
  return typeof previousUntil === 'number' ? previousUntil - RENEWAL_GRACE_MS : createdAt;
}
