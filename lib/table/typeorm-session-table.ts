import { SessionUnavailableError } from '../session.errors.js';
import { isUndone } from './failure-kind.js';
import { TableReader, toId } from './reading/table-reader.js';
import { MultiRowWriter, splitIfLocked, unlessLocked, type RowState } from './writing/multi-row-writer.js';
import { RowWriter } from './writing/row-writer.js';
import { inspectTable } from './entity/actual-table.js';
import { clearRows } from './writing/clear-rows.js';
import { addressesOf, isKnownClient } from './writing/client-of-row.js';
import { mapInSequence } from './writing/map-in-sequence.js';
import type { DataSourceLifecycle } from './data-source-lifecycle.js';
import type * as Contract from './session-table.js';
import { isHash, type SessionField, type SessionRow } from './session-row.js';
import type { SaveOutcome, SessionTable } from './session-table.js';
import { poolSizeOf, SessionLocks } from './session-locks.js';
import { StatementRunner, type StatementRunnerOptions } from './statement-runner.js';
import { assertAllFit, assertFits } from './writing/fit.js';
import { droppedRowError } from './writing/dropped-row-error.js';
import { classifyMissedTouch, whyMissed } from './writing/missed-touch.js';
import { pruneRows } from './writing/prune-rows.js';
import { obstacleTo, withinLimit } from './writing/within-limit.js';
import { IDS_ALIKE, updateOrInsert } from './writing/update-or-insert.js';

/** `SessionTable` over a TypeORM data source. It waits for no row that another transaction holds, or only briefly. */
export class TypeOrmSessionTable implements SessionTable<'locked'> {
  private readonly runner: StatementRunner;
  private readonly reader: TableReader;
  private readonly writer: MultiRowWriter;
  private readonly rows: RowWriter;
  private readonly locks: SessionLocks;

  constructor(
    private readonly database: DataSourceLifecycle,
    private readonly options: StatementRunnerOptions,
  ) {
    this.runner = new StatementRunner(database, options);
    this.reader = new TableReader(this.runner);
    this.writer = new MultiRowWriter(this.runner);
    this.rows = new RowWriter(this.runner, this.reader);
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

  maxInFlight(): number {
    // The other half of the connections is the application's.
    return Math.max(2, Math.floor(poolSizeOf(this.database.dataSource) / 2));
  }

  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    return this.reader.find(ids, now);
  }

  findAny(ids: readonly string[], now: number): Promise<SessionRow | undefined> {
    return this.reader.findAny(ids, now);
  }

  findPrevious(previousId: string, now: number): Promise<SessionRow | undefined> {
    return this.reader.findPrevious(previousId, now);
  }

