import type { SessionError } from '../session.errors.js';
import { SessionEntityError, SessionUnavailableError } from '../session.errors.js';
import { isOneOfFew, sizeOf, takeOf } from './sql/multi-row.js';
import { isLost, isTransient, toSessionError } from './database-error.js';
import { pickDialect } from './databases/databases.js';
import { prepare, type BoundStatement, type Values } from './sql/bound-statement.js';
import { mapColumns, metadataOf, type SessionColumnNames } from './entity/columns.js';
import type { DataSourceLifecycle } from './data-source-lifecycle.js';
import type { SessionField, SessionRow } from './session-table.js';
import { queryRunnerTransport, type StatementResult, type StatementTransport } from './sql/transport.js';
import type { MultiRowName, SessionDialect, StatementName, Statement, TableShape } from './sql/dialect.js';

/** Deadlocks and serialisation failures are tried again so many times, each after a random pause. */
const ATTEMPTS = 6;
const PAUSE_MS = 15;
/** How often a write looks whether the transaction of the application that holds the shared connection is over. */
const POLL_MS = 5;
/** Statements that may run twice: over a connection that breaks they are sent once more. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['find', 'findId', 'count', 'idsOfUser', 'touch', 'touchInHour', 'remove', 'prune']);
/** What requests do; of statements for several rows those that are the same for many counts. */
const FREQUENT: ReadonlySet<string> = new Set(['find', 'insert', 'update', 'updateInPlace', 'upsert', 'touch', 'touchInHour', 'remove']);

export interface StatementRunnerOptions {
  readonly columns: SessionColumnNames;
  readonly timeoutMs: number;
  /** Instead of the one that fits the data source. */
  readonly dialect?: SessionDialect;
  /** Whether statements are prepared under a name, where the driver can. @default true */
  readonly prepares?: boolean;
  /** Told once, when the entity has been looked at. */
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
}

/** The values of one row of several. */
type RowValues = Values & Pick<SessionRow, 'id'>;

/** Builds statements at their first use, and runs them on the primary of a data source, outside the application's transactions. */
export class StatementRunner {
  private shape: TableShape | undefined;
  private transport: StatementTransport = queryRunnerTransport;
  private hasRun = false;
  private patienceEnds: number | undefined;
  private readonly statements = new Map<string, BoundStatement>();

  constructor(
    private readonly database: DataSourceLifecycle,
    private readonly options: StatementRunnerOptions,
  ) {}

  /** Maps the entity of an open data source. Throws `SessionEntityError` where it cannot hold sessions. */
  check(): TableShape {
    if (this.shape) return this.shape;
    const { dataSource, entity } = this.database;
    const dialect = this.options.dialect ?? pickDialect(dataSource);
    const metadata = metadataOf(dataSource, entity);
    const columns = mapColumns(dataSource, metadata, this.options.columns, dialect);
    const path = metadata.tablePath.split('.').map((name) => dataSource.driver.escape(name));
    const limited = Object.values(columns).filter(({ assertFits }) => assertFits);
    this.shape = { dataSource, dialect, metadata, columns, limited, table: path.join('.') };
    if (this.options.prepares !== false) this.transport = dialect.transport;
    this.options.onReady?.(new Set(Object.keys(columns) as SessionField[]));
    return this.shape;
  }

  /** Opens the data source where it is not. */
  async ready(): Promise<TableShape> {
    if (!this.database.isOpen()) await this.database.open();
    return this.check();
  }

  /** The rows that a statement finds. Rejects with a `SessionError`. */
  async read(statement: StatementName | ((shape: TableShape) => Statement), values: Values): Promise<SessionRow[]> {
    const shape = this.known() ?? (await this.ready());
    const prepared = typeof statement === 'string' ? this.build(statement, shape) : prepare(shape, statement(shape));
    const isIdempotent = typeof statement !== 'string' || IDEMPOTENT.has(statement);
    const { records } = await this.send({ shape, prepared, parameters: prepared.bind(values), isIdempotent });
    return prepared.read(records);
  }

  /** The one number that a statement finds. Rejects with a `SessionError`. */
  async number(name: StatementName, values: Values): Promise<number> {
    const shape = this.known() ?? (await this.ready());
    const prepared = this.build(name, shape);
    const { records } = await this.send({ shape, prepared, parameters: prepared.bind(values), isIdempotent: IDEMPOTENT.has(name) });
    return Number(Object.values(records[0] ?? [])[0]);
  }

  /** How many rows a statement changed. Rejects with a `SessionError`. */
  async write(name: StatementName, values: Values): Promise<number> {
    const shape = this.known() ?? (await this.ready());
    if (shape.dialect.sharesConnection && this.isInTransaction()) await this.outsideTransactions();
    const prepared = this.build(name, shape);
    return (await this.send({ shape, prepared, parameters: prepared.bind(values), isIdempotent: IDEMPOTENT.has(name) })).affected;
  }

  /** How many of so many rows one statement takes; 1 where there is none for several, or where the entity is not known yet. */
  batchSize(operation: MultiRowName, rows: number): number {
    const form = this.shape && this.form(operation, 2, this.shape) && this.shape.dialect.multiRow[operation];
    return form ? takeOf(form, rows) : 1;
  }

