import type { CrowdedTurn } from './crowded-turn.js';

/** What one kind of operation needs to know of its items. */
export interface QueueRules<Item, Outcome> {
  readonly timeoutMs: number;
  /** Milliseconds on a clock that stands still while the event loop is blocked. */
  readonly now: () => number;
  /** Maximum batch size for this queue length; if it is 1 for 2 items, each item gets a batch of its own. */
  readonly size: (waiting: number) => number;
  readonly keyOf: (item: Item) => string;
  /** Whether an item travels by itself. */
  readonly isAlone?: (item: Item) => boolean;
  /** One item for two of the same key. Without it the later waits until the earlier is done. */
  readonly join?: (waiting: Item, other: Item) => Item;
  /** Maximum number of batches in flight. @default 2 */
  readonly limit?: () => number;
  /** Takes the time of an item that was alone in flight, in milliseconds. */
  readonly measure?: (ms: number) => void;
  /** One for all queues of a table. Without it, each queue knows only its own answers. */
  readonly turn?: CrowdedTurn;
  /** A statement for `size` items is sent; these of them have waited. */
  readonly onSend?: (size: number, waited: readonly { readonly since: number }[]) => void;
  /** Asks for items of different keys. `locked` where another transaction holds the row: the item is sent again later. */
  readonly send: (items: readonly Item[]) => Promise<(Outcome | 'locked')[]>;
}

/** Who waits for the outcome of an item: it comes as a list, as a table answers. */
export interface Waiter<Outcome> {
  readonly resolve: (outcomes: Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/** An item that waits for a statement. */
export interface QueueEntry<Item, Outcome> {
  item: Item;
  readonly key: string;
  readonly isAlone: boolean;
  /** By the clock of the queue; of those that were joined, the last. */
  since: number;
  readonly waiters: Waiter<Outcome>[];
  /** Its place among those of its key. */
  place: number;
}
