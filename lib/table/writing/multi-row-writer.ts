import { SessionUnavailableError, type SessionError } from '../../session.errors.js';
import { isLockTimeout } from '../failure-kind.js';
import type { Values } from '../sql/bound-statement.js';
import type { SessionRow } from '../session-row.js';
import { SplitBatchError } from '../session-table.js';
import type { MultiRowName } from '../sql/dialect.js';

/** What is under an id; `undefined` if nothing is. */
export type RowState = Pick<SessionRow, 'version'> | undefined;

interface Write<Row, Done, Missed> {
  readonly operation: MultiRowName;
  readonly rows: readonly Row[];
  readonly done: Done;
  /** What became of a row that was not written, by what is there now: `locked` where only another transaction can have kept it. */
  readonly missed: (row: Row, state: RowState) => Missed | 'locked';
  readonly values?: Values;
}

/** Whether another transaction holds what a statement needs; the statement did nothing. */
export const isLocked = (error: unknown): boolean => error instanceof SessionUnavailableError && isLockTimeout(error.cause);

/** `locked` where another transaction holds what a statement needs. */
export async function unlessLocked<Outcome>(write: () => Promise<Outcome>): Promise<Outcome | 'locked'> {
  try {
    return await write();
  } catch (error) {
    if (isLocked(error)) return 'locked';
    throw error;
  }
}

/** Where another transaction keeps one row from being written, its neighbours are written without it. */
export async function splitIfLocked<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    throw isLocked(error) ? new SplitBatchError(error) : error;
  }
}

type RowValues = Values & Pick<SessionRow, 'id'>;

/** What the writer needs of the runner of statements. */
interface BatchRunner {
  batchSize(operation: MultiRowName, rows: number): number;
  batch(operation: MultiRowName, rows: readonly RowValues[], values?: Values): Promise<readonly Pick<SessionRow, 'id'>[] | undefined>;
  readBatch(operation: 'versions' | 'unlocked', rows: readonly Values[]): Promise<SessionRow[]>;
}

/** Writes several rows in one statement that waits for nobody, and finds out what became of those that it left out. */
export class MultiRowWriter {
  constructor(private readonly runner: BatchRunner) {}

  async write<Row extends RowValues, const Done extends string, const Missed extends string>(
    write: Write<Row, Done, Missed>,
  ): Promise<(Done | Missed | 'locked')[]> {
    const { rows, done, missed } = write;
    const written = (await this.send(write, rows)) ?? (await this.sendUnlocked(write));
    const ids = new Set(written.map(({ id }) => id));
    if (ids.size === rows.length) return rows.map(() => done);
    const states = await this.statesOf(rows.filter(({ id }) => !ids.has(id)));
    return rows.map((row) => (ids.has(row.id) ? done : missed(row, states.get(row.id))));
  }

  /** For fewer rows than were inserted. Rejects with `SplitBatchError`, which says what became of each, if one of them is not there. */
  async assertThere(rows: readonly RowValues[], refused: SessionError): Promise<void> {
    const states = await this.statesOf(rows);
    const outcomes = rows.map(({ id }) => (states.has(id) ? 'saved' : refused));
    if (outcomes.includes(refused)) throw new SplitBatchError(refused, outcomes);
  }

  /** The rows that were written; `undefined` if one row kept the statement from writing any. */
  private async send(
    { operation, values }: Pick<Write<never, never, never>, 'operation' | 'values'>,
    rows: readonly RowValues[],
  ): Promise<readonly { readonly id: string }[] | undefined> {
    try {
      return await this.runner.batch(operation, rows, values);
    } catch (error) {
      if (isLocked(error)) return undefined;
      throw error;
    }
  }

  /** Sends the statement again, for the rows that no other transaction has locked. */
  private async sendUnlocked<Row extends RowValues, Missed extends string>(
    write: Write<Row, string, Missed>,
  ): Promise<readonly { readonly id: string }[]> {
    const { rows, missed } = write;
    if (this.runner.batchSize('unlocked', rows.length) < 2) throw new SplitBatchError();
    const states = await this.statesOf(rows);
    const unlocked = await this.statesOf(rows, 'unlocked');
    const free = rows.filter((row) => {
      const isHeld = states.has(row.id) && !unlocked.has(row.id);
      return !isHeld && missed(row, unlocked.get(row.id)) === 'locked';
    });
    if (free.length === 0) return [];
    const written = await this.send(write, free);
    if (!written) throw new SplitBatchError();
    return written;
  }

  private async statesOf(
    rows: readonly { readonly id: string }[],
    operation: 'versions' | 'unlocked' = 'versions',
  ): Promise<ReadonlyMap<string, RowState>> {
    const found = await this.runner.readBatch(operation, rows);
    return new Map(found.map(({ id, version }) => [id, { version }]));
  }
}
