import { SessionUnavailableError } from '../../session.errors.js';
import { afterRunning } from '../../table/running-time.js';
import { SplitBatchError } from '../../table/session-table.js';

/** Batches of one lane that are under way at the same time: with one, the database waits for us; more make batches smaller. */
const MAX_IN_FLIGHT = 2;
/** So many that wait are shared out among the batches that may leave: the database works on one while we work on the other. */
const WORTH_SHARING = 16;
/** Items of one lane that may wait; more would all be late. */
const MAX_WAITING = 10_000;

/** What one kind of operation needs to know of its items. */
export interface QueueRules<Item, Outcome> {
  readonly timeoutMs: number;
  /** Milliseconds on a clock that stands still while the event loop is blocked. */
  readonly now: () => number;
  /** How many of so many items a batch takes now; where it takes one of two, nothing waits for anything. */
  readonly size: (waiting: number) => number;
  readonly keyOf: (item: Item) => string;
  /** Whether an item travels by itself. */
  readonly isAlone?: (item: Item) => boolean;
  /** One item for two of the same key. Without it the later waits for the next batch. */
  readonly join?: (waiting: Item, other: Item) => Item;
  readonly send: (items: readonly Item[]) => Promise<Outcome[]>;
}

interface QueueEntry<Item, Outcome> {
  item: Item;
  readonly key: string;
  /** By the clock of the queue. */
  readonly since: number;
  readonly waiters: { readonly resolve: (outcomes: Outcome[]) => void; readonly reject: (error: unknown) => void }[];
}

/** A batch that is under way. */
interface InFlightBatch {
  readonly size: number;
  /** Keys that must not be under way twice; `undefined` where any may be. */
  readonly keys: ReadonlySet<string> | undefined;
  /** By the clock of the queue: from then on nobody waits behind it any more. */
  readonly hangsFrom: number;
}

/**
 * Deadlines of one kind. An operation that comes while nothing is under way leaves at once, by itself. Those that come
 * meanwhile leave together, as soon as there are fewer than two batches under way: so batches grow with the load, and cost no
 * latency without it. Whose answers come in one turn of the event loop ask again in that turn, so a batch leaves at its end:
 * otherwise the first of them would travel alone each time, and halve all batches.
 */
export class BatchQueue<Item, Outcome> {
  private waiting: QueueEntry<Item, Outcome>[] = [];
  /**
   * Those that wait, where they may be joined. Another `Map` for each batch, as one for all would hold on to what has left:
   * each table that a `Map` outgrows refers to the next one, and once it has grown old keeps it from being collected.
   */
  private joinable = new Map<string, QueueEntry<Item, Outcome>>();
  private underWay: InFlightBatch[] = [];
  private scheduledFlush: NodeJS.Immediate | undefined;
  private cancelAlarm: (() => void) | undefined;

  constructor(private readonly rules: QueueRules<Item, Outcome>) {}

