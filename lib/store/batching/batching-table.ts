import type * as Contract from '../../table/session-table.js';
import type { SessionField, SessionRow } from '../../table/session-row.js';
import type { SaveOutcome, SessionTable } from '../../table/session-table.js';
import { BatchQueue } from './batch-queue.js';
import { CrowdedTurn } from './crowded-turn.js';
import { Distance } from './distance.js';
import { untilUnlocked } from './until-unlocked.js';
import { later } from './later-touch.js';
import type { QueueRules } from './queue-entry.js';
import type { ResolvedSessionOptions } from '../options/session-options.js';
import type { StoreTable } from '../caching/store-table.js';

/** Characters of data from which a row gets a statement of its own, so that no statement is longer than a megabyte. */
const MAX_BATCHED_LENGTH = 16_384;

interface Read {
  readonly id: string;
  readonly now: number;
}

interface Touch {
  readonly touch: Contract.SessionTouch;
  readonly now: number;
}

const isLong = ({ data }: { readonly data: string }): boolean => data.length > MAX_BATCHED_LENGTH;
const idOf = ({ id }: { readonly id: string }): string => id;

/** Runs the queries of the table. `isSilent` if the table may answer without a query to the database. */
interface Watcher {
  watch<T>(query: () => Promise<T>, isSilent?: boolean): Promise<T>;
}

/** Hears of each statement that leaves, and how long the first of its operations has waited, in milliseconds. */
interface BatchReporter {
  batch(operation: string, size: number, waitedMs: number): void;
}

const NOBODY: Watcher = { watch: (query) => query() };

/**
 * Puts a batcher in front of a table. Each plain id gets a statement of its own, because two may compare as equal though they differ.
 * `now` is a clock that stands still while the event loop is blocked. Every query runs through the watcher.
 */
export function batched(
  table: SessionTable<'locked'>,
  { hashIds, operationTimeoutMs }: ResolvedSessionOptions,
  now: () => number,
  watcher = NOBODY,
  reporter: () => BatchReporter | undefined = () => undefined,
): StoreTable {
  return new BatchingSessionTable(table, operationTimeoutMs, now, hashIds !== false, watcher, reporter);
}

/**
 * A `SessionTable` in front of a `SessionTable`: operations that wait are sent in one statement, and an operation on a row that
 * another transaction has locked is repeated until the row is free. Nothing is answered before the table has answered it, and
 * each row gets its own answer.
 */
class BatchingSessionTable implements StoreTable {
  private readonly reads;
  private readonly inserts;
  private readonly updates;
  private readonly touches;
  private readonly upserts;
  private readonly removals;
  private readonly moves;
  private readonly handles;
  private readonly clients;

  constructor(
    private readonly table: SessionTable<'locked'>,
    private readonly timeoutMs: number,
    private readonly now: () => number,
    hashIds: boolean,
    private readonly watcher: Watcher,
    reporter: () => BatchReporter | undefined,
  ) {
    const onSend =
      (operation: string): NonNullable<QueueRules<never, never>['onSend']> =>
      (size, waited) => {
        const report = reporter();
        if (report)
          report.batch(
            operation,
            size,
            waited.reduce((longest, { since }) => Math.max(longest, now() - since), 0),
          );
      };
    const sizeOf = (operation: Contract.MultiRowOperation) => (waiting: number) => (hashIds ? table.batchSize(operation, waiting) : 1);
    const alone = () => 1;
    const shared = { timeoutMs, now, turn: new CrowdedTurn() };
    const distance = new Distance(() => table.maxInFlight());
    const limit = () => distance.limit();
    this.reads = new BatchQueue<Read, SessionRow | undefined>({
      ...shared,
      onSend: onSend('find'),
      size: sizeOf('find'),
      limit,
      // The time of a read is almost only the round trip.
      measure: (ms) => distance.measure(ms),
      keyOf: idOf,
      join: (a, b) => ({ id: a.id, now: Math.max(a.now, b.now) }),
      send: (reads) => watcher.watch(() => table.find(reads.map(idOf), latest(reads))),
    });
    this.inserts = new BatchQueue<SessionRow, 'saved' | 'conflict'>({
      ...shared,
      onSend: onSend('insert'),
      size: sizeOf('insert'),
      limit,
      keyOf: idOf,
      isAlone: isLong,
      send: (rows) => watcher.watch(() => table.insert(rows)),
    });
    this.updates = new BatchQueue<Contract.SessionChange, SaveOutcome>({
      ...shared,
      onSend: onSend('update'),
      size: sizeOf('update'),
      limit,
      keyOf: idOf,
      isAlone: (change) => change.version === undefined || change.isRetry === true || isLong(change),
      send: (changes) => watcher.watch(() => table.update(changes)),
    });
    // Sets of one id happen in the order of their calls: the last one stands.
    this.upserts = new BatchQueue<SessionRow, 'saved'>({
      ...shared,
      onSend: onSend('upsert'),
      size: sizeOf('upsert'),
      limit,
      keyOf: idOf,
      isAlone: isLong,
      send: (rows) => watcher.watch(() => table.upsert(rows)),
    });
    this.touches = new BatchQueue<Touch, SaveOutcome>({
      ...shared,
      onSend: onSend('touch'),
      size: sizeOf('touch'),
      limit,
      keyOf: ({ touch }) => touch.id,
      join: (a, b) => ({ touch: later(a.touch, b.touch), now: Math.max(a.now, b.now) }),
      send: (touches) => {
        const moved = touches.map(({ touch }) => touch);
        return watcher.watch(() => table.touch(moved, latest(touches)));
      },
    });
    this.removals = new BatchQueue<string, 'removed' | 'gone'>({
      ...shared,
      onSend: onSend('remove'),
      size: sizeOf('remove'),
      limit,
      keyOf: (id) => id,
      send: (ids) => watcher.watch(() => table.remove(ids)),
    });
    this.moves = new BatchQueue<Contract.SessionMove, SaveOutcome>({
      ...shared,
      onSend: onSend('changeId'),
      size: alone,
      keyOf: idOf,
      send: (moves) => watcher.watch(() => table.changeId(moves)),
    });
    this.handles = new BatchQueue<string, 'removed' | 'gone'>({
      ...shared,
      onSend: onSend('removeHandle'),
      size: alone,
      keyOf: (handle) => handle,
      send: async ([handle]) => [await watcher.watch(() => table.removeHandle(handle!))],
    });
    this.clients = new BatchQueue<Contract.ClientChange, 'saved' | 'gone'>({
      ...shared,
      onSend: onSend('setClient'),
      size: alone,
      keyOf: idOf,
      send: async ([change]) => [await watcher.watch(() => table.setClient(change!), true)],
    });
  }

