import { SessionUnavailableError } from '../../session.errors.js';
import { afterRunning } from '../../table/running-time.js';
import { SplitBatchError } from '../../table/session-table.js';
import { LockedRows } from './locked-rows.js';
import type { QueueEntry, QueueRules, Waiter } from './queue-entry.js';

/** Batches of one queue in flight on a near database: with one, the database waits for us; more make batches smaller. */
const MAX_IN_FLIGHT = 2;
/** From this queue length on, waiting items are split across the free batch slots: the database works on one while we work on the other. */
const WORTH_SHARING = 16;
/** Items of one queue that may wait; more would all be late. */
const MAX_WAITING = 10_000;
/** Items of one key among them, so that nobody fills the queue with requests of one session. */
const MAX_WAITING_OF_KEY = 100;

const NOBODY_WAITED: readonly [] = [];

/** A batch in flight. */
interface InFlightBatch {
  readonly size: number;
  /** Keys that must not be in flight twice; `undefined` if any may be. */
  readonly keys: ReadonlySet<string> | undefined;
  /** By the clock of the queue: from then on nobody waits behind it any more. */
  readonly hangsFrom: number;
}

/**
 * Operations of one kind. If nothing is in flight, an operation is sent at once, alone. The following ones are sent together, as soon
 * as fewer than two batches (a few more on a far database) are in flight: batches grow with the load, and add no latency without it.
 * Callers that get their answers in one turn of the event loop usually send the next operation in that turn. So a batch is sent at the
 * end of the turn: otherwise the first operation would be sent alone each time. Only one item of a key is in flight at a time, unless
 * items can be joined.
 */
export class BatchQueue<Item, Outcome> {
  private waiting: QueueEntry<Item, Outcome>[] = [];
  /**
   * The last of those that wait, by key. Another `Map` for each batch, as one for all would hold on to what has left:
   * each table that a `Map` outgrows refers to the next one, and once it has grown old keeps it from being collected.
   */
  private lastOfKey = new Map<string, QueueEntry<Item, Outcome>>();
  private inFlight: InFlightBatch[] = [];
  /** Keys of items in flight by themselves, beside the batches, and from when nobody waits behind them any more. */
  private readonly alone = new Map<string, number>();
  private readonly locked: LockedRows<Item, Outcome>;
  private scheduledFlush: NodeJS.Immediate | undefined;
  private cancelAlarm: (() => void) | undefined;

  constructor(private readonly rules: QueueRules<Item, Outcome>) {
    this.locked = new LockedRows(
      rules,
      (entries) => this.deliver(entries),
      () => this.flushWaiting(),
    );
  }

  /**
   * Resolves to the outcome of this item alone, as a list like a table's answer. With `hasCompany`, the item waits for the others
   * of the same turn of the event loop.
   */
  submit(item: Item, hasCompany = false): Promise<Outcome[]> {
    const { rules } = this;
    const key = rules.keyOf(item);
    const isAlone = rules.size(2) < 2 || (rules.isAlone?.(item) ?? false);
    if (!this.locked.has(key) && (rules.join || !this.lastOfKey.has(key))) {
      if (isAlone && !this.isInFlight(key)) return this.sendAlone(item, key, isAlone, this.enterAlone(key));
      if (!isAlone && !hasCompany && rules.turn?.isNow !== true && this.isIdle() && !this.alone.has(key)) {
        const batchInFlight = this.enter([key]);
        return this.sendAlone(item, key, isAlone, () => this.leave(batchInFlight));
      }
    }
    return new Promise((resolve, reject) => this.enqueue(item, key, isAlone, { resolve, reject }));
  }

