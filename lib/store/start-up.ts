import { textOf, SessionEntityError, SessionError, SessionUnavailableError } from '../session.errors.js';
import { isRefusal } from '../table/database-error.js';
import type { SessionTable } from '../table/session-table.js';

/** What is asked of a table before the application starts. */
type CheckedTable = Pick<SessionTable, 'fields' | 'find'> & {
  /** What is slow or missing in the database, with the remedy. Rejects with `SessionEntityError` for what can never work. */
  inspect?(): Promise<readonly string[]>;
};

/**
 * Looks at the table while the application starts. Rejects with `SessionEntityError` if the entity or the table cannot hold sessions.
 * Warns of what is slow, and if the table is missing, or if the database does not answer within `timeoutMs`: then the application starts,
 * and the first use looks.
 */
export async function checkTable(table: CheckedTable, timeoutMs: number, warn: (message: string) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SessionUnavailableError(`There was no answer within ${timeoutMs} ms.`)), timeoutMs);
  });
  try {
    for (const fault of await Promise.race([faultsOf(table), late])) warn(fault);
  } catch (error) {
    if (!(error instanceof SessionUnavailableError)) throw error;
    warn(
      isRefusal(error)
        ? `The database of the sessions cannot be used yet. It is tried again at first use; until then no session is read or stored. ${error.message}`
        : 'The database of the sessions does not answer yet. It is tried again at first use; until then no session is read or stored. ' +
            `Start it, or correct the address of its data source. ${error.message}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** What is missing or slow, with the remedy. Rejects if the entity or the table cannot hold sessions. */
async function faultsOf(table: CheckedTable): Promise<readonly string[]> {
  await table.fields();
  try {
    await table.find([''], 0);
  } catch (error) {
    if (error instanceof SessionUnavailableError || !(error instanceof SessionError)) throw error;
    // A column that is missing has a name, and one that takes no id a type.
    const named = await inspect(table);
    return named.length > 0 ? named : [error.message];
  }
  return inspect(table);
}

/** The catalogue of a database may be closed to us, or of a form that TypeORM does not read: sessions need none of it. */
async function inspect(table: CheckedTable): Promise<readonly string[]> {
  try {
    return (await table.inspect?.()) ?? [];
  } catch (error) {
    if (error instanceof SessionEntityError) throw error;
    return [`The columns and indexes of the session table could not be looked at: ${textOf(error)}`];
  }
}
