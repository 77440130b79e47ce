import type { SessionColumn } from '../entity/columns.js';
import type { ClientChange } from '../session-table.js';
import type { TableShape } from '../sql/dialect.js';

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