  /** The way without load: nothing is queued, sorted or split. */
  private sendAlone(item: Item, key: string, isAlone: boolean, leave: () => void): Promise<Outcome[]> {
    const { measure } = this.rules;
    const sentAt = measure && performance.now();
    this.rules.onSend?.(1, NOBODY_WAITED);
    return this.rules.send([item]).then(
      (outcomes) => {
        leave();
        if (sentAt !== undefined) measure!(performance.now() - sentAt);
        if (outcomes[0] !== 'locked') return outcomes as Outcome[];
        return new Promise((resolve, reject) => {
          this.locked.add({ item, key, isAlone, since: this.rules.now(), waiters: [{ resolve, reject }], place: 1 });
        });
      },
      (error: unknown) => {
        leave();
        throw error;
      },
    );
  }

  private enqueue(item: Item, key: string, isAlone: boolean, waiter: Waiter<Outcome>): void {
    const { rules } = this;
    if (this.locked.join(key, item, waiter)) return;
    const last = this.lastOfKey.get(key);
    if (last && rules.join) {
      last.item = rules.join(last.item, item);
      last.waiters.push(waiter);
      return;
    }
    const place = (last?.place ?? 0) + 1;
    if (this.waiting.length >= MAX_WAITING) {
      return waiter.reject(
        new SessionUnavailableError(`More than ${MAX_WAITING} session operations wait for the database. Look at its load.`),
      );
    }
    if (place > MAX_WAITING_OF_KEY) {
      return waiter.reject(
        new SessionUnavailableError(
          `More than ${MAX_WAITING_OF_KEY} operations of one session wait for the database. Send fewer requests at once.`,
        ),
      );
    }
    const entry = { item, key, isAlone, since: rules.now(), waiters: [waiter], place };
    this.waiting.push(entry);
    this.lastOfKey.set(key, entry);
    this.flushSoon();
  }

  private limit(): number {
    return this.rules.limit?.() ?? MAX_IN_FLIGHT;
  }

  private isIdle(): boolean {
    return this.inFlight.length === 0 && this.waiting.length === 0 && !this.scheduledFlush;
  }

  private flushWaiting(): void {
    if (this.waiting.length > 0) this.flushSoon();
  }

  private flushSoon(): void {
    if (this.inFlight.length < this.limit()) this.scheduledFlush ??= setImmediate(() => this.flush());
    else this.watch();
  }

  /** Items wait behind those in flight, but not for a batch that hangs. */
  private watch(): void {
    if (this.cancelAlarm) return;
    const ends = [...this.inFlight.map(({ hangsFrom }) => hangsFrom), ...this.alone.values()];
    if (ends.length > 0) this.cancelAlarm = afterRunning(Math.min(...ends) - this.rules.now(), () => this.forgetHung());
  }

  private forgetHung(): void {
    this.cancelAlarm = undefined;
    const now = this.rules.now();
    this.inFlight = this.inFlight.filter(({ hangsFrom }) => hangsFrom > now);
    for (const [key, hangsFrom] of this.alone) if (hangsFrom <= now) this.alone.delete(key);
    this.flushWaiting();
  }

  private flush(): void {
    this.scheduledFlush = undefined;
    while (this.inFlight.length < this.limit() && this.waiting.length > 0) {
      const { batch, alone } = this.collect();
      for (const entry of alone) void this.deliver([entry]).then(this.enterAlone(entry.key));
      if (batch.length === 0) break;
      void this.sendBatch(batch);
    }
    if (this.waiting.length > 0) this.watch();
  }

