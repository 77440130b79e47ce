import type { SessionRow } from '../session-row.js';
import { SplitBatchError } from '../session-table.js';
import type { TableShape } from '../sql/dialect.js';

/**
 * A value that is cut is a value that is lost: what does not fit is refused before any SQL. Except for the id of a change: one that
 * does not fit is that of no row.
 */
export function assertFits({ limited }: Pick<TableShape, 'limited'>, row: Partial<SessionRow>, except?: 'id'): void {
  for (const { field, assertFits: assertValueFits } of limited) if (field !== except) assertValueFits?.(row[field]);
}

/** One that does not fit must not fail its neighbours. */
export function assertAllFit(shape: Pick<TableShape, 'limited'>, rows: readonly Partial<SessionRow>[], except?: 'id'): void {
  try {
    for (const row of rows) assertFits(shape, row, except);
  } catch (error) {
    throw new SplitBatchError(error);
  }
}
