import type { SaveOutcome, SessionRow, SessionTouch } from './session-table.js';

/** Why a touch found no row to move, or did not tell which. */
export function classifyMissedTouch(row: SessionRow | undefined, { unseenSince = -Infinity }: SessionTouch): SaveOutcome {
  if (!row) return 'gone';
  return (row.lastSeenAt ?? Infinity) <= unseenSince ? 'saved' : 'conflict';
}

/** Whether a row is as it was before the touch, which may move it. */
export function wouldMove(row: SessionRow, { expiresAt, lastSeenAt, unseenSince = -Infinity }: SessionTouch): boolean {
  const isBefore = (there: number | undefined, wanted: number | undefined) => there !== undefined && wanted !== undefined && there < wanted;
  return (row.lastSeenAt ?? -Infinity) <= unseenSince && (isBefore(row.expiresAt, expiresAt) || isBefore(row.lastSeenAt, lastSeenAt));
}
