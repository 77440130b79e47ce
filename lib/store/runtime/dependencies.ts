import type { SessionCache } from '../caching/caching-table.js';
import type { NoticeBoard } from '../caching/end-notices.js';
import type { StoreTable } from '../caching/store-table.js';
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
  /** How processes hear of each other's ends; only with `cache.notify`. */
  readonly notices?: NoticeBoard | undefined;
}

/** What the parts of one store share. */
export interface StoreDependencies extends SessionSurroundings {
  readonly table: StoreTable;
  /** What a request may be answered from instead; nothing without the option `cache`. */
  readonly cache: SessionCache | undefined;
  readonly options: ResolvedSessionOptions;
  readonly codec: SessionCodec;
  readonly origins: SessionOrigins;
  readonly emit: Emit;
  /** Whether anybody listens to an event. */
  readonly hears: (name: keyof SessionEvents) => boolean;
}
