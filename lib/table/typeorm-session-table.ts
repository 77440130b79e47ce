import { SessionEntityError, SessionUnavailableError } from '../session.errors.js';
import { isUndone } from './failure-kind.js';
import { isLocked, MultiRowWriter, splitIfLocked, unlessLocked, type RowState } from './writing/multi-row-writer.js';
import type { Values } from './sql/bound-statement.js';
import { inspectTable } from './entity/actual-table.js';
import { clearRows } from './writing/clear-rows.js';
import { mapInSequence } from './writing/map-in-sequence.js';
import type { DataSourceLifecycle } from './data-source-lifecycle.js';
import type * as Contract from './session-table.js';
import { HOUR_MS, type SessionField, type SessionRow } from './session-row.js';
import { SplitBatchError, type SaveOutcome, type SessionTable } from './session-table.js';
import { SessionLocks } from './session-locks.js';
import { MAX_ROWS } from './sql/statement.js';
import { StatementRunner, type StatementRunnerOptions } from './statement-runner.js';
import { classifyMissedTouch, whyMissed } from './writing/missed-touch.js';
import { updateOrInsert } from './writing/update-or-insert.js';
import type { MultiRowName, StatementName } from './sql/dialect.js';

/** Ids of this form differ under every collation. */
const HASH = /^[0-9a-f]{64}$/;
const ALIKE = 'The database takes this session id for that of another row. Give the id column a collation that tells them apart.';

/** `SessionTable` over a TypeORM data source. It waits for no row that another transaction holds, or only briefly. */
export class TypeOrmSessionTable implements SessionTable<'locked'> {
  private readonly runner: StatementRunner;
  private readonly writer: MultiRowWriter;
  private readonly locks: SessionLocks;

  constructor(
    database: DataSourceLifecycle,
    private readonly options: StatementRunnerOptions,
  ) {
    this.runner = new StatementRunner(database, options);
    this.writer = new MultiRowWriter(this.runner);
    this.locks = new SessionLocks(options.timeoutMs);
  }

  /** Looks at the entity of an open data source. Throws `SessionEntityError` if it cannot hold sessions. */
  check(): void {
    this.runner.check();
  }

  /** What is slow or missing in the database. Rejects with `SessionEntityError` for what can never work. */
  async inspect(): Promise<string[]> {
    return inspectTable(await this.runner.ready(), this.options.hashIds ?? false);
  }

  async fields(): Promise<ReadonlySet<SessionField>> {
    const { columns } = await this.runner.ready();
    return new Set(Object.keys(columns) as SessionField[]);
  }

  batchSize(operation: Contract.MultiRowOperation, rows: number): number {
    return this.runner.batchSize(operation, rows);
  }

