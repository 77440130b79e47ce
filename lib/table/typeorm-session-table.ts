import { SessionEntityError, SessionUnavailableError } from '../session.errors.js';
import { isTransient } from './database-error.js';
import type { Values } from './sql/bound-statement.js';
import type { DataSourceLifecycle } from './data-source-lifecycle.js';
import type * as Contract from './session-table.js';
import type { MultiRowOperation, SaveOutcome, SessionField, SessionRow, SessionTable } from './session-table.js';
import { SessionLocks } from './session-locks.js';
import { MAX_ROWS } from './sql/statement.js';
import { StatementRunner, type StatementRunnerOptions } from './statement-runner.js';
import { wouldMove, classifyMissedTouch } from './missed-touch.js';
import type { MultiRowName, StatementName } from './sql/dialect.js';

/** How often an upsert in two statements starts over while others add and remove the row. */
const UPSERT_ATTEMPTS = 6;
const HOUR_MS = 3_600_000;
/** Ids of this form differ under every collation. */
const HASH = /^[0-9a-f]{64}$/;
const ALIKE = 'The database takes this session id for that of another row. Give the id column a collation that tells them apart.';

/** `SessionTable` over a TypeORM data source. */
export class TypeOrmSessionTable implements SessionTable {
  private readonly runner: StatementRunner;
  private readonly locks: SessionLocks;

  constructor(database: DataSourceLifecycle, options: StatementRunnerOptions) {
    this.locks = new SessionLocks(options.timeoutMs);
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

  batchSize(operation: MultiRowOperation, rows: number): number {
    return this.runner.batchSize(operation, rows);
  }

  /** Not `async`: a lone read is the commonest question of all, and each wait on its way costs it as much as its hash. */
  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    const [first] = ids;
    return ids.length === 1 ? this.findOne(first!, now) : this.findSeveral(ids, now);
  }

  async findPrevious(previousId: string, now: number): Promise<SessionRow | undefined> {
    const [row] = await this.runner.read('findPrevious', { previousId, previousUntil: now, now });
    return row?.previousId === previousId ? row : undefined;
  }

