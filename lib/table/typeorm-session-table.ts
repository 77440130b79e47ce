import { SessionEntityError, SessionUnavailableError } from '../session.errors.js';
import type { StatementName } from './dialect.js';
import type { SessionDatabase } from './session-database.js';
import type * as Contract from './session-table.js';
import type { SaveOutcome, SessionField, SessionRow, SessionTable } from './session-table.js';
import { SessionLocks } from './session-locks.js';
import { StatementRunner, type StatementRunnerOptions, type Values } from './statement-runner.js';
import type { Statement, TableShape } from './statement.js';

/** How often an upsert in two statements starts over while others add and remove the row. */
const UPSERT_ATTEMPTS = 6;
const HOUR_MS = 3_600_000;
/** Ids of this form differ under every collation. */
const HASH = /^[0-9a-f]{64}$/;
const ALIKE = 'The database takes this session id for that of another row. Give the id column a collation that tells them apart.';

/** `SessionTable` over a TypeORM data source. */
export class TypeOrmSessionTable implements SessionTable {
  private readonly runner: StatementRunner;
  private readonly locks = new SessionLocks();

  constructor(database: SessionDatabase, options: StatementRunnerOptions) {
    this.runner = new StatementRunner(database, options);
  }

  /** Looks at the entity of an open data source. Throws `SessionEntityError` where it cannot hold sessions. */
  check(): void {
    this.runner.check();
  }

