import { SessionUnavailableError } from '../../session.errors.js';
import type { AvailabilityMonitor } from './availability-monitor.js';

const LATE = 'A session operation took longer than % ms. Look at the database and its pool, or raise `operationTimeout`.';

/** One operation under way; work that repeats itself stops when it is late. */
export interface Operation {
  readonly isLate: boolean;
}

interface Deadline extends Operation {
  isLate: boolean;
  /** By `performance.now()`. */
  readonly endsAt: number;
  readonly fail: () => void;
  older: Deadline | undefined;
  newer: Deadline | undefined;
}

/** Bounds how long an operation may take, and knows which are under way. */
export class Deadlines {
  private underWay = 0;
  private oldest: Deadline | undefined;
  private newest: Deadline | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly idleWaiters: (() => void)[] = [];

  constructor(
    private readonly timeoutMs: number,
    private readonly availability: AvailabilityMonitor,
  ) {}

  /** Rejects with `SessionUnavailableError` after the timeout; the work may then still have happened. */
  run<T>(work: (operation: Operation) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const begun = this.availability.begin();
      const startedAt = performance.now();
      const deadline = this.enter(() => {
        // While others are answered, it waits for something of its own: a row that another transaction holds.
        if (!this.availability.hasAnsweredSince(startedAt)) this.availability.note(begun, false);
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

  /** Resolves when nothing is under way any more, whatever came of it. */
  async idle(): Promise<void> {
    while (this.underWay > 0) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /**
   * All have the same time, so they end in the order in which they came, and one timer is enough. In a list of links and not
   * in a `Set`: each table that a `Set` outgrows holds on to the next one, so that once one of them has grown old, no
   * operation is collected before the next full collection, which costs a third of a read.
   */
  private enter(fail: () => void): Deadline {
    const older = this.newest;
    const deadline: Deadline = { isLate: false, endsAt: performance.now() + this.timeoutMs, fail, older, newer: undefined };
    this.underWay++;
    this.newest = deadline;
    if (older) older.newer = deadline;
    else this.oldest = deadline;
    if (!this.timer) this.wakeAt(deadline.endsAt);
    else if (!older) this.timer.ref();
    return deadline;
  }

  private leave(deadline: Deadline): void {
    if (!deadline.isLate) this.unlink(deadline);
    this.underWay--;
    if (this.underWay === 0) for (const wake of this.idleWaiters.splice(0)) wake();
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
