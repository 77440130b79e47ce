import type * as Contract from '../../table/session-table.js';
import type { SessionField, SessionRow } from '../../table/session-row.js';
import type { SaveOutcome, SessionTable } from '../../table/session-table.js';
import type { ResolvedCache } from '../options/cache-options.js';
import { EndNotices, type NoticeBoard } from './end-notices.js';
import { RecentRows } from './recent-rows.js';
import { SameTurn } from './same-turn.js';
import type { StoreTable } from './store-table.js';

/** What is known of sessions from reads of a moment ago. */
export interface SessionCache {
  /** As `SessionTable.find`; but the row of a read that began less than `ttl` ago may be the answer. */
  find(ids: readonly [string], now: number): Promise<(SessionRow | undefined)[]>;
  /** The next `find` of this key asks the database. */
  forget(key: string): void;
  /** The same for a session that has ended under another key, as far as its handle is known. */
  forgetHandle(handle: string | undefined): void;
  /** The same for all sessions of a user. */
  forgetUser(userId: string): void;
  /** The same for all sessions. */
  forgetAll(): void;
}

/** Hears of each read that the cache could have answered. */
interface CacheReporter {
  cacheRead(isHit: boolean): void;
}

/** What a cache needs beside its table and its options. */
interface CacheSurroundings {
  /** How processes hear of each other's ends; with `notify`. */
  readonly notices?: NoticeBoard | undefined;
  readonly reporter?: () => CacheReporter | undefined;
}

const idOf = ({ id }: { readonly id: string }): string => id;

/** A table, with a cache in front of it where the options ask for one. */
export function cached(
  table: StoreTable,
  options: false | ResolvedCache,
  surroundings: CacheSurroundings = {},
): { readonly table: StoreTable; readonly cache: SessionCache | undefined } {
  if (!options) return { table, cache: undefined };
  const caching = new CachingSessionTable(table, options, surroundings);
  return { table: caching, cache: caching.cache };
}

/**
 * A `StoreTable` in front of a `StoreTable`, which notes what is read and forgets what is written. All of its own reads ask the
 * database, so a request that lost a conflict gets the current row; only `cache` answers from memory. The rows that it
 * hands out are shared: nobody changes them.
 */
class CachingSessionTable implements StoreTable {
  readonly cache: SessionCache;
  private readonly recent: RecentRows;
  private readonly notices: EndNotices | undefined;

