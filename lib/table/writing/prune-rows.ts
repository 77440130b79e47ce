import { HOUR_MS } from '../session-row.js';
import type { SessionTable } from '../session-table.js';
import type { StatementRunner } from '../statement-runner.js';

/** Removes expired rows in one statement or, where the dialect has none, one after the other. Resolves to how many. */
export async function pruneRows(
  runner: StatementRunner,
  table: Pick<SessionTable<'locked'>, 'remove'>,
  { now, limit }: Parameters<SessionTable['prune']>[0],
): Promise<number> {
  const { columns, dialect } = await runner.ready();
  if (!columns.expiresAt && !columns.pruneAfter) return 0;
  const values = { now, pruneHour: Math.floor(now / HOUR_MS), limit };
  if (dialect.prune) return runner.write('prune', values);
  const expired = await runner.read((shape) => shape.dialect.expired(shape, limit), values);
  const outcomes = await table.remove(expired.map(({ id }) => id));
  return outcomes.filter((outcome) => outcome === 'removed').length;
}
