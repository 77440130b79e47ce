import type { HeldLock, LockRequest, SessionTable } from '../table/session-table.js';

/** Longer than any test takes. */
const LONG = 20_000;

/** Asks for a lock, which may be had in vain. */
export function lock(table: SessionTable, id: string, more: Partial<LockRequest> = {}): Promise<HeldLock | undefined> {
  return table.lock({ id, waitMs: LONG, maxHoldMs: LONG, ...more });
}

/** The lock, which has to be had. */
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
