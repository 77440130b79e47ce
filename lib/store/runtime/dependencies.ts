import type { SessionTable } from '../../table/session-table.js';
import type { SessionCodec } from '../session/codec.js';
import type { Emit, SessionEvents } from './events.js';
import type { ResolvedSessionOptions } from '../options/session-options.js';
import type { SessionOrigins } from '../session/origin.js';

/** What the surroundings of a store give it. */
export interface SessionSurroundings {
  /** Epoch milliseconds; the one clock of the package. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
  /** Says what is probably a mistake of the application; nothing in production. */
  readonly warnOfMistake: ((message: string) => void) | undefined;
}

/** A table, and what only a store needs of it. */
export interface StoreTable extends SessionTable {
  /** Removes rows together, like `remove`, but each with an outcome of its own: one that cannot be removed hides none of the others. */
  removeEach(ids: readonly string[]): Promise<'removed' | 'gone'>[];
}

/** What the parts of one store share. */
export interface StoreDependencies extends SessionSurroundings {
  readonly table: StoreTable;
  readonly options: ResolvedSessionOptions;
  readonly codec: SessionCodec;
  readonly origins: SessionOrigins;
  readonly emit: Emit;
  /** Whether anybody listens to an event. */
  readonly hears: (name: keyof SessionEvents) => boolean;
}