  async fields(): Promise<ReadonlySet<SessionField>> {
    const { columns } = await this.runner.ready();
    return new Set(Object.keys(columns) as SessionField[]);
  }

  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    return inTurn(ids, async (id) => {
      const [row] = await this.rows('find', { id, now });
      return row?.id === id ? row : undefined;
    });
  }

  async findPrevious(previousId: string, now: number): Promise<SessionRow | undefined> {
    const [row] = await this.rows('findPrevious', { previousId, previousUntil: now, now });
    return row?.previousId === previousId ? row : undefined;
  }

  insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict')[]> {
    return inTurn(rows, async (row) => {
      await this.assertFits(row);
      return this.unlessTaken(row.id, async (): Promise<'saved'> => {
        await this.runner.write('insert', row);
        return 'saved';
      });
    });
  }

  update(changes: readonly Contract.SessionChange[]): Promise<SaveOutcome[]> {
    return inTurn(changes, async (change) => {
      const { id, ...written } = change;
      await this.assertFits(written);
      if ((await this.change(change.version === undefined ? 'overwrite' : 'update', change)) > 0) return 'saved';
      return (await this.exists(id)) ? 'conflict' : 'gone';
    });
  }

  upsert(rows: readonly SessionRow[]): Promise<'saved'[]> {
    return inTurn(rows, async (row): Promise<'saved'> => {
      await this.assertFits(row);
      const { dialect } = await this.runner.ready();
      if (!dialect.upsert) await this.updateOrInsert(row);
      else if ((await this.runner.write('upsert', row)) === 0) throw new SessionUnavailableError(ALIKE);
      return 'saved';
    });
  }

  touch(touches: readonly Contract.SessionTouch[], now: number): Promise<SaveOutcome[]> {
    return inTurn(touches, async (touch) => {
      const { columns } = await this.runner.ready();
      if (!columns.expiresAt && !columns.lastSeenAt) return (await this.exists(touch.id)) ? 'saved' : 'gone';
      if ((await this.change('touch', { ...touch, now })) > 0) return 'saved';
      const [row] = await this.find([touch.id], now);
      return row ? 'conflict' : 'gone';
    });
  }

  rekey(moves: readonly Contract.SessionMove[]): Promise<SaveOutcome[]> {
    return inTurn(moves, async (move) => {
      await this.assertFits({ id: move.newId });
      return this.unlessTaken(move.newId, async () => ((await this.change('rekey', { ...move })) > 0 ? 'saved' : 'gone'));
    });
  }

  remove(ids: readonly string[]): Promise<('removed' | 'gone')[]> {
    return inTurn(ids, async (id) => ((await this.change('remove', { id })) > 0 ? 'removed' : 'gone'));
  }

  async removeHandle(handle: string): Promise<'removed' | 'gone'> {
    return (await this.runner.write('removeHandle', { handle })) > 0 ? 'removed' : 'gone';
  }

  async page(page: Contract.SessionPage): Promise<SessionRow[]> {
    await this.need('handle', 'list sessions');
    if (page.userId !== undefined) await this.need('userId', 'list the sessions of a user');
    const rows = await this.rows((shape) => shape.dialect.page(shape, page), { ...page });
    const wanted = rows.filter(({ userId }) => page.userId === undefined || page.userId === userId);
    const last = rows.at(-1)?.handle;
    if (rows.length < page.limit || wanted.length === rows.length || !last) return wanted;
    return [...wanted, ...(await this.page({ ...page, limit: page.limit - wanted.length, after: last }))];
  }

  scan({ after, limit, now }: { after?: string | undefined; limit: number; now: number }): Promise<SessionRow[]> {
    return this.rows((shape) => shape.dialect.scan(shape, limit, after === undefined), { after, now });
  }

  async count({ userId, now }: { userId?: string | undefined; now: number }): Promise<number> {
    if (userId === undefined) return Number((await this.runner.read('count', { now }))[0]?.count);
    await this.need('userId', 'count the sessions of a user');
    return (await this.rows('ofUser', { userId, now })).filter((row) => row.userId === userId).length;
  }

  async clear(): Promise<void> {
    await this.runner.write('clear', {});
  }

  async prune({ now, limit }: { now: number; limit: number }): Promise<number> {
    const { columns, dialect } = await this.runner.ready();
    if (!columns.expiresAt && !columns.pruneAfter) return 0;
    const values = { now, pruneHour: Math.floor(now / HOUR_MS), limit };
    if (dialect.prune) return this.runner.write('prune', values);
    const expired = await this.rows((shape) => dialect.expired(shape, limit), values);
    const outcomes = await this.remove(expired.map(({ id }) => id));
    return outcomes.filter((outcome) => outcome === 'removed').length;
  }

  async lock(id: string, waitMs: number): Promise<(() => Promise<void>) | undefined> {
    return this.locks.acquire(await this.runner.ready(), id, waitMs);
  }

  async ping(): Promise<void> {
    await this.exists('');
  }

  private async updateOrInsert(row: SessionRow): Promise<void> {
    for (let attempt = 0; attempt < UPSERT_ATTEMPTS; attempt++) {
      if ((await this.update([{ ...row, version: undefined }]))[0] === 'saved') return;
      if ((await this.insert([row]))[0] === 'saved') return;
    }
    throw new SessionUnavailableError('The session row appeared and vanished while it was written. Try again.');
  }

  /** Changes the row under exactly this id; where the dialect cannot compare exactly, the row is looked at first. */
  private async change(name: StatementName, values: Values & { readonly id: string }): Promise<number> {
    const { dialect } = await this.runner.ready();
    if (!dialect.isExact && !HASH.test(values.id) && !(await this.exists(values.id))) return 0;
    return this.runner.write(name, values);
  }

  /** Only the database knows why it refused a new id; whether it is taken it can be asked. */
  private async unlessTaken<Outcome>(id: string, write: () => Promise<Outcome>): Promise<Outcome | 'conflict'> {
    try {
      return await write();
    } catch (error) {
      if (error instanceof SessionUnavailableError && (await this.exists(id))) return 'conflict';
      throw error;
    }
  }

  private async exists(id: string): Promise<boolean> {
    const [row] = await this.rows('locate', { id });
    return row?.id === id;
  }

  private async rows(statement: StatementName | ((shape: TableShape) => Statement), values: Values): Promise<SessionRow[]> {
    const records = await this.runner.read(statement, values);
    const { columns } = this.runner.check();
    return records.map((record) => {
      const fields = Object.values(columns).filter(({ field }) => field in record);
      const decoded = fields.map(({ field, decode }) => [field, decode(record[field])]);
      return { data: '', ...Object.fromEntries(decoded) } as SessionRow;
    });
  }

  /** A value that is cut is a value that is lost: what does not fit is refused before any SQL. */
  private async assertFits(row: Partial<SessionRow>): Promise<void> {
    const { columns } = await this.runner.ready();
    for (const column of Object.values(columns)) column.assertFits(row[column.field]);
  }

  private async need(field: SessionField, purpose: string): Promise<void> {
    const { columns, metadata } = await this.runner.ready();
    if (columns[field]) return;
    throw new SessionEntityError(
      `To ${purpose}, the entity "${metadata.name}" needs a column for ${field}. Add it and name it in \`columns.${field}\`.`,
    );
  }
}

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
