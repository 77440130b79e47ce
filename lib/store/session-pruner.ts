import type { SessionContext } from './session-context.js';

/** How many rows a run by hand removes at a time where `prune: false` says nothing of it. */
const BATCH_ROWS = 1_000;

/** Removes expired rows, in batches: at an interval of its own, and when asked. */
export class SessionPruner {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<number> | undefined;
  private isStopped = false;

  constructor(private readonly context: SessionContext) {}

  /** Prunes at the interval, each time off by up to a tenth, so that many processes do not meet. Keeps no process alive. */
  start(intervalMs: number): void {
    if (this.isStopped) return;
    const delay = intervalMs * (0.9 + Math.random() / 5);
    this.timer = setTimeout(
      () => {
        this.prune()
          .catch((error: unknown) => this.warn(error))
          .finally(() => this.start(intervalMs));
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
    await this.running?.catch((error: unknown) => this.warn(error));
  }

  private async removeExpired(): Promise<number> {
    const { table, options, now, tell } = this.context;
    const limit = options.prune ? options.prune.batchSize : BATCH_ROWS;
    let count = 0;
    for (let removed = limit; removed >= limit && !(this.isStopped && count > 0); count += removed) {
      removed = await table.prune({ now: now(), limit });
    }
    tell('pruned', { count });
    return count;
  }

  private warn(error: unknown): void {
    this.context.warn(`Expired sessions could not be removed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
