import { SessionUnavailableError } from '../../session.errors.js';
import type { SessionRow } from '../session-row.js';
import type { SessionTable } from '../session-table.js';

/** Why an upsert has changed no row. */
export const IDS_ALIKE =
  'The database treats this session id and that of another row as equal. Give the id column a collation that tells them apart.';

/** How often it starts over while others add and remove the row. */
const ATTEMPTS = 6;

/** An upsert in two statements, where the dialect has none of its own. */
export async function updateOrInsert(table: SessionTable<'locked'>, row: SessionRow): Promise<'saved' | 'locked'> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [updated] = await table.update([{ ...row, version: undefined }]);
    if (updated === 'saved' || updated === 'locked') return updated;
    const [inserted] = await table.insert([row]);
    if (inserted === 'saved' || inserted === 'locked') return inserted;
  }
  throw new SessionUnavailableError('The session row appeared and vanished while it was written. Try again.');
}
