import type { SessionTouch } from '../../table/session-table.js';

/** One touch that moves a row as far as both would. */
export function later(a: SessionTouch, b: SessionTouch): SessionTouch {
  const max = (one: number | undefined, other: number | undefined) => (one === undefined ? other : Math.max(one, other ?? one));
  return {
    id: a.id,
    expiresAt: max(a.expiresAt, b.expiresAt),
    pruneAfter: max(a.pruneAfter, b.pruneAfter),
    lastSeenAt: max(a.lastSeenAt, b.lastSeenAt),
    unseenSince: max(a.unseenSince, b.unseenSince),
  };
}
