import { isUndone } from '../failure-kind.js';
import { isHash, type SessionRow } from '../session-row.js';
import type { SessionSearch } from '../session-table.js';
import type { Values } from '../sql/bound-statement.js';
import type { StatementName, TableShape } from '../sql/dialect.js';
import { droppedRowError } from './dropped-row-error.js';
import { isLocked, unlessLocked } from './multi-row-writer.js';

/** How often a write is sent that finds no row where there is one: it may have been added in between. */
const ATTEMPTS = 2;

/** What the writer needs of the runner of statements. */
interface Runner {
  ready(): Promise<TableShape>;
  write(name: StatementName, values: Values): Promise<number>;
}

/** What it needs of the reader. */
interface Reader {
  exists(id: string): Promise<boolean>;
  locate(search: SessionSearch): Promise<SessionRow[]>;
}

/** Writes one row in a statement of its own, and finds out why one was not written. */
export class RowWriter {
  constructor(
    private readonly runner: Runner,
    private readonly reader: Reader,
  ) {}

  /**
   * Changes the row under exactly this id; where the dialect cannot compare exactly, the row is looked at first. `undefined`
   * where nothing has changed.
   */
  async change<const Done extends string>(
    name: StatementName,
    values: Values & { readonly id: string },
    done: Done,
  ): Promise<Done | 'locked' | undefined> {
    const { dialect } = await this.runner.ready();
    if (!dialect.isExact && !isHash(values.id) && !(await this.reader.exists(values.id))) return undefined;
    return unlessLocked(async () => ((await this.runner.write(name, values)) > 0 ? done : undefined));
  }

  /** The same at any version. Rejects with `SessionRefusedError` if a trigger has left out the row. */
  async changeAny<const Done extends string>(
    name: StatementName,
    values: Values & { readonly id: string },
    done: Done,
  ): Promise<Done | 'gone' | 'locked'> {
    const { dialect } = await this.runner.ready();
    return this.unlessLeftOut(
      () => this.change(name, values, done),
      async () => ((await this.reader.exists(values.id)) ? (dialect.skipsLocked ? 'locked' : undefined) : 'gone'),
    );
  }

  /** Removes the row of a handle. Rejects with `SessionRefusedError` if a trigger has left out the row. */
  async removeHandle(handle: string): Promise<'removed' | 'gone' | 'locked'> {
    const { columns } = await this.runner.ready();
    const isGone = async () => !columns.handle || (await this.reader.locate({ handle, limit: 1 })).length === 0;
    return this.unlessLeftOut(
      () => unlessLocked(async () => ((await this.runner.write('removeHandle', { handle })) > 0 ? 'removed' : undefined)),
      async () => ((await isGone()) ? 'gone' : undefined),
    );
  }

  /** Only the database knows why it refused a new id; whether it is taken it can be asked. */
  async unlessTaken<Outcome>(id: string, write: () => Promise<Outcome>): Promise<Outcome | 'conflict' | 'locked'> {
    try {
      return await write();
    } catch (error) {
      if (isLocked(error)) return 'locked';
      if (isUndone(error) && (await this.reader.exists(id))) return 'conflict';
      throw error;
    }
  }

  /** `reasonOf` says why a write has found no row; `undefined` if it should have found one. */
  private async unlessLeftOut<Done, Reason>(
    write: () => Promise<Done | undefined>,
    reasonOf: () => Promise<Reason | undefined>,
  ): Promise<Done | Reason> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const outcome = (await write()) ?? (await reasonOf());
      if (outcome !== undefined) return outcome;
    }
    throw droppedRowError(await this.runner.ready());
  }
}
