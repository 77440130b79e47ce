import { SessionUnavailableError } from '../session.errors.js';
import type { SessionAvailability } from './session-availability.js';

const LATE = 'A session operation took longer than % ms. Look at the database and its pool, or raise `operationTimeout`.';

/** One operation under way; work that repeats itself stops when it is late. */
export interface Operation {
  isLate: boolean;
}

/** Bounds how long an operation may take, and knows which are under way. */
export class Operations {
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly timeoutMs: number,
    private readonly availability: SessionAvailability,
  ) {}

  /** Rejects with `SessionUnavailableError` after the timeout; the work may then still have happened. */
  run<T>(work: (operation: Operation) => Promise<T>): Promise<T> {
    const operation: Operation = { isLate: false };
    const note = this.availability.begin();
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        operation.isLate = true;
        note(false);
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
  }

  /** Resolves when nothing is under way any more, whatever came of it. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }
}