  batchSize(operation: Contract.MultiRowOperation, rows: number): number {
    return this.table.batchSize(operation, rows);
  }

  maxInFlight(): number {
    return this.table.maxInFlight();
  }

  fields(): Promise<ReadonlySet<SessionField>> {
    return this.watcher.watch(() => this.table.fields(), true);
  }

  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    return each(ids, (id) => this.reads.submit({ id, now }));
  }

  findAny(ids: readonly string[], now: number): Promise<SessionRow | undefined> {
    return this.watcher.watch(() => this.table.findAny(ids, now));
  }

  findPrevious(previousId: string, now: number): Promise<SessionRow | undefined> {
    return this.watcher.watch(() => this.table.findPrevious(previousId, now));
  }

  insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict')[]> {
    return each(rows, (row) => this.inserts.submit(row));
  }

  update(changes: readonly Contract.SessionChange[]): Promise<SaveOutcome[]> {
    return each(changes, (change) => this.updates.submit(change));
  }

  /** Not in a queue: a write that waits for others of its user must keep nobody else waiting. */
  insertWithin(row: SessionRow, limit: Contract.UserLimit): Promise<'saved' | 'conflict' | 'full'> {
    return untilUnlocked(() => this.watcher.watch(() => this.table.insertWithin(row, limit)), this.timeoutMs, this.now);
  }

  updateWithin(change: Contract.SessionChange, limit: Contract.UserLimit): Promise<SaveOutcome | 'full'> {
    return untilUnlocked(() => this.watcher.watch(() => this.table.updateWithin(change, limit)), this.timeoutMs, this.now);
  }

  upsert(rows: readonly SessionRow[]): Promise<'saved'[]> {
    return each(rows, (row) => this.upserts.submit(row));
  }

  touch(touches: readonly Contract.SessionTouch[], now: number): Promise<SaveOutcome[]> {
    return each(touches, (touch) => this.touches.submit({ touch, now }));
  }

  changeId(moves: readonly Contract.SessionMove[]): Promise<SaveOutcome[]> {
    return each(moves, (move) => this.moves.submit(move));
  }

  remove(ids: readonly string[]): Promise<('removed' | 'gone')[]> {
    return each(ids, (id) => this.removals.submit(id));
  }

  removeEach(ids: readonly string[]): Promise<'removed' | 'gone'>[] {
    return ids.map(async (id) => (await this.removals.submit(id, ids.length > 1))[0]!);
  }

  async removeHandle(handle: string): Promise<'removed' | 'gone'> {
    return (await this.handles.submit(handle))[0]!;
  }

  async setClient(change: Contract.ClientChange): Promise<'saved' | 'gone'> {
    return (await this.clients.submit(change))[0]!;
  }

  addressesOf(query: Contract.AgentQuery): Promise<(string | null)[]> {
    return this.watcher.watch(() => this.table.addressesOf(query));
  }

  page(page: Contract.SessionPage): Promise<SessionRow[]> {
    return this.watcher.watch(() => this.table.page(page));
  }

  locate(search: Contract.SessionSearch): Promise<SessionRow[]> {
    return this.watcher.watch(() => this.table.locate(search));
  }

  scan(scan: Parameters<SessionTable['scan']>[0]): Promise<SessionRow[]> {
    return this.watcher.watch(() => this.table.scan(scan));
  }

  ids(scan: Parameters<SessionTable['ids']>[0]): Promise<string[]> {
    return this.watcher.watch(() => this.table.ids(scan));
  }

  count(count: Parameters<SessionTable['count']>[0]): Promise<number> {
    return this.watcher.watch(() => this.table.count(count));
  }

  clear(): Promise<void> {
    return this.watcher.watch(() => this.table.clear());
  }

  prune(prune: Parameters<SessionTable['prune']>[0]): Promise<number> {
    return this.watcher.watch(() => this.table.prune(prune));
  }

  lock(request: Contract.LockRequest): Promise<Contract.HeldLock | undefined> {
    return this.watcher.watch(() => this.table.lock(request), true);
  }

  ping(): Promise<void> {
    return this.watcher.watch(() => this.table.ping());
  }
}

/** Almost always there is one, whose answer needs nothing more done to it. */
function each<Item, Outcome>(items: readonly Item[], submit: (item: Item) => Promise<Outcome[]>): Promise<Outcome[]> {
  return items.length === 1 ? submit(items[0]!) : Promise.all(items.map(async (item) => (await submit(item))[0]!));
}

const latest = (items: readonly { readonly now: number }[]): number => items.reduce((now, item) => Math.max(now, item.now), -Infinity);
