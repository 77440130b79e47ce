import { HOUR_MS, type SessionRow } from '../session-row.js';
import type { SessionTable } from '../session-table.js';
import type { Values } from '../sql/bound-statement.js';
import type { Statement, TableShape } from '../sql/dialect.js';

/** What pruning needs of the runner of statements. */
interface Runner {
  ready(): Promise<TableShape>;
  readBy(name: string, build: (shape: TableShape) => Statement, values: Values): Promise<SessionRow[]>;
  write(name: 'prune', values: Values): Promise<number>;
}

/** Removes expired rows in one statement or, where the dialect has none, one after the other. Resolves to how many. */
export async function pruneRows(
  runner: Runner,
  table: Pick<SessionTable<'locked'>, 'remove'>,
  { now, limit }: Parameters<SessionTable['prune']>[0],
): Promise<number> {
  const { columns, dialect } = await runner.ready();
  if (!columns.expiresAt && !columns.pruneAfter) return 0;
  const values = { now, pruneHour: Math.floor(now / HOUR_MS), limit };
  if (dialect.prune) return runner.write('prune', values);
  const expired = await runner.readBy('expired', (shape) => shape.dialect.expired(shape, limit), values);
  const outcomes = await table.remove(expired.map(({ id }) => id));
  return outcomes.filter((outcome) => outcome === 'removed').length;
}