  /** Resolves to the outcome of this item, whatever becomes of those that travel with it: as a list, as a table answers. */
  submit(item: Item): Promise<Outcome[]> {
    const { rules } = this;
    if (rules.size(2) < 2 || rules.isAlone?.(item)) return rules.send([item]);
    const key = rules.keyOf(item);
    if (this.underWay.length === 0 && this.waiting.length === 0 && !this.scheduledFlush) return this.sendAlone(item, key);
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      const companion = this.joinable.get(key);
      if (companion) {
        companion.item = rules.join!(companion.item, item);
        companion.waiters.push(waiter);
        return;
      }
      if (this.waiting.length >= MAX_WAITING) {
        reject(new SessionUnavailableError(`More than ${MAX_WAITING} session operations wait for the database. Look at its load.`));
        return;
      }
      const entry = { item, key, since: rules.now(), waiters: [waiter] };
      this.waiting.push(entry);
      if (rules.join) this.joinable.set(key, entry);
      this.flushSoon();
    });
  }

  /** The way without load: nothing is queued, sorted or split. */
  private sendAlone(item: Item, key: string): Promise<Outcome[]> {
    const batchInFlight = this.enter([key]);
    return this.rules.send([item]).then(
      (outcomes) => {
        this.leave(batchInFlight);
        return outcomes;
      },
      (error: unknown) => {
        this.leave(batchInFlight);
        throw error;
      },
    );
  }

  private flushSoon(): void {
    if (this.underWay.length < MAX_IN_FLIGHT) this.scheduledFlush ??= setImmediate(() => this.flush());
    else this.watch();
  }

  /** Something waits behind what is under way, and will not wait for a batch that hangs. */
  private watch(): void {
    const [oldest] = this.underWay;
    if (oldest) this.cancelAlarm ??= afterRunning(oldest.hangsFrom - this.rules.now(), () => this.forgetHung());
  }

  private forgetHung(): void {
    this.cancelAlarm = undefined;
    const now = this.rules.now();
    this.underWay = this.underWay.filter(({ hangsFrom }) => hangsFrom > now);
    if (this.waiting.length > 0) this.flushSoon();
  }

  private flush(): void {
    this.scheduledFlush = undefined;
    while (this.underWay.length < MAX_IN_FLIGHT && this.waiting.length > 0) {
      const batch = this.collect();
      if (batch.length === 0) break;
      void this.sendBatch(batch);
    }
    if (this.waiting.length > 0) this.watch();
  }

  /** The next batch, in the order of keys, so that statements of different processes lock rows in the same order. */
  private collect(): QueueEntry<Item, Outcome>[] {
    const isShared = this.waiting.length >= WORTH_SHARING;
    const share = isShared ? Math.ceil(this.waiting.length / (MAX_IN_FLIGHT - this.underWay.length)) : Infinity;
    const limit = this.rules.size(Math.min(this.waiting.length, share));
    const earliest = this.rules.now() - this.rules.timeoutMs;
    const batch = new Map<string, QueueEntry<Item, Outcome>>();
    const left: QueueEntry<Item, Outcome>[] = [];
    for (const entry of this.waiting) {
      const { key, since, waiters } = entry;
      if (since <= earliest) {
        const late = new SessionUnavailableError(
          `A session operation waited longer than ${this.rules.timeoutMs} ms. Look at the database.`,
        );
        for (const { reject } of waiters) reject(late);
      } else if (batch.size >= limit || batch.has(key) || this.isInFlight(key)) left.push(entry);
      else batch.set(key, entry);
    }
    this.waiting = left;
    this.joinable = new Map(this.rules.join && left.map((entry) => [entry.key, entry]));
    return [...batch.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  private async sendBatch(batch: readonly QueueEntry<Item, Outcome>[]): Promise<void> {
    const batchInFlight = this.enter(batch.map(({ key }) => key));
    await this.deliver(batch);
    this.leave(batchInFlight);
  }

  private enter(keys: readonly string[]): InFlightBatch {
    const { join, timeoutMs, now } = this.rules;
    const batchInFlight = { size: keys.length, keys: join ? undefined : new Set(keys), hangsFrom: now() + timeoutMs };
    this.underWay.push(batchInFlight);
    return batchInFlight;
  }

  private leave(batchInFlight: InFlightBatch): void {
    const { length } = this.underWay;
    this.underWay = this.underWay.filter((other) => other !== batchInFlight);
    if (this.underWay.length === length) return;
    this.cancelAlarm?.();
    this.cancelAlarm = undefined;
    // Those whose answers have come ask again in this turn: the first of them must not travel alone.
    if (this.waiting.length > 0 || batchInFlight.size > 1) this.flushSoon();
  }

  private isInFlight(key: string): boolean {
    return this.underWay.some(({ keys }) => keys?.has(key));
  }

  /** One bad row must not fail its neighbours: what was refused together is sent again one by one, all at once. */
  private async deliver(batch: readonly QueueEntry<Item, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.rules.send(batch.map(({ item }) => item));
      for (const [index, { waiters }] of batch.entries()) {
        for (const { resolve } of waiters) resolve([outcomes[index]!]);
      }
    } catch (error) {
      if (batch.length > 1 && error instanceof SplitBatchError) {
        await Promise.all(batch.map((entry) => this.deliver([entry])));
        return;
      }
      for (const { waiters } of batch) {
        for (const { reject } of waiters) reject(error);
      }
    }
  }
}