  /** Not `async`: a lone read is the commonest question of all, and each wait on its way costs it as much as its hash. */
  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    const [first] = ids;
    return ids.length === 1 ? this.findOne(first!, now) : this.findSeveral(ids, now);
  }

  async findAny(ids: readonly string[], now: number): Promise<SessionRow | undefined> {
    const rows = await (this.fitsBatch('find', ids) ? this.findTogether(ids, now) : this.findSeveral(ids.toReversed(), now));
    return ids.map((id) => rows.find((row) => row?.id === id)).find(Boolean);
  }

  async findPrevious(previousId: string, now: number): Promise<SessionRow | undefined> {
    const [row] = await this.runner.read('findPrevious', { previousId, previousUntil: now, now });
    return row?.previousId === previousId ? row : undefined;
  }

  async insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict' | 'locked')[]> {
    if (this.fitsBatch('insert', rows.map(idOf))) {
      this.assertAllFit(rows);
      // All of them or, with an error, none.
      await splitIfLocked(() => this.runner.batch('insert', rows));
      return rows.map(() => 'saved');
    }
    return mapInSequence(rows, async (row) => {
      await this.assertFitsOnceReady(row);
      return this.unlessTaken(row.id, async (): Promise<'saved'> => {
        await this.runner.write('insert', row);
        return 'saved';
      });
    });
  }

  async update(changes: readonly Contract.SessionChange[]): Promise<(SaveOutcome | 'locked')[]> {
    const { dialect } = await this.runner.ready();
    const missed = ({ version }: Contract.SessionChange, state: RowState): SaveOutcome | 'locked' => {
      if (!state) return 'gone';
      return version === undefined || state.version === version ? 'locked' : 'conflict';
    };
    const isVersioned = changes.every(({ version }) => version !== undefined);
    const operation = dialect.updateInPlace && changes.every(({ isInPlace }) => isInPlace) ? 'updateInPlace' : 'update';
    if (isVersioned && this.fitsBatch(operation, changes.map(idOf))) {
      this.assertAllFit(changes, 'id');
      return this.writer.write({ operation, rows: changes, done: 'saved', missed });
    }
    return mapInSequence(changes, async (change) => {
      this.assertFits(change, 'id');
      const outcome = await this.change(change.version === undefined ? 'overwrite' : operation, change, 'saved');
      return outcome ?? missed(change, await this.stateOf(change.id));
    });
  }

  async upsert(rows: readonly SessionRow[]): Promise<('saved' | 'locked')[]> {
    if (this.fitsBatch('upsert', rows.map(idOf))) {
      this.assertAllFit(rows);
      return this.writer.write({ operation: 'upsert', rows, done: 'saved', missed: (): 'locked' => 'locked' });
    }
    return mapInSequence(rows, async (row) => {
      await this.assertFitsOnceReady(row);
      const { dialect } = await this.runner.ready();
      if (!dialect.upsert) return updateOrInsert(this, row);
      return unlessLocked(async (): Promise<'saved'> => {
        if ((await this.runner.write('upsert', row)) === 0) throw new SessionUnavailableError(ALIKE);
        return 'saved';
      });
    });
  }

  async touch(touches: readonly Contract.SessionTouch[], now: number): Promise<(SaveOutcome | 'locked')[]> {
    const operation = touches.every(({ pruneAfter }) => pruneAfter === undefined) ? 'touchInHour' : 'touch';
    if (this.fitsBatch(operation, touches.map(idOf))) {
      const missed = (_: unknown, state: RowState) => (state ? 'locked' : 'gone');
      const outcomes = await this.writer.write({ operation, rows: touches, done: 'saved', missed, values: { now } });
      const unmoved = touches.filter((_, index) => outcomes[index] !== 'saved');
      const rows = await this.find(unmoved.map(idOf), now);
      const reasons = unmoved.map((touch, index) => whyMissed(rows[index], touch));
      return outcomes.map((outcome) => (outcome === 'saved' ? outcome : reasons.shift()!));
    }
    return mapInSequence(touches, async (touch) => {
      const { columns, dialect } = await this.runner.ready();
      if (!columns.expiresAt && !columns.lastSeenAt) return (await this.exists(touch.id)) ? 'saved' : 'gone';
      const outcome = await this.change(operation, { ...touch, now }, 'saved');
      if (outcome) return outcome;
      const [row] = await this.find([touch.id], now);
      return dialect.skipsLocked ? whyMissed(row, touch) : classifyMissedTouch(row, touch);
    });
  }

  changeId(moves: readonly Contract.SessionMove[]): Promise<(SaveOutcome | 'locked')[]> {
    return mapInSequence(moves, async (move) => {
      await this.assertFitsOnceReady({ id: move.newId });
      try {
        return await this.unlessTaken(move.newId, async () => {
          return (await this.change('changeId', { ...move }, 'saved')) ?? this.goneUnlessSkipped(move.id);
        });
      } catch (error) {
        // The move may have been made, and only its answer did not get here: then the row that has the new id is ours.
        const mayBeMade = error instanceof SessionUnavailableError && !isUndone(error);
        if (mayBeMade && (await this.exists(move.newId)) && !(await this.exists(move.id))) return 'saved';
        throw error;
      }
    });
  }

  async remove(ids: readonly string[]): Promise<('removed' | 'gone' | 'locked')[]> {
    if (this.fitsBatch('remove', ids)) {
      const missed = (_: unknown, state: RowState) => (state ? 'locked' : 'gone');
      return this.writer.write({ operation: 'remove', rows: ids.map(toId), done: 'removed', missed });
    }
    return mapInSequence(ids, async (id) => (await this.change('remove', { id }, 'removed')) ?? this.goneUnlessSkipped(id));
  }

  removeHandle(handle: string): Promise<'removed' | 'gone' | 'locked'> {
    return unlessLocked(async () => ((await this.runner.write('removeHandle', { handle })) > 0 ? 'removed' : 'gone'));
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
    return this.runner.read((shape) => shape.dialect.scan(shape, limit, after === undefined), { after, limit, now });
  }

  async ids({ after, limit }: { after?: string | undefined; limit: number }): Promise<string[]> {
    const rows = await this.runner.read((shape) => shape.dialect.idsInOrder(shape, limit, after === undefined), { after, limit });
    return rows.map(idOf);
  }

  async count({ userId, now }: { userId?: string | undefined; now: number }): Promise<number> {
    if (userId === undefined) return this.runner.number('count', { now });
    await this.need('userId', 'count the sessions of a user');
    return (await this.runner.read('idsOfUser', { userId, now })).filter((row) => row.userId === userId).length;
  }

  clear(): Promise<void> {
    return clearRows(this.runner, this.options.timeoutMs);
  }

  async prune({ now, limit }: { now: number; limit: number }): Promise<number> {
    const { columns, dialect } = await this.runner.ready();
    if (!columns.expiresAt && !columns.pruneAfter) return 0;
    const values = { now, pruneHour: Math.floor(now / HOUR_MS), limit };
    if (dialect.prune) return this.runner.write('prune', values);
    const expired = await this.runner.read((shape) => dialect.expired(shape, limit), values);
    const outcomes = await this.remove(expired.map(idOf));
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
    return this.findTogether(ids, now);
  }

  private async findTogether(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    const rows = await this.runner.readBatch('find', ids.map(toId), { now });
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id));
  }

  /**
   * Changes the row under exactly this id; where the dialect cannot compare exactly, the row is looked at first. `undefined`
   * where nothing has changed.
   */
  private async change<const Done extends string>(
    name: StatementName,
    values: Values & { readonly id: string },
    done: Done,
  ): Promise<Done | 'locked' | undefined> {
    const { dialect } = await this.runner.ready();
    if (!dialect.isExact && !HASH.test(values.id) && !(await this.exists(values.id))) return undefined;
    return unlessLocked(async () => ((await this.runner.write(name, values)) > 0 ? done : undefined));
  }

  /** What became of a row that a write has not changed, where no version is asked for. */
  private async goneUnlessSkipped(id: string): Promise<'gone' | 'locked'> {
    const { dialect } = await this.runner.ready();
    return dialect.skipsLocked && (await this.exists(id)) ? 'locked' : 'gone';
  }

  /** Only the database knows why it refused a new id; whether it is taken it can be asked. */
  private async unlessTaken<Outcome>(id: string, write: () => Promise<Outcome>): Promise<Outcome | 'conflict' | 'locked'> {
    try {
      return await write();
    } catch (error) {
      if (isLocked(error)) return 'locked';
      if (isUndone(error) && (await this.exists(id))) return 'conflict';
      throw error;
    }
  }

  private async stateOf(id: string): Promise<RowState> {
    const [row] = await this.runner.read('findId', { id });
    return row?.id === id ? row : undefined;
  }

  private async exists(id: string): Promise<boolean> {
    return (await this.stateOf(id)) !== undefined;
  }

  /**
   * Whether one statement can do it for all of these rows: hashes differ under every collation, and no row comes twice. A read may find
   * more than it looks for.
   */
  private fitsBatch(operation: MultiRowName, ids: readonly string[]): boolean {
    if (ids.length < 2 || ids.length > this.runner.batchSize(operation, MAX_ROWS)) return false;
    const isText = operation === 'find' && this.runner.check().columns.id.isText;
    return (isText || ids.every((id) => HASH.test(id))) && new Set(ids).size === ids.length;
  }

  private async assertFitsOnceReady(row: Partial<SessionRow>): Promise<void> {
    await this.runner.ready();
    this.assertFits(row);
  }

  /**
   * A value that is cut is a value that is lost: what does not fit is refused before any SQL. Except for the id of a change: one that
   * does not fit is that of no row.
   */
  private assertFits(row: Partial<SessionRow>, except?: 'id'): void {
    for (const { field, assertFits } of this.runner.check().limited) if (field !== except) assertFits?.(row[field]);
  }

  /** One that does not fit must not fail its neighbours. */
  private assertAllFit(rows: readonly Partial<SessionRow>[], except?: 'id'): void {
    try {
      for (const row of rows) this.assertFits(row, except);
    } catch (error) {
      throw new SplitBatchError(error);
    }
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
