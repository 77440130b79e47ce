import { SessionUnavailableError } from '../../session.errors.js';

/**
 * Knows whether the database answers, and reports each change of state once. A query that began before the last change says nothing
 * about the present: the requests that an outage left hanging fail after the first one has worked again.
 */
export class AvailabilityMonitor {
  private isAvailable = true;
  private changes = 0;
  private answeredAt = -Infinity;

  constructor(private readonly onChange: (isAvailable: boolean) => void) {}

  /** A query begins; `record` takes what this returns. */
  begin(): number {
    return this.changes;
  }

  /** Notes whether the database has answered a query that began then. */
  record(begun: number, isAvailable: boolean): void {
    if (begun !== this.changes || isAvailable === this.isAvailable) return;
    this.isAvailable = isAvailable;
    this.changes++;
    this.onChange(isAvailable);
  }

  /** Whether the database has answered any query since a moment by `performance.now()`. */
  hasAnsweredSince(moment: number): boolean {
    return this.answeredAt >= moment;
  }

  /**
   * Runs a query of the table and notes whether the database answers it. `isSilent` if the table may answer without a query: then only a
   * failure counts.
   */
  watch<T>(query: () => Promise<T>, isSilent = false): Promise<T> {
    const begun = this.begin();
    return query().then(
      (answer) => {
        if (!isSilent) {
          this.answeredAt = performance.now();
          this.record(begun, true);
        }
        return answer;
      },
      (error: unknown) => {
        this.record(begun, !(error instanceof SessionUnavailableError));
        throw error;
      },
    );
  }
}
