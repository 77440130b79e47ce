import { SessionUnavailableError } from '../../session.errors.js';
import type { HeldLock, LockRequest, UserLimit } from '../session-table.js';

/** The share of the timeout for which others are waited for; the rest is for the write itself. */
const PATIENCE = 0.8;

/** What is needed of the table. */
interface Table {
  lock(request: LockRequest): Promise<HeldLock | undefined>;
  count(count: { readonly userId: string; readonly now: number }): Promise<number>;
}

/**
 * Does a write that gives a user one more row, if he has fewer live ones than the limit: under a lock on that user, so that nobody else
 * counts at the same moment. The lock ends before `timeoutMs` is over.
 */
export async function withinLimit<Outcome>(
  table: Table,
  userId: string,
  { sessions, now }: UserLimit,
  timeoutMs: number,
  write: () => Promise<Outcome>,
): Promise<Outcome | 'full'> {
  const isFull = async () => (await table.count({ userId, now })) >= sessions;
  // Who is refused anyway keeps nobody else waiting.
  if (await isFull()) return 'full';
  const lock = await table.lock({ id: `user ${userId}`, waitMs: timeoutMs * PATIENCE, maxHoldMs: timeoutMs });
  if (!lock) throw busy(timeoutMs);
  try {
    if (await isFull()) return 'full';
    if (!lock.isHeld) throw busy(timeoutMs);
    return await write();
  } finally {
    await lock.release();
  }
}

const busy = (timeoutMs: number): SessionUnavailableError =>
  new SessionUnavailableError(`Other sign-ins of this user took longer than ${timeoutMs} ms. Try again.`);
