import type { SessionTable } from '../../table/session-table.js';

/** A table, and what only a store needs of it. */
export interface StoreTable extends SessionTable {
  /** Removes rows together, like `remove`, but each with an outcome of its own: one that cannot be removed hides none of the others. */
  removeEach(ids: readonly string[]): Promise<'removed' | 'gone'>[];
}
