import { SessionEntityError, SessionError, SessionSerializationError } from '../session.errors.js';
import { takeOf } from './sql/multi-row.js';
import { toSessionError } from './database-error.js';
import { isLost, isOfRow, isTransient } from './failure-kind.js';
import { pickDialect } from './databases/databases.js';
import type { BoundStatement, Values } from './sql/bound-statement.js';
import { StatementCache, viaTypeOrm, type BuildStatement } from './sql/statement-cache.js';
import { assertFamily, type AdoptedTable } from './entity/adopted-tables.js';
import { assertHoldsSessions } from './entity/entity-faults.js';
import { characterSetsOf } from './character-sets.js';
import { narrowColumns } from './entity/narrow-columns.js';
import { mapColumns, type SessionColumn, type SessionColumnNames, type SessionColumns } from './entity/columns.js';
import { metadataOf } from './entity/entity-metadata.js';
import { isClosedError, type DataSourceLifecycle } from './data-source-lifecycle.js';
import { pause, runningPause } from './running-time.js';
import type { SessionField, SessionRow } from './session-row.js';
import { SplitBatchError } from './session-table.js';
import { IDEMPOTENT } from './sql/statement-traits.js';
import { queryRunnerTransport } from './sql/transport.js';
import type { MultiRowName, SessionDialect, StatementName, TableShape } from './sql/dialect.js';
import type { DatabaseRecord, StatementResult, StatementTransport } from './sql/sent-statement.js';

/** Maximum number of attempts after deadlocks and serialization failures, each after a random pause. */
const ATTEMPTS = 6;
const PAUSE_MS = 15;
/** The first pause before a table that may be in the making is looked for again; then a share of the time waited so far. */
const POLL_MS = 5;
const POLL_SHARE = 4;

export interface StatementRunnerOptions {
  readonly columns: SessionColumnNames;
  readonly timeoutMs: number;
  /** Whether ids are hashes, for which the columns must have room. @default false */
  readonly hashIds?: boolean;
  /** The store that made the table, if another did. */
  readonly adopted?: AdoptedTable | undefined;
  /** Instead of the one that fits the data source. */
  readonly dialect?: SessionDialect;
  /** Whether statements are prepared under a name, if the driver can. @default true */
  readonly prepares?: boolean;
  /** Whether the commit of a touch waits for the disk, if the database can choose. @default 'full' */
  readonly touchDurability?: 'relaxed' | 'full';
  /** Called once, after the entity was checked; what it throws refuses the entity. */
  readonly onReady?: (fields: ReadonlySet<SessionField>) => void;
}

/** A statement on its way to the database. */
interface Sending {
  readonly shape: TableShape;
  readonly prepared: BoundStatement;
  readonly parameters: unknown[];
  readonly isIdempotent: boolean;
  /** @default 1 */
  attempt?: number;
  /** Whether a connection has broken under it. */
  wasLost?: boolean;
  /** For how long it has waited for a table in the making. @default 0 */
  waitedMs?: number;
}

/** The values of one row of several. */
type RowValues = Values & Pick<SessionRow, 'id'>;

/** Builds statements at their first use, and runs them on the primary of a data source, outside the application's transactions. */
export class StatementRunner {
  private shape: TableShape | undefined;
  private transport: StatementTransport = queryRunnerTransport;
  private hasRun = false;
  /** Whether the character sets are known. */
  private isSettled = false;
  /** Whether a table that may have been in the making was waited for in vain. */
  private isTableMissing = false;
  private readonly statements = new StatementCache();

  constructor(
    private readonly database: DataSourceLifecycle,
    private readonly options: StatementRunnerOptions,
  ) {}

  /** Maps the entity of an open data source. Throws `SessionEntityError` if it cannot hold sessions. */
  check(): TableShape {
    if (this.shape) return this.shape;
    const shape = viaTypeOrm(() => this.map());
    const { dialect, columns } = shape;
    viaTypeOrm(() => this.options.onReady?.(new Set(Object.keys(columns) as SessionField[])));
    this.shape = shape;
    this.isSettled = !dialect.characterSets;
    this.transport = this.options.prepares === false ? dialect.unpreparedTransport : dialect.transport;
    return shape;
  }

