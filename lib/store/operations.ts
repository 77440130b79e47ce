import { SessionUnavailableError } from '../session.errors.js';
import type { SessionAvailability } from './session-availability.js';

const LATE = 'A session operation took longer than % ms. Look at the database and its pool, or raise `operationTimeout`.';

/** One operation under way; work that repeats itself stops when it is late. */
export interface Operation {
  isLate: boolean;
}

/** Bounds how long an operation may take, and knows which are under way. */
export class Operations {
  private underWay = 0;
  private readonly idleWaiters: (() => void)[] = [];

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
      const end = (): void => {
        clearTimeout(timer);
        this.underWay--;
        if (this.underWay === 0) for (const wake of this.idleWaiters.splice(0)) wake();
      };
      this.underWay++;
      work(operation).then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  /** Resolves when nothing is under way any more, whatever came of it. */
  async idle(): Promise<void> {
    while (this.underWay > 0) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }
}
