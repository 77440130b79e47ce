import type { SessionTable } from '../table/session-table.js';

/** Removes expired rows, in batches: at an interval of its own, and when asked. */
export class SessionPruner {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<number> | undefined;
  private isStopped = false;

  constructor(
    private readonly table: SessionTable,
    private readonly batchSize: number,
    private readonly now: () => number,
    private readonly onError: (error: unknown) => void,
    private readonly onPruned: (count: number) => void,
  ) {}

  /** Prunes at the interval, each time off by up to a tenth, so that many processes do not meet. Keeps no process alive. */
  start(intervalMs: number): void {
    if (this.isStopped) return;
    const delay = intervalMs * (0.9 + Math.random() / 5);
    this.timer = setTimeout(
      () => {
        this.prune()
          .catch(this.onError)
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
    await this.running?.catch(this.onError);
  }

  private async removeExpired(): Promise<number> {
    let count = 0;
    for (let removed = this.batchSize; removed >= this.batchSize && !(this.isStopped && count > 0); count += removed) {
      removed = await this.table.prune({ now: this.now(), limit: this.batchSize });
    }
    this.onPruned(count);
    return count;
  }
}
