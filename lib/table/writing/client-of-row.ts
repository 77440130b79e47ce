import type { SessionColumn } from '../entity/columns.js';
import type { SessionRow } from '../session-row.js';
import type { AgentQuery, ClientChange } from '../session-table.js';
import type { Values } from '../sql/bound-statement.js';
import type { Statement, TableShape } from '../sql/dialect.js';

const FIELDS = ['ipAddress', 'userAgent'] as const;

/** Whether the columns for the client of a row hold a change already: they may be shorter than it, or carry fewer characters. */
export function isKnownClient({ columns }: Pick<TableShape, 'columns'>, change: ClientChange): boolean {
  return FIELDS.every((field) => {
    const column = columns[field];
    return !column || asStored(column, change[field]) === (change.known[field] ?? null);
  });
}

/** A value as it comes back from its column. */
function asStored(column: SessionColumn, value: string | null | undefined): unknown {
  return column.decode(column.encode(value ?? null)) ?? null;
}

/** What the look for the clients of a user needs of the runner of statements. */
interface Runner {
  ready(): Promise<TableShape>;
  readBy(name: string, build: (shape: TableShape) => Statement, values: Values): Promise<SessionRow[]>;
}

/** The addresses in the rows of a user and an agent, compared exactly, as the columns hold them. */
export async function addressesOf(runner: Runner, query: AgentQuery): Promise<(string | null)[]> {
  const { columns } = await runner.ready();
  const { userId, userAgent, exceptId } = query;
  if (!columns.userId || !columns.ipAddress || !columns.userAgent) return [];
  const stored = asStored(columns.userAgent, userAgent);
  const rows = await runner.readBy('addresses', (shape) => shape.dialect.addresses(shape, query), { userId, userAgent, id: exceptId });
  const own = rows.filter((row) => row.userId === userId && (row.userAgent ?? null) === stored);
  return [...new Set(own.map(({ ipAddress }) => ipAddress ?? null))];
}
