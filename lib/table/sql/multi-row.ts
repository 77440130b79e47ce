import type { MultiRowStatement } from './dialect.js';
import { MAX_ROWS } from './statement.js';

/**
 * How many rows there are prepared statements for where none can be padded. A server keeps each of them for each connection, and
 * has 16,382 places for all: so a few more wait for the next batch.
 */
const EXACT_SIZES = [64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];

/** The number of rows that one statement takes, if this many wait. */
export function takeOf({ isPadded }: MultiRowStatement, rows: number): number {
  return isPadded ? Math.min(rows, MAX_ROWS) : EXACT_SIZES.find((size) => size <= rows)!;
}

/** Whether a statement of this size is one of few. */
export const isOneOfFew = ({ isPadded }: MultiRowStatement, size: number): boolean => isPadded || EXACT_SIZES.includes(size);

/** The number of rows that a statement for this many is built for: the next power of two if it may be padded. */
export function sizeOf(form: MultiRowStatement, rows: number): number {
  return form.isPadded ? 2 ** Math.ceil(Math.log2(rows)) : rows;
}

/** One piece of SQL per row, with commas. */
export function perRow(rows: number, text: (row: number) => string, separator = ', '): string {
  return Array.from({ length: rows }, (_, row) => text(row)).join(separator);
}
