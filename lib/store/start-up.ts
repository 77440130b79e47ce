import { SessionEntityError, SessionUnavailableError } from '../session.errors.js';
import type { SessionTable } from '../table/session-table.js';

/** What is asked of a table before the application starts. */
type Looked = Pick<SessionTable, 'fields' | 'find'>;

/**
 * Looks at the table while the application starts. Rejects with `SessionEntityError` if the entity cannot hold sessions. Warns if the
 * table is missing, or if the database does not answer within `timeoutMs`: then the application starts, and the first use looks.
 */
export async function lookAtTable(table: Looked, timeoutMs: number, warn: (message: string) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SessionUnavailableError(`There was no answer within ${timeoutMs} ms.`)), timeoutMs);
  });
  try {
    const fault = await Promise.race([missingIn(table), late]);
    if (fault !== undefined) warn(fault);
  } catch (error) {
    if (!(error instanceof SessionUnavailableError)) throw error;
    warn(
      'The database of the sessions does not answer yet, and is asked again at first use; until then no session is read or stored. ' +
        `Start it, or correct the address and the credentials of its data source. ${error.message}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** What is missing of the table, with the remedy. Rejects if the entity cannot hold sessions. */
async function missingIn(table: Looked): Promise<string | undefined> {
  await table.fields();
  try {
    await table.find([''], 0);
    return undefined;
  } catch (error) {
    if (error instanceof SessionEntityError) return error.message;
    throw error;
  }
}
