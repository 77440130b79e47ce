import type { BatchOperation } from './session-table.js';
import { MAX_ROWS, type Statement, type TableShape } from './statement.js';

/**
 * One statement for several rows with different ids, which are hashes and so differ under every collation. It is atomic: what it
 * does to the rows that it finds happens for all of them or for none.
 */
export interface BatchForm {
  /** `undefined` where the entity has columns that it cannot carry. */
  build(shape: TableShape, rows: number): Statement | undefined;
  /** Whether it takes rows of nothing but NULL, and does nothing for them, so that a few sizes are enough. */
  readonly isPadded: boolean;
  /**
   * What it tells of the rows that it found: their ids, or how many they are. Where they are fewer than asked for, nobody knows
   * which: that is `counted` if one can look afterwards and do the rest, and `whole` if the statement then does nothing.
   */
  readonly answer: 'ids' | 'counted' | 'whole';
}

/** What one statement does for several rows; where there is no `updateInPlace`, `update` does it. */
export type BatchName = BatchOperation | 'updateInPlace';

/** The statements of a dialect that take several rows. */
export type BatchForms = Readonly<Partial<Record<BatchName, BatchForm>>>;

/**
 * How many rows there are prepared statements for where none can be padded. A server keeps each of them for each connection, and
 * has 16,382 places for all: so a few more wait for the next batch.
 */
const EXACT_SIZES = [64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];

/** How many of so many rows one statement takes. */
export function takeOf({ isPadded }: BatchForm, rows: number): number {
  return isPadded ? Math.min(rows, MAX_ROWS) : EXACT_SIZES.find((size) => size <= rows)!;
}

/** Whether a statement of this size is one of few. */
export const isOneOfFew = ({ isPadded }: BatchForm, size: number): boolean => isPadded || EXACT_SIZES.includes(size);

/** The rows that a statement for so many is built for: the next power of two where it may be padded. */
export function sizeOf(form: BatchForm, rows: number): number {
  return form.isPadded ? 2 ** Math.ceil(Math.log2(rows)) : rows;
}

/** One text per row, with commas. */
export function perRow(rows: number, text: (row: number) => string, separator = ', '): string {
  return Array.from({ length: rows }, (_, row) => text(row)).join(separator);
}