  async insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict' | 'locked')[]> {
    if (this.reader.fitsBatch('insert', rows.map(idOf))) {
      assertAllFit(this.runner.check(), rows);
      // All of them or, with an error, none: but a trigger may leave one out.
      const written = await splitIfLocked(() => this.runner.batch('insert', rows));
      if (written?.length !== rows.length) await this.writer.assertThere(rows, droppedRowError(this.runner.check()));
      return rows.map(() => 'saved');
    }
    return mapInSequence(rows, async (row) => {
      await this.assertFitsOnceReady(row);
      return this.rows.unlessTaken(row.id, async (): Promise<'saved'> => {
        // A trigger may have left it out, or put it into a part of the table itself.
        if ((await this.runner.write('insert', row)) === 0 && !(await this.reader.exists(row.id)))
          throw droppedRowError(this.runner.check());
        return 'saved';
      });
    });
  }

  async update(changes: readonly Contract.SessionChange[]): Promise<(SaveOutcome | 'locked')[]> {
    const { dialect } = await this.runner.ready();
    const missed = (change: Contract.SessionChange, state: RowState): SaveOutcome | 'locked' => obstacleTo(change, state) ?? 'locked';
    const isVersioned = changes.every(({ version }) => version !== undefined);
    const operation = dialect.updateInPlace && changes.every(({ isInPlace }) => isInPlace) ? 'updateInPlace' : 'update';
    if (isVersioned && this.reader.fitsBatch(operation, changes.map(idOf))) {
      assertAllFit(this.runner.check(), changes, 'id');
      return this.writer.write({ operation, rows: changes, done: 'saved', missed, alone: (change) => this.updateOne(operation, change) });
    }
    return mapInSequence(changes, (change) => this.updateOne(operation, change));
  }

  private async updateOne(operation: 'update' | 'updateInPlace', change: Contract.SessionChange): Promise<SaveOutcome | 'locked'> {
    const { dialect } = this.runner.check();
    assertFits(this.runner.check(), change, 'id');
    if (change.version === undefined) return this.rows.changeAny('overwrite', change, 'saved');
    const outcome = await this.rows.change(operation, change, 'saved');
    if (outcome) return outcome;
    const obstacle = obstacleTo(change, await this.reader.stateOf(change.id));
    if (obstacle || dialect.skipsLocked) return obstacle ?? 'locked';
    // Nobody has changed it, and it was not passed over: versions never go back.
    throw droppedRowError(this.runner.check());
  }

  async insertWithin(row: SessionRow, limit: Contract.UserLimit): Promise<'saved' | 'conflict' | 'full' | 'locked'> {
    await this.assertFitsOnceReady(row);
    const { dialect } = await this.runner.ready();
    const taken = async () => ((await this.reader.exists(row.id)) ? ('conflict' as const) : undefined);
    const wanted = { row, limit, timeoutMs: this.options.timeoutMs, obstacle: taken };
    if (!dialect.insertWithin) return withinLimit(this, wanted, async () => (await this.insert([row]))[0]!);
    const values = { ...row, now: limit.now, count: limit.sessions };
    const write = async () => ((await this.runner.write('insertWithin', values)) > 0 ? 'saved' : ((await taken()) ?? 'full'));
    return this.rows.unlessTaken(row.id, write);
  }

  async updateWithin(change: Contract.SessionChange, limit: Contract.UserLimit): Promise<SaveOutcome | 'full' | 'locked'> {
    const { dialect } = await this.runner.ready();
    const obstacle = async () => obstacleTo(change, await this.reader.stateOf(change.id));
    const wanted = { row: change, limit, timeoutMs: this.options.timeoutMs, obstacle };
    if (!dialect.updateWithin) return withinLimit(this, wanted, async () => (await this.update([change]))[0]!);
    assertFits(this.runner.check(), change, 'id');
    const name = change.version === undefined ? 'overwriteWithin' : 'updateWithin';
    const outcome = await this.rows.change(name, { ...change, now: limit.now, count: limit.sessions }, 'saved');
    return outcome ?? (await obstacle()) ?? 'full';
  }

  async upsert(rows: readonly SessionRow[]): Promise<('saved' | 'locked')[]> {
    if (this.reader.fitsBatch('upsert', rows.map(idOf))) {
      assertAllFit(this.runner.check(), rows);
      const missed = (): 'locked' => 'locked';
      return this.writer.write({ operation: 'upsert', rows, done: 'saved', missed, alone: (row) => this.upsertOne(row) });
    }
    return mapInSequence(rows, (row) => this.upsertOne(row));
  }

  private async upsertOne(row: SessionRow): Promise<'saved' | 'locked'> {
    await this.assertFitsOnceReady(row);
    const { dialect } = await this.runner.ready();
    if (!dialect.upsert) return updateOrInsert(this, row);
    return unlessLocked(async (): Promise<'saved'> => {
      if ((await this.runner.write('upsert', row)) > 0) return 'saved';
      // Hashes are never alike.
      throw isHash(row.id) ? droppedRowError(this.runner.check()) : new SessionUnavailableError(IDS_ALIKE);
    });
  }

  async touch(touches: readonly Contract.SessionTouch[], now: number): Promise<(SaveOutcome | 'locked')[]> {
    const operation = touches.every(({ pruneAfter }) => pruneAfter === undefined) ? 'touchInHour' : 'touch';
    if (this.reader.fitsBatch(operation, touches.map(idOf))) {
      const missed = (_: unknown, state: RowState) => (state ? 'locked' : 'gone');
      const outcomes = await this.writer.write({ operation, rows: touches, done: 'saved', missed, values: { now } });
      const unmoved = touches.filter((_, index) => outcomes[index] !== 'saved');
      const rows = await this.find(unmoved.map(idOf), now);
      const reasons = unmoved.map((touch, index) => whyMissed(rows[index], touch));
      return outcomes.map((outcome) => (outcome === 'saved' ? outcome : reasons.shift()!));
    }
    return mapInSequence(touches, async (touch) => {
      const { columns, dialect } = await this.runner.ready();
      if (!columns.expiresAt && !columns.lastSeenAt) return (await this.reader.exists(touch.id)) ? 'saved' : 'gone';
      const outcome = await this.rows.change(operation, { ...touch, now }, 'saved');
      if (outcome) return outcome;
      const [row] = await this.find([touch.id], now);
      return dialect.skipsLocked ? whyMissed(row, touch) : classifyMissedTouch(row, touch);
    });
  }

  changeId(moves: readonly Contract.SessionMove[]): Promise<(SaveOutcome | 'locked')[]> {
    return mapInSequence(moves, async ({ id, newId, missing, ...previous }) => {
      await this.assertFitsOnceReady({ ...missing, id: newId });
      const name = missing ? 'adoptId' : 'changeId';
      const values = { id, newId, ...previous, ...missing };
      try {
        return await this.rows.unlessTaken(newId, () => this.rows.changeAny(name, values, 'saved'));
      } catch (error) {
        // The move may have been made, and only its answer did not get here: then the row that has the new id is ours.
        const mayBeMade = error instanceof SessionUnavailableError && !isUndone(error);
        if (mayBeMade && (await this.reader.exists(newId)) && !(await this.reader.exists(id))) return 'saved';
        throw error;
      }
    });
  }

  addressesOf(query: Contract.AgentQuery): Promise<(string | null)[]> {
    return addressesOf(this.runner, query);
  }

  async setClient(change: Contract.ClientChange): Promise<'saved' | 'gone' | 'locked'> {
    const isKnown = isKnownClient(await this.runner.ready(), change);
    return isKnown ? 'saved' : this.rows.changeAny('setClient', { ...change }, 'saved');
  }

  async remove(ids: readonly string[]): Promise<('removed' | 'gone' | 'locked')[]> {
    if (this.reader.fitsBatch('remove', ids)) {
      const missed = (_: unknown, state: RowState) => (state ? 'locked' : 'gone');
      return this.writer.write({
        operation: 'remove',
        rows: ids.map(toId),
        done: 'removed',
        missed,
        alone: ({ id }) => this.removeOne(id),
      });
    }
    return mapInSequence(ids, (id) => this.removeOne(id));
  }

  private removeOne(id: string): Promise<'removed' | 'gone' | 'locked'> {
    return this.rows.changeAny('remove', { id }, 'removed');
  }

  removeHandle(handle: string): Promise<'removed' | 'gone' | 'locked'> {
    return this.rows.removeHandle(handle);
  }

  page(page: Contract.SessionPage): Promise<SessionRow[]> {
    return this.reader.page(page);
  }

  locate(search: Contract.SessionSearch): Promise<SessionRow[]> {
    return this.reader.locate(search);
  }

  scan(scan: Parameters<SessionTable['scan']>[0]): Promise<SessionRow[]> {
    return this.reader.scan(scan);
  }

  ids(scan: { after?: string | undefined; limit: number }): Promise<string[]> {
    return this.reader.ids(scan);
  }

  count(count: Parameters<SessionTable['count']>[0]): Promise<number> {
    return this.reader.count(count);
  }

  clear(): Promise<void> {
    return clearRows(this.runner, (id) => this.removeOne(id), this.options.timeoutMs);
  }

  prune(prune: Parameters<SessionTable['prune']>[0]): Promise<number> {
    return pruneRows(this.runner, this, prune);
  }

  async lock(request: Contract.LockRequest): Promise<Contract.HeldLock | undefined> {
    return this.locks.acquire(await this.runner.ready(), request);
  }

  /** Ends all locks. To be called before the data source is closed, which would look as if the database took them away. */
  endLocks(): Promise<void> {
    return this.locks.endAll();
  }

  async ping(): Promise<void> {
    await this.reader.exists('');
  }

  private async assertFitsOnceReady(row: Partial<SessionRow>): Promise<void> {
    assertFits(await this.runner.ready(), row);
  }
}

const idOf = ({ id }: { readonly id: string }): string => id;
