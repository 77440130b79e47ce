import type { SessionRow } from '../session-row.js';
import type { SaveOutcome, SessionTouch } from '../session-table.js';

/** Why a touch found no row to move, or did not report which. */
export function classifyMissedTouch(row: SessionRow | undefined, { unseenSince = -Infinity }: SessionTouch): SaveOutcome {
  if (!row) return 'gone';
  return (row.lastSeenAt ?? Infinity) <= unseenSince ? 'saved' : 'conflict';
}

/** The same where another transaction may have kept the touch from the row: as long as it would move it. */
export const whyMissed = (row: SessionRow | undefined, touch: SessionTouch): SaveOutcome | 'locked' =>
  row && wouldMove(row, touch) ? 'locked' : classifyMissedTouch(row, touch);

/** Whether a row is as it was before the touch, which may move it. */
function wouldMove(row: SessionRow, { expiresAt, lastSeenAt, unseenSince = -Infinity }: SessionTouch): boolean {
  const isBefore = (there: number | undefined, wanted: number | undefined) => there !== undefined && wanted !== undefined && there < wanted;
  return (row.lastSeenAt ?? -Infinity) <= unseenSince && (isBefore(row.expiresAt, expiresAt) || isBefore(row.lastSeenAt, lastSeenAt));
}
