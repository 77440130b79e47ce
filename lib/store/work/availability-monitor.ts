import { SessionUnavailableError } from '../../session.errors.js';
import type { SessionTable } from '../../table/session-table.js';

type Method = (...args: unknown[]) => Promise<unknown>;

/** These may answer without a question to the database, so only their failure tells something. */
const SILENT: readonly (keyof SessionTable)[] = ['fields', 'lock'];

/**
 * Knows whether the database answers, and tells each change of state once. What began before the last change tells nothing
 * of now: the requests that an outage left hanging fail after the first one has worked again.
 */
export class AvailabilityMonitor {
  private isAvailable = true;
  private changes = 0;
  private answeredAt = -Infinity;

  constructor(private readonly onChange: (isAvailable: boolean) => void) {}

  /** A question to the database begins; `note` takes what this returns. */
  begin(): number {
    return this.changes;
  }

  /** Whether the database has answered a question that began then. */
  note(begun: number, isAvailable: boolean): void {
    if (begun !== this.changes || isAvailable === this.isAvailable) return;
    this.isAvailable = isAvailable;
    this.changes++;
    this.onChange(isAvailable);
  }

  /** Whether the database has answered any question since a moment by `performance.now()`. */
  hasAnsweredSince(moment: number): boolean {
    return this.answeredAt >= moment;
  }

  /** The same table, whose answers are noted. */
  watch(table: SessionTable<'locked'>): SessionTable<'locked'> {
    const watched = new Map<unknown, unknown>();
    return new Proxy(table, {
      get: (target, name: keyof SessionTable) => {
        const known = watched.get(name);
        if (known) return known;
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        const noted = name === 'batchSize' ? (method.bind(target) as unknown) : this.noted(target, name, method as Method);
        watched.set(name, noted);
        return noted;
      },
    });
  }

  private noted(table: SessionTable<'locked'>, name: keyof SessionTable, method: Method): Method {
    const isSilent = SILENT.includes(name);
    return (...args) => {
      const begun = this.begin();
      return method.apply(table, args).then(
        (answer) => {
          if (!isSilent) {
            this.answeredAt = performance.now();
            this.note(begun, true);
          }
          return answer;
        },
        (error: unknown) => {
          this.note(begun, !(error instanceof SessionUnavailableError));
          throw error;
        },
      );
    };
  }
}
