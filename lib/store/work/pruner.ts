import type { StoreDependencies } from './dependencies.js';

/** How many rows a run by hand removes at a time where `prune: false` says nothing of it. */
const BATCH_ROWS = 1_000;
/**
 * How much longer than a quick batch the pause after it lasts. Several processes prune at once, and with pauses of three times
 * the batch one of them is always at it: the slowest hundredth of reads then takes three times as long as without, and with
 * these hardly longer. One process still removes two million rows in a quarter of an hour.
 */
const PAUSE_SHARE = 20;
/** Longest of these pauses, in milliseconds: a slow database would never be done. */
const LONG_PAUSE_MS = 100;
/** Rows a second for which these pauses get shorter: with small batches a run would fall behind the sessions that end. */
const ROWS_PER_SECOND = 500;
/** How much longer the pause lasts at least: three quarters of the time are for others. */
const MIN_PAUSE_SHARE = 3;
/** Longest pause between two batches, in milliseconds. */
const MAX_PAUSE_MS = 1_000;
/**
 * A batch that takes longer is followed by one of half its size, and one that is quicker by twice as many, up to `batchSize`.
 * About what a scheduler gives a process at a time: a read that has to wait for a batch waits no longer.
 */
const SLOW_BATCH_MS = 6;
const QUICK_BATCH_MS = 2;
/** The first batch of a run, which finds nothing of what it needs in memory. */
const FIRST_BATCH_ROWS = 50;
/**
 * Fewer rows at a time would make a run endless. In a table larger than its memory InnoDB reads some pages for each row, and
 * once a second these reads queue behind what it writes: so many rows took up to 63 ms then, and twice as many up to 145 ms.
 */
const MIN_BATCH_ROWS = 25;

/** Removes expired rows, in multiRow: at an interval of its own, and when asked. */
export class SessionPruner {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<number> | undefined;
  private isStopped = false;
  private endPause = (): void => undefined;

  constructor(private readonly dependencies: StoreDependencies) {}

  /**
   * Prunes at the interval, each time off by up to a tenth, and first at some moment of the second half of it, so that many
   * processes that start together do not meet. Keeps no process alive.
   */
  start(intervalMs: number): void {
    this.schedule(intervalMs, intervalMs * (0.5 + Math.random() / 2));
  }

  private schedule(intervalMs: number, delay: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(
      () => {
        this.prune()
          .catch((error: unknown) => this.warn(error))
          .finally(() => this.schedule(intervalMs, intervalMs * (0.9 + Math.random() / 5)));
      },
      Math.min(delay, 2 ** 31 - 1),
    );
    this.timer.unref();
  }

  /** Removes what has expired; a run under way is joined. Resolves to how many. */
  prune(): Promise<number> {
    this.running ??= this.removeExpired().finally(() => (this.running = undefined));
    return this.running;
  }

  /** Ends the timer and waits for a run under way, which ends after its batch. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.endPause();
    await this.running?.catch((error: unknown) => this.warn(error));
  }

  private async removeExpired(): Promise<number> {
    const { table, options, now, emit } = this.dependencies;
    const batchSize = options.prune ? options.prune.batchSize : BATCH_ROWS;
    let limit = Math.min(batchSize, FIRST_BATCH_ROWS);
    let count = 0;
    try {
      for (;;) {
        const begun = performance.now();
        const removed = await table.prune({ now: now(), limit });
        count += removed;
        if (removed < limit || this.isStopped) break;
        emit('pruning', { count });
        const taken = performance.now() - begun;
        if (taken > SLOW_BATCH_MS) limit = Math.min(batchSize, Math.max(MIN_BATCH_ROWS, Math.floor(limit / 2)));
        else if (taken < QUICK_BATCH_MS) limit = Math.min(batchSize, limit * 2);
        await this.pause(pauseAfter(taken, removed));
        if (this.isStopped) break;
      }
    } catch (error) {
      // What is gone is gone, though the run is to be tried again.
      if (count > 0) emit('pruned', { count });
      throw error;
    }
    emit('pruned', { count });
    return count;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private warn(error: unknown): void {
    this.dependencies.warn(`Expired sessions could not be removed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function pauseAfter(takenMs: number, rows: number): number {
  const longest = Math.min(LONG_PAUSE_MS, (rows / ROWS_PER_SECOND) * 1_000);
  const pause = Math.max(takenMs * MIN_PAUSE_SHARE, Math.min(takenMs * PAUSE_SHARE, longest));
  return Math.min(pause, MAX_PAUSE_MS);
}
