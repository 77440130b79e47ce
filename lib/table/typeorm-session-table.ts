import type { QueryResult } from 'typeorm';
import { SessionEntityError, SessionUnavailableError } from '../session.errors.js';
import { isTransient, toSessionError } from './database-error.js';
import { pickDialect, type SessionDialect } from './dialect.js';
import { mapColumns, metadataOf, type SessionColumnNames } from './session-columns.js';
import type { SessionDatabase } from './session-database.js';
import {
  SESSION_FIELDS,
  type SaveOutcome,
  type SessionChange,
  type SessionField,
  type SessionPage,
  type SessionRow,
  type SessionTable,
  type SessionTouch,
} from './session-table.js';
import type { ParameterName, Statement, TableShape } from './statement.js';

/** Deadlocks and serialisation failures are tried again so many times, each after a random pause. */
const ATTEMPTS = 6;
const PAUSE_MS = 15;
/** How often a write looks whether the transaction of the application that holds the shared connection is over. */
const POLL_MS = 5;

type Values = Partial<Record<ParameterName, unknown>>;

export interface TypeOrmSessionTableOptions {
  readonly columns: SessionColumnNames;
  readonly timeoutMs: number;
  /** Instead of the one that fits the data source. */
  readonly dialect?: SessionDialect;
  /** Told once, when the entity has been looked at. */
  readonly onReady?: (fields: ReadonlySet<SessionField>) => void;
}

/** Runs the dialect's statements on the primary of a TypeORM data source, outside the application's transactions. */
export class TypeOrmSessionTable implements SessionTable {
  private shape: TableShape | undefined;
  /** Statements by name; each is built at its first use, because TypeORM has no metadata earlier. */
  private readonly statements = new Map<string, Statement>();

  constructor(
    private readonly database: SessionDatabase,
    private readonly options: TypeOrmSessionTableOptions,
  ) {}

  /** Maps the entity of an open data source. Throws `SessionEntityError` where it cannot hold sessions. */
  check(): TableShape {
    if (this.shape) return this.shape;
    const { dataSource, entity } = this.database;
    const dialect = this.options.dialect ?? pickDialect(dataSource);
    const metadata = metadataOf(dataSource, entity);
    const columns = mapColumns(dataSource, entity, this.options.columns, dialect);
    const table = metadata.tablePath
      .split('.')
      .map((name) => dataSource.driver.escape(name))
      .join('.');
    this.shape = { dataSource, dialect, metadata, columns, table };
    this.options.onReady?.(fieldsOf(this.shape));
    return this.shape;
  }

