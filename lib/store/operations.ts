import { SessionUnavailableError } from '../session.errors.js';

const LATE = 'A session operation took longer than % ms. Look at the database and its pool, or raise `operationTimeout`.';

/** One operation under way; work that repeats itself stops when it is late. */
export interface Operation {
  isLate: boolean;
}

/** Bounds how long an operation may take, and knows which are under way. */
export class Operations {
  private readonly underWay = new Set<Promise<unknown>>();

  private isAvailable = true;

  constructor(
    private readonly timeoutMs: number,
    private readonly onChange: (isAvailable: boolean) => void,
  ) {}

  /** Rejects with `SessionUnavailableError` after the timeout; the work may then still have happened. */
  run<T>(work: (operation: Operation) => Promise<T>): Promise<T> {
    const operation: Operation = { isLate: false };
    const result = new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        operation.isLate = true;
        reject(new SessionUnavailableError(LATE.replace('%', String(this.timeoutMs))));
      }, this.timeoutMs);
      const done = work(operation)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          this.underWay.delete(done);
        });
      this.underWay.add(done);
    });
    result.then(
      () => this.note(true),
      (error: unknown) => this.note(!(error instanceof SessionUnavailableError)),
    );
    return result;
  }

  /** Resolves when nothing is under way any more, whatever came of it. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private note(isAvailable: boolean): void {
    if (isAvailable === this.isAvailable) return;
    this.isAvailable = isAvailable;
    this.onChange(isAvailable);
  }
}
