import type { SessionRow } from '../../table/session-row.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { SessionEvent } from '../runtime/events.js';

/** What is known of a row that is to end. */
type FoundRow = Pick<SessionRow, 'id' | 'handle' | 'userId' | 'expiresAt'>;

/**
 * Removes a row that was found, under whatever id it is now. Resolves to whether a live session has ended. A row that has expired is
 * removed, too, because a request in flight could still prolong it; it ends no session.
 */
export async function endRow({ table, now, emit }: StoreDependencies, row: FoundRow, reason: SessionEvent['reason']): Promise<boolean> {
  const { id, handle, userId, expiresAt } = row;
  let [outcome] = await table.remove([id]);
  // Another request may have given it another id meanwhile.
  if (outcome === 'gone' && handle) outcome = await table.removeHandle(handle);
  const hasEnded = outcome === 'removed' && (expiresAt === undefined || expiresAt > now());
  if (hasEnded) emit('destroyed', { handle, userId: userId ?? undefined, reason });
  return hasEnded;
}
