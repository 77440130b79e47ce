import type { SessionRow } from '../../table/session-row.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { SessionEvent } from '../runtime/events.js';

/** What is known of a row that is to end. */
type FoundRow = Pick<SessionRow, 'id' | 'handle' | 'userId' | 'expiresAt'>;

/**
 * Removes a row that was found, under the id that it had. Resolves to whether a live session has ended. A row that has expired is
 * removed, too, because a request in flight could still prolong it; it ends no session.
 */
export async function endRow(dependencies: StoreDependencies, row: FoundRow, reason: SessionEvent['reason']): Promise<boolean> {
  const [outcome] = await dependencies.table.remove([row.id]);
  return noteEnd(dependencies, row, outcome, reason);
}

/** The same under whatever id it is now: another request may have given it another one. */
export async function endRowAnywhere(dependencies: StoreDependencies, row: FoundRow, reason: SessionEvent['reason']): Promise<boolean> {
  let [outcome] = await dependencies.table.remove([row.id]);
  if (outcome === 'gone' && row.handle) outcome = await dependencies.table.removeHandle(row.handle);
  return noteEnd(dependencies, row, outcome, reason);
}

function noteEnd(
  { now, emit, cache }: StoreDependencies,
  { handle, userId, expiresAt }: FoundRow,
  outcome: 'removed' | 'gone' | undefined,
  reason: SessionEvent['reason'],
): boolean {
  cache?.forgetHandle(handle);
  const hasEnded = outcome === 'removed' && (expiresAt === undefined || expiresAt > now());
  if (hasEnded) emit('destroyed', { handle, userId: userId ?? undefined, reason });
  return hasEnded;
}
