import type { QueryResult } from 'typeorm';
import { SessionEntityError, SessionUnavailableError, type SessionError } from '../session.errors.js';
import { isTransient, toSessionError } from './database-error.js';
import { pickDialect, type SessionDialect, type StatementName } from './dialect.js';
import { mapColumns, metadataOf, type SessionColumnNames } from './session-columns.js';
import type { SessionDatabase } from './session-database.js';
import type { SessionField } from './session-table.js';
import { isParameterName, type ParameterName, type Statement, type TableShape } from './statement.js';

/** Deadlocks and serialisation failures are tried again so many times, each after a random pause. */
const ATTEMPTS = 6;
const PAUSE_MS = 15;
/** How often a write looks whether the transaction of the application that holds the shared connection is over. */
const POLL_MS = 5;

/** What the parameters of a statement stand for. */
export type Values = Partial<Record<ParameterName, unknown>>;

export interface StatementRunnerOptions {
  readonly columns: SessionColumnNames;
  readonly timeoutMs: number;
  /** Instead of the one that fits the data source. */
  readonly dialect?: SessionDialect;
  /** Told once, when the entity has been looked at. */
  readonly onReady?: (fields: ReadonlySet<SessionField>) => void;
}

/** Builds statements at their first use, and runs them on the primary of a data source, outside the application's transactions. */
export class StatementRunner {
  private shape: TableShape | undefined;
  private hasRun = false;
  private patienceEnds: number | undefined;
  private readonly statements = new Map<StatementName, Statement>();

  constructor(
    private readonly database: SessionDatabase,
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
    this.shape = { dataSource, dialect, metadata, columns, table: path.join('.') };
    this.options.onReady?.(new Set(Object.keys(columns) as SessionField[]));
    return this.shape;
  }

  /** Opens the data source where it is not. */
  async ready(): Promise<TableShape> {
    if (!this.database.isOpen()) await this.database.open();
    return this.check();
  }

  /** The rows that a statement finds, as the database returns them. Rejects with a `SessionError`. */
  async read(statement: StatementName | ((shape: TableShape) => Statement), values: Values): Promise<Record<string, unknown>[]> {
    const shape = await this.ready();
    const { records } = await this.run(shape, typeof statement === 'string' ? this.build(statement, shape) : statement(shape), values);
    return records as Record<string, unknown>[];
  }

  /** How many rows a statement changed. Rejects with a `SessionError`. */
  async write(name: StatementName, values: Values): Promise<number> {
    const shape = await this.ready();
    if (shape.dialect.sharesConnection) await this.outsideTransactions();
    const { affected } = await this.run(shape, this.build(name, shape), values);
    return affected ?? 0;
  }

  private build(name: StatementName, shape: TableShape): Statement {
    const known = this.statements.get(name);
    if (known) return known;
    const statement = shape.dialect[name]!(shape);
    if (statement.reusable) this.statements.set(name, statement);
    return statement;
  }

  private async run(shape: TableShape, { sql, parameters }: Statement, values: Values): Promise<QueryResult> {
    const encoded = parameters.map((parameter) => (isParameterName(parameter) ? encode(shape, parameter, values) : parameter));
    let attempt = 1;
    for (;;) {
      try {
        const result = await query(shape, sql, encoded);
        this.hasRun = true;
        return result;
      } catch (error) {
        const sessionError = toSessionError(error, shape);
        if (isTransient(error) && attempt++ < ATTEMPTS) await pause(Math.random() * PAUSE_MS * attempt);
        else if (this.isTooEarly(sessionError)) await pause(POLL_MS);
        else throw sessionError;
      }
    }
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
    const runner = this.database.dataSource.createQueryRunner();
    for (let waited = 0; runner.isTransactionActive; waited += POLL_MS) {
      if (waited >= timeoutMs) {
        throw new SessionUnavailableError(
          `A transaction of the application has held the one SQLite connection for ${timeoutMs} ms. ` +
            'Save the session before or after the transaction, or give the sessions a `connection` of their own.',
        );
      }
      await pause(POLL_MS);
    }
  }
}

/** Parameters that are compared with a field, or become its value, under another name. */
const COMPARED: Partial<Record<ParameterName, SessionField>> = {
  now: 'expiresAt',
  unseenSince: 'lastSeenAt',
  pruneHour: 'pruneAfter',
  newId: 'id',
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function query({ dataSource }: TableShape, sql: string, parameters: unknown[]): Promise<QueryResult> {
  const runner = dataSource.createQueryRunner('master');
  try {
    return await runner.query(sql, parameters, true);
  } finally {
    await runner.release();
  }
}

function encode({ columns }: TableShape, name: ParameterName, values: Values): unknown {
  if (name === 'after' || name === 'limit') return values[name];
  const field = COMPARED[name] ?? (name as SessionField);
  return columns[field]?.encode(values[name]) ?? null;
}
