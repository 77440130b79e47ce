import type * as Contract from '../../table/session-table.js';
import type { SaveOutcome, SessionField, SessionRow, SessionTable } from '../../table/session-table.js';
import { BatchQueue } from './batch-queue.js';
import type { ResolvedSessionOptions } from '../options/session-options.js';

/** Characters of data from which a row travels by itself, so that no statement gets longer than a megabyte. */
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

/** Puts a batcher in front of a table, with a clock that stands still while the event loop is blocked; not where ids are plain, because those may compare as equal though they differ. */
export function batched(table: SessionTable, { hashIds, operationTimeoutMs }: ResolvedSessionOptions, now: () => number): SessionTable {
  return hashIds ? new BatchingSessionTable(table, operationTimeoutMs, now) : table;
}

/**
 * A `SessionTable` in front of a `SessionTable`: what waits while the database works leaves in one statement. Nothing is
 * answered before the table has answered it, and each row gets its own answer. Ids have to be hashes.
 */
class BatchingSessionTable implements SessionTable {
  private readonly reads;
  private readonly inserts;
  private readonly updates;
  private readonly touches;
  private readonly removals;

  constructor(
    private readonly table: SessionTable,
    timeoutMs: number,
    now: () => number,
  ) {
    this.reads = new BatchQueue<Read, SessionRow | undefined>({
      timeoutMs,
      now,
      size: (waiting) => table.batchSize('find', waiting),
      keyOf: idOf,
      join: (a, b) => ({ id: a.id, now: Math.max(a.now, b.now) }),
      send: (reads) => table.find(reads.map(idOf), latest(reads)),
    });
    this.inserts = new BatchQueue<SessionRow, 'saved' | 'conflict'>({
      timeoutMs,
      now,
      size: (waiting) => table.batchSize('insert', waiting),
      keyOf: idOf,
      isAlone: isLong,
      send: (rows) => table.insert(rows),
    });
    this.updates = new BatchQueue<Contract.SessionChange, SaveOutcome>({
      timeoutMs,
      now,
      size: (waiting) => table.batchSize('update', waiting),
      keyOf: idOf,
      isAlone: (change) => change.version === undefined || change.isRetry === true || isLong(change),
      send: (changes) => table.update(changes),
    });
    this.touches = new BatchQueue<Touch, SaveOutcome>({
      timeoutMs,
      now,
      size: (waiting) => table.batchSize('touch', waiting),
      keyOf: ({ touch }) => touch.id,
      join: (a, b) => ({ touch: later(a.touch, b.touch), now: Math.max(a.now, b.now) }),
      send: (touches) =>
        table.touch(
          touches.map(({ touch }) => touch),
          latest(touches),
        ),
    });
    this.removals = new BatchQueue<string, 'removed' | 'gone'>({
      timeoutMs,
      now,
      size: (waiting) => table.batchSize('remove', waiting),
      keyOf: (id) => id,
      send: (ids) => table.remove(ids),
    });
  }

  batchSize(operation: Contract.MultiRowOperation, rows: number): number {
    return this.table.batchSize(operation, rows);
  }

  fields(): Promise<ReadonlySet<SessionField>> {
    return this.table.fields();
  }

  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    return each(ids, (id) => this.reads.submit({ id, now }));
  }

  findPrevious(previousId: string, now: number): Promise<SessionRow | undefined> {
    return this.table.findPrevious(previousId, now);
  }

  insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict')[]> {
    return each(rows, (row) => this.inserts.submit(row));
  }

  update(changes: readonly Contract.SessionChange[]): Promise<SaveOutcome[]> {
    return each(changes, (change) => this.updates.submit(change));
  }

  upsert(rows: readonly SessionRow[]): Promise<'saved'[]> {
    return this.table.upsert(rows);
  }

  touch(touches: readonly Contract.SessionTouch[], now: number): Promise<SaveOutcome[]> {
    return each(touches, (touch) => this.touches.submit({ touch, now }));
  }

  changeId(moves: readonly Contract.SessionMove[]): Promise<SaveOutcome[]> {
    return this.table.changeId(moves);
  }

  remove(ids: readonly string[]): Promise<('removed' | 'gone')[]> {
    return each(ids, (id) => this.removals.submit(id));
  }

  removeHandle(handle: string): Promise<'removed' | 'gone'> {
    return this.table.removeHandle(handle);
  }

  page(page: Contract.SessionPage): Promise<SessionRow[]> {
    return this.table.page(page);
  }

  scan(scan: Parameters<SessionTable['scan']>[0]): Promise<SessionRow[]> {
    return this.table.scan(scan);
  }

  count(count: Parameters<SessionTable['count']>[0]): Promise<number> {
    return this.table.count(count);
  }

  clear(): Promise<void> {
    return this.table.clear();
  }

  prune(prune: Parameters<SessionTable['prune']>[0]): Promise<number> {
    return this.table.prune(prune);
  }

  lock(request: Contract.LockRequest): Promise<Contract.HeldLock | undefined> {
    return this.table.lock(request);
  }

  ping(): Promise<void> {
    return this.table.ping();
  }
}

/** Almost always there is one, whose answer needs nothing more done to it. */
function each<Item, Outcome>(items: readonly Item[], submit: (item: Item) => Promise<Outcome[]>): Promise<Outcome[]> {
  return items.length === 1 ? submit(items[0]!) : Promise.all(items.map(async (item) => (await submit(item))[0]!));
}

const latest = (items: readonly { readonly now: number }[]): number => items.reduce((now, item) => Math.max(now, item.now), -Infinity);

/** One touch that moves a row as far as both would. */
function later(a: Contract.SessionTouch, b: Contract.SessionTouch): Contract.SessionTouch {
  const max = (one: number | undefined, other: number | undefined) => (one === undefined ? other : Math.max(one, other ?? one));
  return {
    id: a.id,
    expiresAt: max(a.expiresAt, b.expiresAt),
    pruneAfter: max(a.pruneAfter, b.pruneAfter),
    lastSeenAt: max(a.lastSeenAt, b.lastSeenAt),
    unseenSince: max(a.unseenSince, b.unseenSince),
  };
}
