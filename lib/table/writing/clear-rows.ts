import { SessionUnavailableError } from '../../session.errors.js';
import type { SessionRow } from '../session-row.js';
import type { Values } from '../sql/bound-statement.js';
import type { Statement, TableShape } from '../sql/dialect.js';

/** How many rows one statement removes. */
const ROWS = 1_000;
const PAUSE_MS = 25;

/** What a clearing needs of the runner of statements. */
interface Runner {
  ready(): Promise<TableShape>;
  readBy(name: string, build: (shape: TableShape) => Statement, values: Values): Promise<SessionRow[]>;
  write(name: 'clear' | 'clearUnlocked', values: Values): Promise<number>;
}

/**
 * Removes all rows, without a lock on all of them at once. Waits up to `timeoutMs` for those that another transaction holds. One that is
 * left is removed by itself, which is refused if a trigger leaves it out.
 */
export async function clearRows(runner: Runner, remove: (id: string) => Promise<unknown>, timeoutMs: number): Promise<void> {
  const { dialect } = await runner.ready();
  const until = performance.now() + timeoutMs;
  let held: ReadonlySet<string> | undefined;
  for (;;) {
    if (dialect.clearUnlocked) while ((await runner.write('clearUnlocked', { limit: ROWS })) === ROWS);
    else await runner.write('clear', {});
    const left = await runner.readBy('ids', (shape) => shape.dialect.ids(shape, ROWS), { limit: ROWS });
    // What was not there at the last look is newer than this clearing.
    const still = left.map(({ id }) => id).filter((id) => !held || held.has(id));
    if (still.length === 0) return;
    if (held) await remove(still[0]!);
    if (performance.now() >= until) {
      throw new SessionUnavailableError(
        `Another transaction has held rows of the session table for ${timeoutMs} ms. End it, and clear the sessions again.`,
      );
    }
    held = new Set(still);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
