import type { HeldLock, LockRequest, SessionTable } from '../table/session-table.js';

/** Maximum wait for a lock in tests, and how long it may be held there, in milliseconds. */
const LONG = 20_000;

/** Tries to acquire a lock; resolves to `undefined` on timeout. */
export function lock(table: SessionTable, id: string, more: Partial<LockRequest> = {}): Promise<HeldLock | undefined> {
  return table.lock({ id, waitMs: LONG, maxHoldMs: LONG, ...more });
}

/** Acquires a lock; rejects on timeout. */
export async function take(table: SessionTable, id: string, more: Partial<LockRequest> = {}): Promise<HeldLock> {
  const held = await lock(table, id, more);
  if (!held) throw new Error(`The lock of ${id} could not be had.`);
  return held;
}

/** Takes a lock and gives it back. */
export async function pass(table: SessionTable, id: string, more: Partial<LockRequest> = {}): Promise<void> {
  await (await take(table, id, more)).release();
}

/** A lock, and why it ended before it was released. */
export async function takeAndLose(table: SessionTable, id: string, maxHoldMs?: number) {
  let tell!: (reason: 'expired' | 'taken') => void;
  const lost = new Promise<'expired' | 'taken'>((resolve) => (tell = resolve));
  const held = await take(table, id, { onLost: (reason) => tell(reason), ...(maxHoldMs !== undefined && { maxHoldMs }) });
  return { held, lost };
}