  private map(): TableShape {
    const { dataSource, entity } = this.database;
    const dialect = this.options.dialect ?? pickDialect(dataSource);
    const metadata = metadataOf(dataSource, entity);
    const { hashIds = false, touchDurability = 'full', adopted } = this.options;
    if (adopted) assertFamily(adopted, dialect.name, metadata.tableName);
    // Of another store an integer holds seconds, on SQLite, too.
    const traits = adopted ? { ...dialect, integerHoldsMilliseconds: false, adopted } : dialect;
    const columns = mapColumns(dataSource, metadata, this.options.columns, traits);
    const { integerHoldsMilliseconds: numbersItself, largestWhole } = dialect;
    assertHoldsSessions(dataSource, metadata, columns, { hashIds, numbersItself, largestWhole });
    const path = metadata.tablePath.split('.').map((name) => dataSource.driver.escape(name));
    return {
      dataSource,
      dialect,
      metadata,
      ...withLimits(columns),
      table: path.join('.'),
      touchDurability,
      endedAt: adopted?.endedAt,
      isAdopted: adopted !== undefined,
    };
  }

  /** Opens the data source if it is not. */
  async ready(): Promise<TableShape> {
    if (!this.database.isOpen()) await this.database.open();
    const shape = this.check();
    return this.isSettled ? shape : this.learnCharacterSets(shape);
  }

  /** Asks once which characters columns and connection carry, and whether values are safe on it, before the first statement is built. */
  private async learnCharacterSets(shape: TableShape): Promise<TableShape> {
    const sets = await characterSetsOf(shape, this.options.timeoutMs);
    if (!sets) return shape;
    const { narrowFields, isConnectionNarrow } = sets;
    if (!this.isSettled && narrowFields.size > 0) {
      this.shape = { ...shape, ...withLimits(narrowColumns(shape.columns, narrowFields)), losesCharacters: isConnectionNarrow };
    }
    this.isSettled = true;
    return this.check();
  }

  /** The rows that a statement finds. Rejects with a `SessionError`. */
  async read(name: StatementName, values: Values): Promise<SessionRow[]> {
    const shape = this.known() ?? (await this.ready());
    const prepared = this.statements.get(name, shape);
    const { records } = await this.send({ shape, prepared, parameters: bind(prepared, values), isIdempotent: IDEMPOTENT.has(name) });
    return read(prepared, records);
  }

  /** The same of one that depends on which values are there; `own` is the column that it compares with `:own`. */
  async readBy(name: string, build: BuildStatement, values: Values, own?: SessionColumn): Promise<SessionRow[]> {
    const known = this.known() ?? (await this.ready());
    const shape = own ? { ...known, own } : known;
    const prepared = this.statements.forValues(name, values, shape, build);
    const { records } = await this.send({ shape, prepared, parameters: bind(prepared, values), isIdempotent: true });
    return read(prepared, records);
  }

  /** The one number that a statement finds. Rejects with a `SessionError`. */
  async number(name: StatementName, values: Values): Promise<number> {
    const shape = this.known() ?? (await this.ready());
    const prepared = this.statements.get(name, shape);
    const { records } = await this.send({ shape, prepared, parameters: bind(prepared, values), isIdempotent: IDEMPOTENT.has(name) });
    return Number(Object.values(records[0] ?? [])[0]);
  }

  /** How many rows a statement changed. Rejects with a `SessionError`. */
  async write(name: StatementName, values: Values): Promise<number> {
    const shape = this.known() ?? (await this.ready());
    const prepared = this.statements.get(name, shape);
    const parameters = bind(prepared, values);
    return (await this.send({ shape, prepared, parameters, isIdempotent: IDEMPOTENT.has(name) })).affected;
  }

  /** The number of rows that one statement takes, if this many wait; 1 if there is none for several, or if the entity is not known yet. */
  batchSize(operation: MultiRowName, rows: number): number {
    const shape = this.isSettled ? this.shape : undefined;
    const form = shape && this.statements.forRows(operation, 2, shape) && shape.dialect.multiRow[operation];
    return form ? takeOf(form, rows) : 1;
  }

  /** The rows that are found of several. Rejects with a `SessionError`. */
  async readBatch(operation: 'find' | 'versions' | 'unlocked', rows: readonly Values[], values: Values = {}): Promise<SessionRow[]> {
    const shape = this.known() ?? (await this.ready());
    const prepared = this.statements.forRows(operation, rows.length, shape)!;
    const { records } = await this.send({ shape, prepared, parameters: bind(prepared, values, rows), isIdempotent: true });
    return read(prepared, records);
  }