  async fields(): Promise<ReadonlySet<SessionField>> {
    return fieldsOf(await this.ready());
  }

  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    return inTurn(ids, async (id) => {
      const row = await this.read('find', (shape) => shape.dialect.find(shape), { id, now });
      return row[0]?.id === id ? row[0] : undefined;
    });
  }

  insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict')[]> {
    return inTurn(rows, async (row) => {
      await this.assertFits(row);
      try {
        await this.write('insert', (shape) => shape.dialect.insert(shape), row);
        return 'saved';
      } catch (error) {
        // Only the database knows why it refused the row; whether the id is taken it can be asked.
        if (error instanceof SessionUnavailableError && (await this.exists(row.id))) return 'conflict';
        throw error;
      }
    });
  }

  update(changes: readonly SessionChange[]): Promise<SaveOutcome[]> {
    return inTurn(changes, async (change) => {
      await this.assertFits(change);
      const ofVersion = change.version !== undefined;
      const name = ofVersion ? 'updateVersion' : 'update';
      const affected = await this.write(name, (shape) => shape.dialect.update(shape, ofVersion), change);
      if (affected > 0) return 'saved';
      return (await this.exists(change.id)) ? 'conflict' : 'gone';
    });
  }

  upsert(rows: readonly SessionRow[]): Promise<'saved'[]> {
    return inTurn(rows, async (row): Promise<'saved'> => {
      await this.assertFits(row);
      const { dialect } = await this.ready();
      const upsert = dialect.upsert?.bind(dialect);
      if (upsert) await this.write('upsert', upsert, row);
      else await this.updateOrInsert(row);
      return 'saved';
    });
  }

  touch(touches: readonly SessionTouch[], now: number): Promise<('saved' | 'gone')[]> {
    return inTurn(touches, async (touch) => {
      const { columns, dialect } = await this.ready();
      if (!columns.expiresAt && !columns.lastSeenAt) return (await this.exists(touch.id)) ? 'saved' : 'gone';
      const affected = await this.write('touch', (shape) => dialect.touch(shape), { ...touch, now });
      return affected > 0 ? 'saved' : 'gone';
    });
  }

  remove(ids: readonly string[]): Promise<('removed' | 'gone')[]> {
    return inTurn(ids, async (id) => {
      const affected = await this.write('remove', (shape) => shape.dialect.remove(shape), { id });
      return affected > 0 ? 'removed' : 'gone';
    });
  }

  async page(page: SessionPage): Promise<SessionRow[]> {
    await this.need('handle', 'list sessions');
    if (page.userId !== undefined) await this.need('userId', 'list the sessions of a user');
    return this.read(undefined, (shape) => shape.dialect.page(shape, page), { ...page });
  }

  scan(scan: { after?: string | undefined; limit: number; now: number }): Promise<SessionRow[]> {
    const { after, limit, now } = scan;
    const fromStart = after === undefined;
    return this.read(undefined, (shape) => shape.dialect.scan(shape, limit, fromStart), { after, now });
  }

  async count({ userId, now }: { userId?: string | undefined; now: number }): Promise<number> {
    const ofUser = userId !== undefined;
    if (ofUser) await this.need('userId', 'count the sessions of a user');
    const name = ofUser ? 'countUser' : 'count';
    const { records } = await this.run(name, (shape) => shape.dialect.count(shape, ofUser), { userId, now });
    return Number((records[0] as { count: unknown }).count);
  }

  async clear(): Promise<void> {
    await this.write('clear', (shape) => shape.dialect.clear(shape), {});
  }

  async prune({ now, limit }: { now: number; limit: number }): Promise<number> {
    const { columns, dialect } = await this.ready();
    if (!columns.expiresAt && !columns.pruneAfter) return 0;
    const values = { now, pruneHour: Math.floor(now / 3_600_000), limit };
    const prune = dialect.prune?.bind(dialect);
    if (prune) return this.write('prune', prune, values);
    const expired = await this.read(undefined, (shape) => dialect.expired(shape, limit), values);
    const removed = await this.remove(expired.map(({ id }) => id));
    return removed.filter((outcome) => outcome === 'removed').length;
  }

  async ping(): Promise<void> {
    await this.exists('');
  }

  private async updateOrInsert(row: SessionRow): Promise<void> {
    const change: SessionChange = { ...row, version: undefined };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if ((await this.update([change]))[0] === 'saved') return;
      if ((await this.insert([row]))[0] === 'saved') return;
    }
    throw new SessionUnavailableError('The session row appeared and vanished while it was written. Try again.');
  }

  private async exists(id: string): Promise<boolean> {
    const [row] = await this.read('locate', (shape) => shape.dialect.locate(shape), { id });
    return row?.id === id;
  }

  private async need(field: SessionField, purpose: string): Promise<void> {
    const { columns, metadata } = await this.ready();
    if (columns[field]) return;
    throw new SessionEntityError(
      `To ${purpose}, the entity "${metadata.name}" needs a column for ${field}. Add it and name it in \`columns.${field}\`.`,
    );
  }

  /** A value that is cut is a value that is lost: what does not fit is refused before any SQL. */
  private async assertFits(row: Partial<SessionRow>): Promise<void> {
    const { columns } = await this.ready();
    for (const column of Object.values(columns)) column.assertFits(row[column.field]);
  }

  private async ready(): Promise<TableShape> {
    if (!this.database.dataSource.isInitialized) await this.database.open();
    return this.check();
  }

  private async read(
    name: string | undefined,
    build: (shape: TableShape) => Statement,
    values: Values,
  ): Promise<SessionRow[]> {
    const { records } = await this.run(name, build, values);
    return records.map((record) => this.toRow(record as Record<string, unknown>));
  }

  private async write(name: string, build: (shape: TableShape) => Statement, values: Values): Promise<number> {
    const { dialect } = await this.ready();
    if (dialect.sharesConnection) await this.outsideTransactions();
    const { affected } = await this.run(name, build, values);
    return affected ?? 0;
  }

  private async run(
    name: string | undefined,
    build: (shape: TableShape) => Statement,
    values: Values,
  ): Promise<QueryResult> {
    const shape = await this.ready();
    const statement = this.statement(name, build, shape);
    const parameters = statement.parameters.map((parameter) => encode(shape, parameter, values));
    for (let attempt = 1; ; attempt++) {
      try {
        return await query(shape, statement.sql, parameters);
      } catch (error) {
        if (attempt === ATTEMPTS || !isTransient(error)) throw toSessionError(error, shape.table);
        await pause(Math.random() * PAUSE_MS * attempt);
      }
    }
  }

  private statement(name: string | undefined, build: (shape: TableShape) => Statement, shape: TableShape): Statement {
    const known = name && this.statements.get(name);
    if (known) return known;
    const statement = build(shape);
    if (name && statement.reusable) this.statements.set(name, statement);
    return statement;
  }

  private toRow(record: Record<string, unknown>): SessionRow {
    const { columns } = this.check();
    const row: Partial<Record<SessionField, unknown>> = { data: '' };
    for (const field of SESSION_FIELDS) {
      if (field in record) row[field] = columns[field]?.decode(record[field]);
    }
    return row as unknown as SessionRow;
  }

  /**
   * On a shared connection a write inside the application's transaction would be rolled back with it after having been
   * reported as done. Our statement is on its way before a transaction that starts after this look can begin.
   */
  private async outsideTransactions(): Promise<void> {
    const runner = this.database.dataSource.createQueryRunner();
    for (let waited = 0; runner.isTransactionActive; waited += POLL_MS) {
      if (waited >= this.options.timeoutMs) {
        throw new SessionUnavailableError(
          `A transaction of the application has held the one SQLite connection for ${this.options.timeoutMs} ms. ` +
            'Save the session before or after the transaction, or give the sessions a `connection` of their own.',
        );
      }
      await pause(POLL_MS);
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const fieldsOf = ({ columns }: TableShape): ReadonlySet<SessionField> =>
  new Set(Object.keys(columns) as SessionField[]);

async function query({ dataSource }: TableShape, sql: string, parameters: unknown[]): Promise<QueryResult> {
  const runner = dataSource.createQueryRunner('master');
  try {
    return (await runner.query(sql, parameters, true)) as QueryResult;
  } finally {
    await runner.release();
  }
}

function encode({ columns }: TableShape, parameter: ParameterName, values: Values): unknown {
  switch (parameter) {
    case 'now':
      return columns.expiresAt?.encode(values.now);
    case 'pruneHour':
      return columns.pruneAfter?.encode(values.pruneHour);
    case 'after':
    case 'limit':
      return values[parameter];
    default:
      return columns[parameter]?.encode(values[parameter]) ?? null;
  }
}

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
