import { textOf } from '../../session.errors.js';
import type { StoreDependencies } from '../runtime/dependencies.js';

/** Rows that `store.prune()` removes at a time with `prune: false`. */
const BATCH_ROWS = 1_000;
/**
 * The pause after a quick batch, as a multiple of the batch's time. Several processes prune at once: with short pauses one of them
 * would always be at work, and reads would wait for it.
 */
const PAUSE_SHARE = 20;
/** Longest of these pauses, in milliseconds, so that a run on a slow database comes to its end. */
const LONG_PAUSE_MS = 100;
/** Rows per second below which these pauses get shorter: a run with small batches must keep up with the sessions that end. */
const ROWS_PER_SECOND = 500;
/** The least pause, as a multiple of the batch's time: most of the time is for others. */
const MIN_PAUSE_SHARE = 3;
/** Longest pause between two batches, in milliseconds. */
const MAX_PAUSE_MS = 1_000;
/**
 * A batch that takes longer is followed by one of half its size, and one that is quicker by twice as many, up to `batchSize`.
 * Short enough for a read that must wait for a batch.
 */
const SLOW_BATCH_MS = 6;
const QUICK_BATCH_MS = 2;
/** The first batch of a run, whose pages are not in the database's memory yet. */
const FIRST_BATCH_ROWS = 50;
/**
 * With fewer rows at a time a run would not end. With more, reads would wait: in a table larger than its memory InnoDB reads some
 * pages for each row, and these reads queue behind its writes.
 */
const MIN_BATCH_ROWS = 25;

/** Removes expired rows in batches: at its interval, and when asked. */
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

  /** Removes expired rows; joins a run in flight. Resolves to their number. */
  prune(): Promise<number> {
    this.running ??= this.removeExpired().finally(() => (this.running = undefined));
    return this.running;
  }

  /** Ends the timer and waits for a run in flight, which ends after its batch. */
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
      // The rows of earlier batches are gone, though the run failed.
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
    this.dependencies.warn(`Expired sessions could not be removed: ${textOf(error)}`);
  }
}

function pauseAfter(takenMs: number, rows: number): number {
  const longest = Math.min(LONG_PAUSE_MS, (rows / ROWS_PER_SECOND) * 1_000);
  const pause = Math.max(takenMs * MIN_PAUSE_SHARE, Math.min(takenMs * PAUSE_SHARE, longest));
  return Math.min(pause, MAX_PAUSE_MS);
}