  /**
   * Changes several rows at once; resolves to the ids of the rows that it found. If the database only counts them and some are
   * missing, it resolves to none if the statement may run again, or to `undefined` if nothing has happened, because one of the
   * rows was not as expected. If a row is refused, it rejects with `SplitBatchError`.
   */
  async batch(
    operation: MultiRowName,
    rows: readonly RowValues[],
    values: Values = {},
  ): Promise<readonly Pick<SessionRow, 'id'>[] | undefined> {
    const shape = this.known() ?? (await this.ready());
    const prepared = this.statements.forRows(operation, rows.length, shape)!;
    const { answer } = shape.dialect.multiRow[operation]!;
    const inOrder = answer === 'ids' ? rows : rows.toSorted(byId);
    const parameters = bind(prepared, { ...values, count: rows.length }, inOrder);
    const sending = { shape, prepared, parameters, isIdempotent: IDEMPOTENT.has(operation) };
    const { records, affected } = await this.send(sending).catch(splitWhereOfRow);
    if (answer === 'ids') return read(prepared, records);
    if (answer === 'all' || affected === rows.length) return rows;
    return answer === 'allOrNothing' ? undefined : [];
  }

  /** The shape, if it is known and the data source is open. */
  private known(): TableShape | undefined {
    return this.isSettled && this.database.isOpen() ? this.shape : undefined;
  }

  private async send(sending: Sending): Promise<StatementResult> {
    const { shape, prepared, parameters } = sending;
    try {
      const result = await this.transport(shape.dataSource, prepared, parameters, this.options.timeoutMs);
      this.hasRun = true;
      return result;
    } catch (error) {
      return this.sendAgain(sending, error);
    }
  }

  private async sendAgain(sending: Sending, error: unknown): Promise<StatementResult> {
    if (error instanceof SessionError) throw error;
    const { attempt = 1, isIdempotent, wasLost, waitedMs = 0 } = sending;
    const sessionError = toSessionError(error, sending.shape, attempt >= ATTEMPTS);
    if (this.database.isClosed() || isClosedError(error)) throw this.database.closedError(sessionError.cause);
    const next = { ...sending };
    if (isTransient(error) && attempt < ATTEMPTS) {
      next.attempt = attempt + 1;
      await pause(Math.random() * PAUSE_MS * next.attempt);
    } else if (isIdempotent && !wasLost && isLost(error)) next.wasLost = true;
    else if (this.isTooEarly(sessionError, waitedMs)) {
      next.waitedMs = waitedMs + (await runningPause(Math.max(POLL_MS, waitedMs / POLL_SHARE)));
    } else throw sessionError;
    return this.send(next);
  }

  /** TypeORM takes statements while it still makes the tables: until the first one worked, they are waited for, once. */
  private isTooEarly(error: SessionError, waitedMs: number): boolean {
    if (this.hasRun || this.isTableMissing || !(error instanceof SessionEntityError) || !this.database.mayBeMakingTables()) return false;
    this.isTableMissing = waitedMs >= this.options.timeoutMs / 2;
    return !this.isTableMissing;
  }
}

function bind(statement: BoundStatement, values: Values, rows?: readonly Values[]): unknown[] {
  return convert(() => statement.bind(values, rows));
}

function read(statement: BoundStatement, records: readonly DatabaseRecord[]): SessionRow[] {
  return convert(() => statement.read(records));
}

/** Runs transformers of columns, which are the application's code. */
function convert<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SessionError) throw cause;
    throw new SessionSerializationError(
      'A value of the session could not be converted for its column, or back. Correct the transformer or the type of the column.',
      { cause },
    );
  }
}

const withLimits = (columns: SessionColumns): Pick<TableShape, 'columns' | 'limited'> => ({
  columns,
  limited: Object.values(columns).filter(({ assertFits }) => assertFits),
});

/** One bad row must not fail its neighbours. */
function splitWhereOfRow(error: unknown): never {
  throw isOfRow((error as SessionError).cause) ? new SplitBatchError(error) : error;
}

const byId = (a: RowValues, b: RowValues): number => (a.id < b.id ? -1 : 1);
