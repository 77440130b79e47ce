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
  return reportEnd(dependencies, row, outcome, reason);
}

/** The same under whatever id it is now: another request may have given it another one. */
export async function endRowAnywhere(dependencies: StoreDependencies, row: FoundRow, reason: SessionEvent['reason']): Promise<boolean> {
  return (await endRowsAnywhere(dependencies, [row], reason)) > 0;
}

/** The same for several rows at once. Resolves to how many. One that cannot be ended fails the call, after the others have ended. */
export async function endRowsAnywhere(
  dependencies: StoreDependencies,
  rows: readonly FoundRow[],
  reason: SessionEvent['reason'],
): Promise<number> {
  const { table } = dependencies;
  const removals = table.removeEach(rows.map(({ id }) => id));
  const end = async (row: FoundRow, removal: Promise<'removed' | 'gone'>) => {
    let outcome = await removal;
    if (outcome === 'gone' && row.handle) outcome = await table.removeHandle(row.handle);
    return reportEnd(dependencies, row, outcome, reason);
  };
  const ends = await Promise.allSettled(rows.map((row, index) => end(row, removals[index]!)));
  const failed = ends.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return ends.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length;
}

function reportEnd(
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
