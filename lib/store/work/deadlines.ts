import { SessionUnavailableError } from '../../session.errors.js';
import type { AvailabilityMonitor } from './availability-monitor.js';

const LATE = 'A session operation took longer than % ms. Look at the database and its pool, or raise `operationTimeout`.';

/** One operation under way; work that repeats itself stops when it is late. */
export interface Operation {
  readonly isLate: boolean;
}

interface Deadline extends Operation {
  isLate: boolean;
  /** Rises from each to the next. */
  readonly number: number;
  /** By `performance.now()`. */
  readonly endsAt: number;
  readonly fail: () => void;
  older: Deadline | undefined;
  newer: Deadline | undefined;
}

/** Bounds how long an operation may take, and knows which are under way. */
export class Deadlines {
  private begun = 0;
  private oldest: Deadline | undefined;
  private newest: Deadline | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Who waits until all up to a number have ended, in the order of these numbers. */
  private readonly waiters: { readonly upTo: number; readonly wake: () => void }[] = [];

  constructor(
    private readonly timeoutMs: number,
    private readonly availability: AvailabilityMonitor,
  ) {}

  /** Rejects with `SessionUnavailableError` after the timeout; the work may then still have happened. */
  run<T>(work: (operation: Operation) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const begun = this.availability.begin();
      const deadline = this.enter(() => {
        this.availability.note(begun, false);
        reject(new SessionUnavailableError(LATE.replace('%', String(this.timeoutMs))));
      });
      work(deadline).then(
        (value) => {
          this.leave(deadline);
          resolve(value);
        },
        (error: unknown) => {
          this.leave(deadline);
          reject(error);
        },
      );
    });
  }

  /** Resolves when nothing is under way any more, or when the timeout is over; leaves no timer behind. */
  async idle(): Promise<void> {
    const end = performance.now() + this.timeoutMs;
    do await this.settled();
    while (this.oldest && performance.now() < end);
    if (this.oldest) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Resolves when all that are under way now have ended or are late, whatever has begun meanwhile. */
  async settled(): Promise<void> {
    const upTo = this.begun;
    if (this.oldest) await new Promise<void>((wake) => this.waiters.push({ upTo, wake }));
    // Who waited for one of them may begin the next in this turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /**
   * All have the same time, so they end in the order in which they came, and one timer is enough. In a list of links and not
   * in a `Set`: each table that a `Set` outgrows holds on to the next one, so that once one of them has grown old, no
   * operation is collected before the next full collection, which costs a third of a read.
   */
  private enter(fail: () => void): Deadline {
    const older = this.newest;
    const endsAt = performance.now() + this.timeoutMs;
    const deadline: Deadline = { isLate: false, number: ++this.begun, endsAt, fail, older, newer: undefined };
    this.newest = deadline;
    if (older) older.newer = deadline;
    else this.oldest = deadline;
    if (!this.timer) this.wakeAt(deadline.endsAt);
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
    if (this.waiters.length > 0) this.wake();
  }

  private wake(): void {
    const from = this.oldest?.number ?? Infinity;
    while (this.waiters.length > 0 && this.waiters[0]!.upTo < from) this.waiters.shift()!.wake();
  }

  /** Up to a millisecond early and never late: the connection is given up at the same moment, and the operation has to end first. */
  private wakeAt(endsAt: number): void {
    this.timer = setTimeout(() => this.failLate(), Math.max(1, Math.floor(endsAt - performance.now())));
  }

  private failLate(): void {
    this.timer = undefined;
    for (let late; (late = this.oldest);) {
      if (late.endsAt - performance.now() >= 1) return this.wakeAt(late.endsAt);
      this.unlink(late);
      late.isLate = true;
      late.fail();
    }
  }
}