  constructor(
    private readonly table: StoreTable,
    { ttlMs, max }: ResolvedCache,
    { notices, reporter = () => undefined }: CacheSurroundings,
  ) {
    const recent = new RecentRows(ttlMs, max);
    const turn = new SameTurn();
    this.recent = recent;
    this.notices = notices && new EndNotices(notices, recent);
    this.cache = {
      find: ([id], now) => {
        const row = recent.get(id, now);
        reporter()?.cacheRead(row !== undefined);
        return row ? turn.resolve([row]) : this.find([id], now);
      },
      forget: (key) => recent.forget(key),
      forgetHandle: (handle) => handle && recent.forgetHandle(handle),
      forgetUser: (userId) => recent.forgetUser(userId),
      forgetAll: () => recent.forgetAll(),
    };
  }

  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    const { recent } = this;
    const readings = ids.map((id) => recent.begin(id, now));
    return this.table.find(ids, now).then(
      (rows) => {
        for (const [index, reading] of readings.entries()) recent.keep(reading, rows[index]);
        return rows;
      },
      (error: unknown) => {
        for (const reading of readings) recent.drop(reading);
        throw error;
      },
    );
  }

  insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict')[]> {
    return this.writing(rows.map(idOf), () => this.table.insert(rows));
  }

  update(changes: readonly Contract.SessionChange[]): Promise<SaveOutcome[]> {
    return this.writing(changes.map(idOf), () => this.table.update(changes));
  }

  insertWithin(row: SessionRow, limit: Contract.UserLimit): Promise<'saved' | 'conflict' | 'full'> {
    return this.writing([row.id], () => this.table.insertWithin(row, limit));
  }

  updateWithin(change: Contract.SessionChange, limit: Contract.UserLimit): Promise<SaveOutcome | 'full'> {
    return this.writing([change.id], () => this.table.updateWithin(change, limit));
  }

  upsert(rows: readonly SessionRow[]): Promise<'saved'[]> {
    return this.writing(rows.map(idOf), () => this.table.upsert(rows));
  }

  /** A row that was touched is live, so it is still known, with its new times. */
  async touch(touches: readonly Contract.SessionTouch[], now: number): Promise<SaveOutcome[]> {
    let outcomes: SaveOutcome[] = [];
    try {
      outcomes = await this.table.touch(touches, now);
      return outcomes;
    } finally {
      for (const [index, touch] of touches.entries()) {
        if (outcomes[index] === 'saved') this.recent.move(touch);
        else this.recent.forget(touch.id);
      }
    }
  }

  async changeId(moves: readonly Contract.SessionMove[]): Promise<SaveOutcome[]> {
    const keys = moves.flatMap(({ id, newId }) => [id, newId]);
    const outcomes = await this.writing(keys, () => this.table.changeId(moves));
    await this.notices?.tell(moves.map(idOf).filter((_, index) => outcomes[index] === 'saved'));
    return outcomes;
  }

  setClient(change: Contract.ClientChange): Promise<'saved' | 'gone'> {
    return this.writing([change.id], () => this.table.setClient(change));
  }

  async remove(ids: readonly string[]): Promise<('removed' | 'gone')[]> {
    const outcomes = await this.writing(ids, () => this.table.remove(ids));
    await this.notices?.tell(ids.filter((_, index) => outcomes[index] === 'removed'));
    return outcomes;
  }

  removeEach(ids: readonly string[]): Promise<'removed' | 'gone'>[] {
    return this.table.removeEach(ids).map(async (removal, index) => {
      const id = ids[index]!;
      const outcome = await this.writing([id], () => removal);
      if (outcome === 'removed') await this.notices?.tell([id]);
      return outcome;
    });
  }

  async removeHandle(handle: string): Promise<'removed' | 'gone'> {
    const forget = (): void => this.recent.forgetHandle(handle);
    const outcome = await around(forget, () => this.table.removeHandle(handle));
    if (outcome === 'removed') await this.notices?.tellHandle(handle);
    return outcome;
  }

  async clear(): Promise<void> {
    await around(
      () => this.recent.forgetAll(),
      () => this.table.clear(),
    );
    await this.notices?.tellAll();
  }

  batchSize(operation: Contract.MultiRowOperation, rows: number): number {
    return this.table.batchSize(operation, rows);
  }

  maxInFlight(): number {
    return this.table.maxInFlight();
  }

  fields(): Promise<ReadonlySet<SessionField>> {
    return this.table.fields();
  }

  findAny(ids: readonly string[], now: number): Promise<SessionRow | undefined> {
    return this.table.findAny(ids, now);
  }

  findPrevious(previousId: string, now: number): Promise<SessionRow | undefined> {
    return this.table.findPrevious(previousId, now);
  }

  addressesOf(query: Contract.AgentQuery): Promise<(string | null)[]> {
    return this.table.addressesOf(query);
  }

  page(page: Contract.SessionPage): Promise<SessionRow[]> {
    return this.table.page(page);
  }

  locate(search: Contract.SessionSearch): Promise<SessionRow[]> {
    return this.table.locate(search);
  }

  scan(scan: Parameters<SessionTable['scan']>[0]): Promise<SessionRow[]> {
    return this.table.scan(scan);
  }

  ids(scan: Parameters<SessionTable['ids']>[0]): Promise<string[]> {
    return this.table.ids(scan);
  }

  count(count: Parameters<SessionTable['count']>[0]): Promise<number> {
    return this.table.count(count);
  }

  /** What has expired is not answered from memory either. */
  prune(prune: Parameters<SessionTable['prune']>[0]): Promise<number> {
    return this.table.prune(prune);
  }

  lock(request: Contract.LockRequest): Promise<Contract.HeldLock | undefined> {
    return this.table.lock(request);
  }

  ping(): Promise<void> {
    return this.table.ping();
  }

  private writing<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    const forget = (): void => {
      for (const key of keys) this.recent.forget(key);
    };
    return around(forget, write);
  }
}

/**
 * Forgets before a write, so that reads ask the database as long as it takes, and after it, whatever has become of it: reads that began
 * meanwhile may have missed it.
 */
async function around<T>(forget: () => void, write: () => Promise<T>): Promise<T> {
  forget();
  try {
    return await write();
  } finally {
    forget();
  }
}
