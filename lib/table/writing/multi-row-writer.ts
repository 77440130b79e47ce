import { SessionError, SessionUnavailableError } from '../../session.errors.js';
import { isLockTimeout } from '../failure-kind.js';
import type { Values } from '../sql/bound-statement.js';
import type { SessionRow } from '../session-row.js';
import { mapInSequence } from './map-in-sequence.js';
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
  /** The same write in a statement of its own. */
  readonly alone?: (row: Row) => Promise<Done | Missed | 'locked'>;
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

/** From this many rows on, a statement is one for several. */
const MIN_BATCH = 2;

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
    const { rows, done, missed, alone } = write;
    const sent = await this.send(write, rows);
    const written = sent ?? (await this.sendUnlocked(write));
    const ids = new Set(written.map(({ id }) => id));
    if (ids.size === rows.length) return rows.map(() => done);
    const states = await this.statesOf(rows.filter(({ id }) => !ids.has(id)));
    const outcomes = rows.map((row) => (ids.has(row.id) ? done : missed(row, states.get(row.id))));
    return sent && alone ? this.settle(rows, outcomes, alone) : outcomes;
  }

  /**
   * A statement for several rows leaves out those that are locked, and a trigger may leave out others: those that nobody has locked are
   * written once more, each by itself, which tells. Rejects with `SplitBatchError` if one of them is refused.
   */
  private async settle<Row extends RowValues, Outcome extends string>(
    rows: readonly Row[],
    outcomes: readonly (Outcome | 'locked')[],
    alone: (row: Row) => Promise<Outcome | 'locked'>,
  ): Promise<(Outcome | 'locked')[]> {
    const doubtful = rows.filter((_, index) => outcomes[index] === 'locked');
    if (doubtful.length === 0) return [...outcomes];
    const canLook = this.runner.batchSize('unlocked', MIN_BATCH) >= MIN_BATCH;
    const unlocked = canLook ? await this.statesOf(doubtful, 'unlocked') : new Map(doubtful.map(({ id }) => [id, undefined]));
    let refusal: SessionError | undefined;
    const settled = await mapInSequence(rows, async (row, index) => {
      if (outcomes[index] !== 'locked' || !unlocked.has(row.id)) return outcomes[index]!;
      return alone(row).catch((error: unknown) => {
        if (!(error instanceof SessionError)) throw error;
        return (refusal = error);
      });
    });
    if (refusal) throw new SplitBatchError(refusal, settled);
    return settled.filter((outcome) => typeof outcome === 'string');
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
    if (this.runner.batchSize('unlocked', rows.length) < MIN_BATCH) throw new SplitBatchError();
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