  /**
   * The next batch, in the order of keys, so that statements of different processes lock rows in the same order, and those who
   * travel alone.
   */
  private collect(): { readonly batch: QueueEntry<Item, Outcome>[]; readonly alone: QueueEntry<Item, Outcome>[] } {
    const isShared = this.waiting.length >= WORTH_SHARING;
    const share = isShared ? Math.ceil(this.waiting.length / (this.limit() - this.inFlight.length)) : Infinity;
    const limit = this.rules.size(Math.min(this.waiting.length, share));
    const earliest = this.rules.now() - this.rules.timeoutMs;
    const batch = new Map<string, QueueEntry<Item, Outcome>>();
    const alone = new Map<string, QueueEntry<Item, Outcome>>();
    const left: QueueEntry<Item, Outcome>[] = [];
    for (const entry of this.waiting) {
      const { key, since, waiters } = entry;
      if (since <= earliest) {
        const late = new SessionUnavailableError(
          `A session operation waited longer than ${this.rules.timeoutMs} ms. Look at the database.`,
        );
        for (const { reject } of waiters) reject(late);
      } else if (batch.has(key) || alone.has(key) || this.isInFlight(key)) left.push(entry);
      else if (entry.isAlone) alone.set(key, entry);
      else if (batch.size >= limit) left.push(entry);
      else batch.set(key, entry);
    }
    this.keepWaiting(left);
    return { batch: [...batch.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)), alone: [...alone.values()] };
  }

  private keepWaiting(entries: QueueEntry<Item, Outcome>[]): void {
    this.waiting = entries;
    this.lastOfKey = new Map();
    for (const entry of entries) {
      entry.place = (this.lastOfKey.get(entry.key)?.place ?? 0) + 1;
      this.lastOfKey.set(entry.key, entry);
    }
  }

  private async sendBatch(batch: readonly QueueEntry<Item, Outcome>[]): Promise<void> {
    const batchInFlight = this.enter(batch.map(({ key }) => key));
    await this.deliver(batch);
    this.leave(batchInFlight);
  }

  private enter(keys: readonly string[]): InFlightBatch {
    const { join, timeoutMs } = this.rules;
    const batchInFlight = { size: keys.length, keys: join ? undefined : new Set(keys), hangsFrom: this.rules.now() + timeoutMs };
    this.inFlight.push(batchInFlight);
    return batchInFlight;
  }

  private leave(batchInFlight: InFlightBatch): void {
    const { length } = this.inFlight;
    this.inFlight = this.inFlight.filter((other) => other !== batchInFlight);
    if (this.inFlight.length === length) return;
    this.cancelAlarm?.();
    this.cancelAlarm = undefined;
    // Callers that just got answers ask again in this turn: the first operation must not be sent alone.
    if (this.waiting.length > 0 || batchInFlight.size > 1) this.flushSoon();
  }

  /** Marks a key as in flight and returns the function that unmarks it. Does nothing if items are joined. */
  private enterAlone(key: string): () => void {
    if (this.rules.join) return () => undefined;
    const hangsFrom = this.rules.now() + this.rules.timeoutMs;
    this.alone.set(key, hangsFrom);
    return () => {
      if (this.alone.get(key) === hangsFrom) this.alone.delete(key);
      this.flushWaiting();
    };
  }

  private isInFlight(key: string): boolean {
    if (this.rules.join) return false;
    return this.alone.has(key) || this.locked.has(key) || this.inFlight.some(({ keys }) => keys?.has(key));
  }

  /** One bad row must not fail its neighbours: what was refused together is sent again one by one, all at once. */
  private async deliver(batch: readonly QueueEntry<Item, Outcome>[]): Promise<void> {
    this.rules.onSend?.(batch.length, batch);
    try {
      const outcomes = await this.rules.send(batch.map(({ item }) => item));
      if (batch.length > 1) this.rules.turn?.begin();
      for (const [index, entry] of batch.entries()) {
        const outcome = outcomes[index]!;
        if (outcome === 'locked') this.locked.add(entry);
        else for (const { resolve } of entry.waiters) resolve([outcome]);
      }
    } catch (error) {
      const isSplit = batch.length > 1 && error instanceof SplitBatchError;
      if (isSplit && !error.outcomes) {
        await Promise.all(batch.map((entry) => this.deliver([entry])));
        return;
      }
      for (const [index, entry] of batch.entries()) {
        const outcome = isSplit ? error.outcomes?.[index] : undefined;
        if (outcome === 'locked') this.locked.add(entry);
        else
          for (const { resolve, reject } of entry.waiters) {
            if (typeof outcome === 'string') resolve([outcome as Outcome]);
            else reject(outcome ?? error);
          }
      }
    }
  }
}
