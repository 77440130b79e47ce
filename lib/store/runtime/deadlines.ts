import { SessionUnavailableError } from '../../session.errors.js';
import { STEP_MS } from '../../table/running-time.js';
import type { AvailabilityMonitor } from './availability-monitor.js';

const TOOK_TOO_LONG = 'A session operation took longer than % ms. Look at the database and its pool, or raise `operationTimeout`.';

/** What telemetry calls the operations of a store. */
export type OperationKind =
  'get' | 'set' | 'touch' | 'destroy' | 'rotate' | 'update' | 'all' | 'list' | 'find' | 'count' | 'clear' | 'prune' | 'ping';

interface OperationMeter {
  measure<T>(kind: OperationKind, work: () => Promise<T>): Promise<T>;
}

/** One operation in flight; work that tries again stops when it is late. */
export interface Operation {
  readonly isLate: boolean;
  /** Called once when it is late. Returns, or throws, the error where the database is not the reason. */
  whenLate?: (() => Error | undefined) | undefined;
}

interface Deadline extends Operation {
  isLate: boolean;
  /** Rises from each to the next. */
  readonly number: number;
  /** By `Deadlines.now()`. */
  readonly endsAt: number;
  readonly fail: () => void;
  older: Deadline | undefined;
  newer: Deadline | undefined;
}

/** Bounds how long an operation may take, and knows which are in flight. */
export class Deadlines {
  private begun = 0;
  private oldest: Deadline | undefined;
  private newest: Deadline | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** What the clock showed when the timer was set, when that was by `performance.now()`, and how long the timer takes. */
  private counted = 0;
  private setAt = 0;
  private stepMs = 0;
  /** Callers that wait until all operations up to a number have ended, in the order of these numbers. */
  private readonly waiters: { readonly upTo: number; readonly wake: () => void }[] = [];

  constructor(
    private readonly timeoutMs: number,
    private readonly availability: AvailabilityMonitor,
  ) {}

  /** @internal Measures the operations that have a kind, if there is telemetry. */
  telemetry: OperationMeter | undefined;

  /** Rejects with `SessionUnavailableError` after the timeout; the work may then still have happened. `kind` is what telemetry calls it. */
  run<T>(work: (operation: Operation) => Promise<T>, kind?: OperationKind): Promise<T> {
    if (this.telemetry && kind) return this.telemetry.measure(kind, () => this.bound(work));
    return this.bound(work);
  }

  private bound<T>(work: (operation: Operation) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const begun = this.availability.begin();
      const startedAt = performance.now();
      const deadline = this.enter(() => {
        // While others are answered, it waits for something of its own: a row that another transaction holds.
        const ownReason = reasonOf(deadline);
        if (ownReason) return reject(ownReason.error);
        if (!this.availability.hasAnsweredSince(startedAt)) this.availability.record(begun, false);
        reject(new SessionUnavailableError(TOOK_TOO_LONG.replace('%', String(this.timeoutMs))));
      });
      const fail = (error: unknown): void => {
        this.leave(deadline);
        reject(error);
      };
      try {
        work(deadline).then((value) => {
          this.leave(deadline);
          resolve(value);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  /**
   * Milliseconds during which operations were in flight and the event loop ran. Time in which it was blocked does not count: an
   * operation that could not go on is not late.
   */
  now(): number {
    return this.counted + Math.min(this.stepMs, performance.now() - this.setAt);
  }

  /** Resolves when nothing is in flight any more, or when the timeout is over; leaves no timer behind. */
  async idle(): Promise<void> {
    const end = performance.now() + this.timeoutMs;
    do await this.settled();
    while (this.oldest && performance.now() < end);
    if (this.oldest) return;
    clearTimeout(this.timer);
    this.stopClock();
  }

  /** Resolves when all that are in flight now have ended or are late, whatever has begun meanwhile. */
  async settled(): Promise<void> {
    const upTo = this.begun;
    if (this.oldest) await new Promise<void>((wake) => this.waiters.push({ upTo, wake }));
    // Who waited for one of them may begin the next in this turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /**
   * All have the same time, so they end in the order in which they came, and one timer is enough. In a list of links and not
   * in a `Set`: each table that a `Set` outgrows holds on to the next one, so that once one of them has grown old, no
   * operation is collected before the next full collection.
   */
  private enter(fail: () => void): Deadline {
    const older = this.newest;
    const endsAt = this.now() + this.timeoutMs;
    const deadline: Deadline = { isLate: false, number: ++this.begun, endsAt, whenLate: undefined, fail, older, newer: undefined };
    this.newest = deadline;
    if (older) older.newer = deadline;
    else this.oldest = deadline;
    if (!this.timer) this.setTimer();
    else if (!older) this.timer.ref();
    return deadline;
  }

  private leave(deadline: Deadline): void {
    if (!deadline.isLate) this.unlink(deadline);
  }

  private unlink(deadline: Deadline): void {
    const { older, newer } = deadline;
    if (older) older.newer = newer;
    else this.oldest = newer;
    if (newer) newer.older = older;
    else this.newest = older;
    deadline.older = undefined;
    deadline.newer = undefined;
    // A store that waits for nothing keeps no process alive.
    if (!this.oldest) this.timer?.unref();
    if (this.waiters.length > 0) this.wakeWaiters();
  }

  private wakeWaiters(): void {
    const from = this.oldest?.number ?? Infinity;
    while (this.waiters.length > 0 && this.waiters[0]!.upTo < from) this.waiters.shift()!.wake();
  }

  /** Up to a millisecond early and never late: the operation must end before its connection is given up. */
  private setTimer(): void {
    if (this.timer || !this.oldest) return;
    this.counted = this.now();
    this.setAt = performance.now();
    this.stepMs = Math.min(STEP_MS, Math.max(1, Math.floor(this.oldest.endsAt - this.counted)));
    this.timer = setTimeout(() => this.onTimer(), this.stepMs);
  }

  private stopClock(): void {
    this.timer = undefined;
    this.counted = this.now();
    this.stepMs = 0;
  }

  private onTimer(): void {
    this.timer = undefined;
    this.counted += this.stepMs;
    this.stepMs = 0;
    // What has arrived by now is read first: an answer that is already there wins.
    if (this.oldest && this.isDue(this.oldest)) setImmediate(() => this.failLate());
    else this.setTimer();
  }

  private failLate(): void {
    for (let late; (late = this.oldest) && this.isDue(late);) {
      this.unlink(late);
      late.isLate = true;
      late.fail();
    }
    this.setTimer();
  }

  private isDue({ endsAt }: Deadline): boolean {
    return endsAt - this.now() < 1;
  }
}

/** What an operation that is late fails with, where the database is not the reason. It may run code of the application, as a getter of a session. */
function reasonOf({ whenLate }: Operation): { readonly error: unknown } | undefined {
  try {
    const error = whenLate?.();
    return error && { error };
  } catch (error) {
    return { error };
  }
}