  async insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict')[]> {
    if (this.fitsBatch('insert', rows.map(idOf))) {
      for (const row of rows) this.assertFits(row);
      return this.batch('insert', rows, 'saved', 'conflict');
    }
    return mapInSequence(rows, async (row) => {
      await this.assertFitsOnceReady(row);
      return this.unlessTaken(row.id, async (): Promise<'saved'> => {
        await this.runner.write('insert', row);
        return 'saved';
      });
    });
  }

  async update(changes: readonly Contract.SessionChange[]): Promise<SaveOutcome[]> {
    const { dialect } = await this.runner.ready();
    const isVersioned = changes.every(({ version }) => version !== undefined);
    const operation = dialect.updateInPlace && changes.every(({ isInPlace }) => isInPlace) ? 'updateInPlace' : 'update';
    if (isVersioned && this.fitsBatch(operation, changes.map(idOf))) {
      for (const change of changes) this.assertDataFits(change);
      const outcomes = await this.batch(operation, changes, 'saved', 'gone');
      if (!outcomes.includes('gone')) return outcomes;
      const classify = async ({ id }: { readonly id: string }, index: number): Promise<SaveOutcome> =>
        outcomes[index] === 'gone' && (await this.exists(id)) ? 'conflict' : outcomes[index]!;
      return mapInSequence(changes, classify);
    }
    return mapInSequence(changes, async (change) => {
      this.assertDataFits(change);
      if ((await this.change(change.version === undefined ? 'overwrite' : operation, change)) > 0) return 'saved';
      return (await this.exists(change.id)) ? 'conflict' : 'gone';
    });
  }

  upsert(rows: readonly SessionRow[]): Promise<'saved'[]> {
    return mapInSequence(rows, async (row): Promise<'saved'> => {
      await this.assertFitsOnceReady(row);
      const { dialect } = await this.runner.ready();
      if (!dialect.upsert) await this.updateOrInsert(row);
      else if ((await this.runner.write('upsert', row)) === 0) throw new SessionUnavailableError(ALIKE);
      return 'saved';
    });
  }

  async touch(touches: readonly Contract.SessionTouch[], now: number): Promise<SaveOutcome[]> {
    const operation = touches.every(({ pruneAfter }) => pruneAfter === undefined) ? 'touchInHour' : 'touch';
    if (this.fitsBatch(operation, touches.map(idOf))) {
      const outcomes = await this.batch(operation, touches, 'saved', 'gone', { now });
      const unmoved = touches.filter((_, index) => outcomes[index] === 'gone');
      const rows = await this.find(unmoved.map(idOf), now);
      const reasons = await mapInSequence(unmoved, async (touch, index) => {
        const row = rows[index];
        return row && wouldMove(row, touch) ? (await this.touch([touch], now))[0]! : classifyMissedTouch(row, touch);
      });
      return outcomes.map((outcome) => (outcome === 'gone' ? reasons.shift()! : outcome));
    }
    return mapInSequence(touches, async (touch) => {
      const { columns } = await this.runner.ready();
      if (!columns.expiresAt && !columns.lastSeenAt) return (await this.exists(touch.id)) ? 'saved' : 'gone';
      const { id, expiresAt, pruneAfter, lastSeenAt, unseenSince } = touch;
      if ((await this.change(operation, { id, expiresAt, pruneAfter, lastSeenAt, unseenSince, now })) > 0) return 'saved';
      return classifyMissedTouch((await this.find([touch.id], now))[0], touch);
    });
  }

  changeId(moves: readonly Contract.SessionMove[]): Promise<SaveOutcome[]> {
    return mapInSequence(moves, async (move) => {
      await this.assertFitsOnceReady({ id: move.newId });
      try {
        return await this.unlessTaken(move.newId, async () => ((await this.change('changeId', { ...move })) > 0 ? 'saved' : 'gone'));
      } catch (error) {
        // The move may have been made, and only its answer did not get here: then the row that has the new id is ours.
        const mayBeMade = error instanceof SessionUnavailableError && !isUndone(error);
        if (mayBeMade && (await this.exists(move.newId)) && !(await this.exists(move.id))) return 'saved';
        throw error;
      }
    });
  }

  async remove(ids: readonly string[]): Promise<('removed' | 'gone')[]> {
    if (this.fitsBatch('remove', ids)) return this.batch('remove', ids.map(toId), 'removed', 'gone');
    return mapInSequence(ids, async (id) => ((await this.change('remove', { id })) > 0 ? 'removed' : 'gone'));
  }

  async removeHandle(handle: string): Promise<'removed' | 'gone'> {
    return (await this.runner.write('removeHandle', { handle })) > 0 ? 'removed' : 'gone';
  }

  async page(page: Contract.SessionPage): Promise<SessionRow[]> {
    await this.need('handle', 'list sessions');
    if (page.userId !== undefined) await this.need('userId', 'list the sessions of a user');
    const rows = await this.runner.read((shape) => shape.dialect.page(shape, page), { ...page });
    const wanted = rows.filter(({ userId }) => page.userId === undefined || page.userId === userId);
    const last = rows.at(-1)?.handle;
    if (rows.length < page.limit || wanted.length === rows.length || !last) return wanted;
    return [...wanted, ...(await this.page({ ...page, limit: page.limit - wanted.length, after: last }))];
  }

  scan({ after, limit, now }: { after?: string | undefined; limit: number; now: number }): Promise<SessionRow[]> {
    return this.runner.read((shape) => shape.dialect.scan(shape, limit, after === undefined), { after, now });
  }

  async count({ userId, now }: { userId?: string | undefined; now: number }): Promise<number> {
    if (userId === undefined) return this.runner.number('count', { now });
    await this.need('userId', 'count the sessions of a user');
    return (await this.runner.read('idsOfUser', { userId, now })).filter((row) => row.userId === userId).length;
  }

  async clear(): Promise<void> {
    await this.runner.write('clear', {});
  }

  async prune({ now, limit }: { now: number; limit: number }): Promise<number> {
    const { columns, dialect } = await this.runner.ready();
    if (!columns.expiresAt && !columns.pruneAfter) return 0;
    const values = { now, pruneHour: Math.floor(now / HOUR_MS), limit };
    if (dialect.prune) return this.runner.write('prune', values);
    const expired = await this.runner.read((shape) => dialect.expired(shape, limit), values);
    const outcomes = await this.remove(expired.map(({ id }) => id));
    return outcomes.filter((outcome) => outcome === 'removed').length;
  }

  async lock(request: Contract.LockRequest): Promise<Contract.HeldLock | undefined> {
    return this.locks.acquire(await this.runner.ready(), request);
  }

  /** Ends all locks. To be called before the data source is closed, which would look as if the database took them away. */
  endLocks(): Promise<void> {
    return this.locks.endAll();
  }

  async ping(): Promise<void> {
    await this.exists('');
  }

  private findOne(id: string, now: number): Promise<[SessionRow | undefined]> {
    return this.runner.read('find', { id, now }).then(([row]) => [row?.id === id ? row : undefined]);
  }

  private async findSeveral(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    if (!this.fitsBatch('find', ids)) return mapInSequence(ids, async (id) => (await this.findOne(id, now))[0]);
    const rows = await this.runner.readBatch(ids.map(toId), { now });
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id));
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
      if (isUndone(error) && (await this.exists(id))) return 'conflict';
      throw error;
    }
  }

  private async exists(id: string): Promise<boolean> {
    const [row] = await this.runner.read('findId', { id });
    return row?.id === id;
  }

  /** Whether one statement can do it for all of these rows: hashes differ under every collation, and no row comes twice. */
  private fitsBatch(operation: MultiRowName, ids: readonly string[]): boolean {
    if (ids.length < 2 || ids.length > this.runner.batchSize(operation, MAX_ROWS)) return false;
    return ids.every((id) => HASH.test(id)) && new Set(ids).size === ids.length;
  }

  /** The outcome of each row by whether the statement found it. */
  private async batch<const Found extends string, const Missing extends string>(
    operation: MultiRowName,
    rows: readonly (Values & { readonly id: string })[],
    found: Found,
    missing: Missing,
    values: Values = {},
  ): Promise<(Found | Missing)[]> {
    const ids = new Set((await this.runner.batch(operation, rows, values)).map(idOf));
    return rows.map(({ id }) => (ids.has(id) ? found : missing));
  }

  private async assertFitsOnceReady(row: Partial<SessionRow>): Promise<void> {
    await this.runner.ready();
    this.assertFits(row);
  }

  /** A value that is cut is a value that is lost: what does not fit is refused before any SQL. */
  private assertFits(row: Partial<SessionRow>): void {
    for (const { field, assertFits } of this.runner.check().limited) assertFits?.(row[field]);
  }

  /** An id that does not fit is that of no row. */
  private assertDataFits({ data, userId }: Contract.SessionChange): void {
    this.assertFits({ data, userId });
  }

  private async need(field: SessionField, purpose: string): Promise<void> {
    const { columns, metadata } = await this.runner.ready();
    if (columns[field]) return;
    throw new SessionEntityError(
      `To ${purpose}, the entity "${metadata.name}" needs a column for ${field}. Add it and name it in \`columns.${field}\`.`,
    );
  }
}

const toId = (id: string) => ({ id });
const idOf = ({ id }: { readonly id: string }): string => id;

/** Whether the database has said that it did not do it; an answer that was lost says nothing. */
function isUndone(error: unknown): boolean {
  return error instanceof SessionUnavailableError && (error.isRefusal || isTransient(error.cause));
}

async function mapInSequence<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) results.push(await work(item, index));
  return results;
}
