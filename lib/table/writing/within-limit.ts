import { SessionUnavailableError } from '../../session.errors.js';
import type { SessionRow } from '../session-row.js';
import type { HeldLock, LockRequest, SessionChange, UserLimit } from '../session-table.js';
import type { RowState } from './multi-row-writer.js';

/** The share of the timeout for which others are waited for; the rest is for the write itself. */
const PATIENCE = 0.8;

/** What is needed of the table. */
interface Table {
  lock(request: LockRequest): Promise<HeldLock | undefined>;
  count(count: { readonly userId: string; readonly now: number }): Promise<number>;
  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]>;
}

/** What is to be written, and what decides whether it may be. */
interface Wanted<Reason> {
  readonly row: Pick<SessionRow, 'id' | 'userId'>;
  readonly limit: UserLimit;
  readonly timeoutMs: number;
  /** Why it would not be written, whatever the limit; asked only of a user who has as many as are allowed. */
  readonly obstacle: () => Promise<Reason | undefined>;
}

/** What keeps a change from a row in this state. */
export function obstacleTo({ version }: Pick<SessionChange, 'version'>, state: RowState): 'gone' | 'conflict' | undefined {
  if (!state) return 'gone';
  return version === undefined || state.version === version ? undefined : 'conflict';
}

/**
 * Does a write that gives a user one more row, if he has fewer live ones than the limit: under a lock on that user, so that nobody else
 * counts at the same moment. The lock ends before `timeoutMs` is over.
 */
export async function withinLimit<Outcome, Reason extends string>(
  table: Table,
  { row: { id, userId: user }, limit: { sessions, now }, timeoutMs, obstacle }: Wanted<Reason>,
  write: () => Promise<Outcome>,
): Promise<Outcome | Reason | 'full'> {
  const userId = user ?? '';
  const refusal = async (): Promise<Reason | 'full' | undefined> => {
    const count = await table.count({ userId, now });
    if (count < sessions) return undefined;
    const reason = await obstacle();
    if (reason) return reason;
    // The row itself does not count: another request may have given it to the user.
    const [own] = await table.find([id], now);
    return count - (own?.userId === userId ? 1 : 0) < sessions ? undefined : 'full';
  };
  // Who is refused anyway keeps nobody else waiting.
  const early = await refusal();
  if (early) return early;
  const lock = await table.lock({ id: `user ${userId}`, waitMs: timeoutMs * PATIENCE, maxHoldMs: timeoutMs });
  if (!lock) throw busy(timeoutMs);
  try {
    const late = await refusal();
    if (late) return late;
    if (!lock.isHeld) throw busy(timeoutMs);
    return await write();
  } finally {
    await lock.release();
  }
}

const busy = (timeoutMs: number): SessionUnavailableError =>
  new SessionUnavailableError(`Other sign-ins of this user took longer than ${timeoutMs} ms. Try again.`);