  /** The rows that are found of several. Rejects with a `SessionError`. */
  async readBatch(operation: 'find' | 'versions' | 'unlocked', rows: readonly Values[], values: Values = {}): Promise<SessionRow[]> {
    const shape = this.known() ?? (await this.ready());
    const prepared = this.form(operation, rows.length, shape)!;
    const { records } = await this.send({ shape, prepared, parameters: prepared.bind(values, rows), isIdempotent: true });
    return prepared.read(records);
  }

  /**
   * Changes several rows at once; resolves to those that were found, as far as their ids. Where the database can only count them
   * and they are fewer, none are said to be found if it may be done again. `undefined` where nothing has happened, because one
   * of the rows was not as expected.
   */
  async batch(
    operation: MultiRowName,
    rows: readonly RowValues[],
    values: Values = {},
  ): Promise<readonly Pick<SessionRow, 'id'>[] | undefined> {
    const shape = this.known() ?? (await this.ready());
    if (shape.dialect.sharesConnection && this.isInTransaction()) await this.outsideTransactions();
    const prepared = this.form(operation, rows.length, shape)!;
    const { answer } = shape.dialect.multiRow[operation]!;
    const inOrder = answer === 'ids' ? rows : rows.toSorted(byId);
    const parameters = prepared.bind({ ...values, count: rows.length }, inOrder);
    const { records, affected } = await this.send({ shape, prepared, parameters, isIdempotent: IDEMPOTENT.has(operation) });
    if (answer === 'ids') return prepared.read(records);
    if (answer === 'all' || affected === rows.length) return rows;
    return answer === 'allOrNothing' ? undefined : [];
  }

  /** The shape, where nothing has to be waited for. */
  private known(): TableShape | undefined {
    return this.database.isOpen() ? this.shape : undefined;
  }

  private form(operation: MultiRowName, rows: number, shape: TableShape): BoundStatement | undefined {
    const form = shape.dialect.multiRow[operation];
    if (!form) return undefined;
    const size = sizeOf(form, rows);
    const name = `${operation} ${size}`;
    const known = this.statements.get(name);
    if (known) return known;
    const statement = form.build(shape, size);
    if (!statement || (operation === 'insert' && !this.build('insert', shape))) return undefined;
    return this.keep(name, prepare(shape, statement, isOneOfFew(form, size)));
  }

  private build(name: StatementName, shape: TableShape): BoundStatement {
    const known = this.statements.get(name);
    if (known) return known;
    const statement = shape.dialect[name]!(shape);
    const prepared = prepare(shape, statement, FREQUENT.has(name));
    return statement.reusable ? this.keep(name, prepared) : prepared;
  }

  private keep(name: string, statement: BoundStatement): BoundStatement {
    this.statements.set(name, statement);
    return statement;
  }

  /** Not `async`, because the waits of a lone read cost as much as its hash. */
  private send(sending: Sending): Promise<StatementResult> {
    const { shape, prepared, parameters } = sending;
    return this.transport(shape.dataSource, prepared, parameters, this.options.timeoutMs).then(
      (result) => {
        this.hasRun = true;
        return result;
      },
      (error: unknown) => this.sendAgain(sending, error),
    );
  }

  private async sendAgain(sending: Sending, error: unknown): Promise<StatementResult> {
    const sessionError = toSessionError(error, sending.shape);
    const { attempt = 1, isIdempotent, wasLost } = sending;
    const next = { ...sending };
    if (isTransient(error) && attempt < ATTEMPTS) {
      next.attempt = attempt + 1;
      await pause(Math.random() * PAUSE_MS * next.attempt);
    } else if (isIdempotent && !wasLost && isLost(error)) next.wasLost = true;
    else if (this.isTooEarly(sessionError)) await pause(POLL_MS);
    else throw sessionError;
    return this.send(next);
  }

  /** TypeORM takes statements while it still makes the tables: until the first one worked, they are waited for, once. */
  private isTooEarly(error: SessionError): boolean {
    if (this.hasRun || !(error instanceof SessionEntityError) || !this.database.mayBeMakingTables()) return false;
    this.patienceEnds ??= performance.now() + this.options.timeoutMs / 2;
    return performance.now() < this.patienceEnds;
  }

  /**
   * On a shared connection a write inside the application's transaction would be rolled back with it after having been
   * reported as done. Our statement is on its way before a transaction that starts after this look can begin.
   */
  private async outsideTransactions(): Promise<void> {
    const { timeoutMs } = this.options;
    for (let waited = 0; this.isInTransaction(); waited += POLL_MS) {
      if (waited >= timeoutMs) {
        throw new SessionUnavailableError(
          `A transaction of the application has held the one SQLite connection for ${timeoutMs} ms. ` +
            'Save the session before or after the transaction, or give the sessions a `connection` of their own.',
        );
      }
      await pause(POLL_MS);
    }
  }

  /** Of the driver and not of the data source, which makes an entity manager for each look. */
  private isInTransaction(): boolean {
    return this.database.dataSource.driver.createQueryRunner('master').isTransactionActive;
  }
}

const byId = (a: RowValues, b: RowValues): number => (a.id < b.id ? -1 : 1);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
