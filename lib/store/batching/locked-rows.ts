import { SessionUnavailableError } from '../../session.errors.js';
import type { QueueEntry, QueueRules, Waiter } from './queue-entry.js';

/** The pauses before an item is sent again grow to this many milliseconds, and with the number of rows that are locked. */
const MAX_PAUSE_MS = 40;
const FIRST_PAUSE_MS = 4;
/** Locked rows that make a pause one millisecond longer. */
const ROWS_PER_MS = 2;

interface LockedEntry<Item, Outcome> {
  readonly entry: QueueEntry<Item, Outcome>;
  readonly attempt: number;
  /** By `performance.now()`. */
  readonly nextAt: number;
}

/**
 * The items whose rows other transactions hold. They are sent again and again, together, one statement at a time: so they wait
 * here and not at the database, and take one connection for a moment, however many they are.
 */
export class LockedRows<Item, Outcome> {
  private readonly resting = new Map<string, LockedEntry<Item, Outcome>>();
  private sent: ReadonlyMap<string, LockedEntry<Item, Outcome>> = new Map<string, never>();
  private timer: NodeJS.Timeout | undefined;
  private isSending = false;

  constructor(
    private readonly rules: QueueRules<Item, Outcome>,
    /** Sends entries, and gives those that are still locked back to `add`. */
    private readonly deliver: (entries: readonly QueueEntry<Item, Outcome>[]) => Promise<void>,
    private readonly onDone: () => void,
  ) {}

  has(key: string): boolean {
    return this.resting.has(key) || this.sent.has(key);
  }

  add(entry: QueueEntry<Item, Outcome>): void {
    const { key } = entry;
    const other = this.resting.get(key);
    if (other) {
      for (const waiter of entry.waiters) this.join(key, entry.item, waiter);
      return;
    }
    const before = this.sent.get(key);
    const attempt = before?.entry === entry ? before.attempt + 1 : 1;
    const pause = Math.min(this.longestPause(), FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
    this.resting.set(key, { entry, attempt, nextAt: performance.now() + pause });
    this.wakeLater();
  }

  /** Joins an item to the one of the same key that rests here. False if there is none, or none can be joined. */
  join(key: string, item: Item, waiter: Waiter<Outcome>): boolean {
    const { join } = this.rules;
    const entry = join && this.resting.get(key)?.entry;
    if (!entry) return false;
    entry.item = join(entry.item, item);
    entry.since = this.rules.now();
    entry.waiters.push(waiter);
    return true;
  }

  private wakeLater(): void {
    if (this.isSending || this.timer || this.resting.size === 0) return;
    const earliest = Math.min(...[...this.resting.values()].map(({ nextAt }) => nextAt));
    this.timer = setTimeout(() => void this.sendDue(), Math.max(1, Math.ceil(earliest - performance.now())));
  }

  private async sendDue(): Promise<void> {
    this.timer = undefined;
    this.isSending = true;
    for (const chunk of this.takeDue()) {
      this.sent = new Map(chunk.map((locked) => [locked.entry.key, locked]));
      if (chunk.length > 0) await this.deliver(chunk.map(({ entry }) => entry));
      this.sent = new Map<string, never>();
      this.onDone();
    }
    this.isSending = false;
    this.wakeLater();
  }

  private longestPause(): number {
    return Math.max(MAX_PAUSE_MS, this.resting.size / ROWS_PER_MS);
  }

  /** Those whose pause is over, or soon will be, in the sizes in which they are sent; without those that are late. */
  private *takeDue(): Generator<LockedEntry<Item, Outcome>[]> {
    const { size, timeoutMs, now } = this.rules;
    const soon = performance.now() + this.longestPause() / 2;
    const due = [...this.resting.values()].filter(({ nextAt }) => nextAt <= soon).toSorted(byKey);
    const alone = due.filter(({ entry }) => entry.isAlone);
    const together = due.filter(({ entry }) => !entry.isAlone);
    while (alone.length + together.length > 0) {
      const chunk = alone.length > 0 ? [alone.shift()!] : together.splice(0, Math.max(1, size(together.length)));
      for (const { entry } of chunk) this.resting.delete(entry.key);
      const earliest = now() - timeoutMs;
      for (const { entry } of chunk) if (entry.since <= earliest) this.refuse(entry);
      yield chunk.filter(({ entry }) => entry.since > earliest);
    }
  }

  private refuse({ waiters }: QueueEntry<Item, Outcome>): void {
    const { timeoutMs } = this.rules;
    const late = new SessionUnavailableError(
      `Another transaction has held the row of a session for longer than ${timeoutMs} ms. Look at the transactions of the database.`,
    );
    for (const { reject } of waiters) reject(late);
  }
}

interface Keyed {
  readonly entry: { readonly key: string };
}

const byKey = (a: Keyed, b: Keyed): number => (a.entry.key < b.entry.key ? -1 : 1);
