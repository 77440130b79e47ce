import { SessionLocks } from '../table/session-locks.js';
import { FIELD_FACTS, HOUR_MS, SAVED_FIELDS, SESSION_FIELDS, type SessionField, type SessionRow } from '../table/session-row.js';
import type {
  HeldLock,
  LockRequest,
  SaveOutcome,
  SessionChange,
  SessionMove,
  SessionPage,
  SessionTable,
  SessionTouch,
} from '../table/session-table.js';
import type { TableShape } from '../table/sql/dialect.js';

/** There is no database whose lock could be taken: the line of the process is enough. */
const NO_DATABASE = { dialect: {} } as unknown as TableShape;

/**
 * Sessions in a map: the whole contract of `SessionTable` without a database, for tests, and to begin a table of one's own with.
 * Another map may be given, one that keeps its rows elsewhere.
 *
 * @publicApi
 */
export class MemorySessionTable implements SessionTable {
  private readonly locks = new SessionLocks(0);

  constructor(private readonly rows: Map<string, SessionRow> = new Map()) {}

  batchSize(): number {
    return 1;
  }

  async fields(): Promise<ReadonlySet<SessionField>> {
    return new Set(SESSION_FIELDS.filter((field) => FIELD_FACTS[field].feature !== 'renewal'));
  }

  async find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    return ids.map((id) => this.live(id, now));
  }

  async findPrevious(): Promise<undefined> {
    return undefined;
  }

  async insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict')[]> {
    return rows.map((row) => {
      if (this.rows.has(row.id)) return 'conflict';
      this.rows.set(row.id, { ...row });
      return 'saved';
    });
  }

  async update(changes: readonly SessionChange[]): Promise<SaveOutcome[]> {
    return changes.map((change) => {
      const row = this.rows.get(change.id);
      if (!row) return 'gone';
      if (change.version !== undefined && change.version !== row.version) return 'conflict';
      return this.replace(row, change);
    });
  }

  async upsert(rows: readonly SessionRow[]): Promise<'saved'[]> {
    return rows.map((row) => {
      const there = this.rows.get(row.id);
      if (there) return this.replace(there, row);
      this.rows.set(row.id, { ...row });
      return 'saved';
    });
  }

  async touch(touches: readonly SessionTouch[], now: number): Promise<SaveOutcome[]> {
    return touches.map(({ id, expiresAt, pruneAfter, lastSeenAt, unseenSince = Infinity }) => {
      const row = this.live(id, now);
      if (!row) return 'gone';
      if ((row.lastSeenAt ?? 0) > unseenSince) return 'conflict';
      const times = {
        expiresAt: later(row.expiresAt, expiresAt),
        pruneAfter: later(row.pruneAfter, pruneAfter),
        lastSeenAt: later(row.lastSeenAt, lastSeenAt),
      };
      this.rows.set(id, { ...row, ...times });
      return 'saved';
    });
  }

  async changeId(moves: readonly SessionMove[]): Promise<SaveOutcome[]> {
    return moves.map(({ id, newId }) => {
      const row = this.rows.get(id);
      if (!row) return 'gone';
      if (this.rows.has(newId)) return 'conflict';
      this.rows.delete(id);
      this.rows.set(newId, { ...row, id: newId });
      return 'saved';
    });
  }

  async remove(ids: readonly string[]): Promise<('removed' | 'gone')[]> {
    return ids.map((id) => (this.rows.delete(id) ? 'removed' : 'gone'));
  }

  async removeHandle(handle: string): Promise<'removed' | 'gone'> {
    const row = [...this.rows.values()].find((each) => each.handle === handle);
    return row && this.rows.delete(row.id) ? 'removed' : 'gone';
  }

  async page({ userId, after, limit, now }: SessionPage): Promise<SessionRow[]> {
    const listed = this.liveRows(now, userId).filter(({ handle }) => after === undefined || handle! < after);
    return ordered(listed, ({ handle }) => handle!)
      .toReversed()
      .slice(0, limit)
      .map((row) => ({ ...row, data: '' }));
  }

  async scan({
    after,
    limit,
    now,
  }: {
    readonly after?: string | undefined;
    readonly limit: number;
    readonly now: number;
  }): Promise<SessionRow[]> {
    const rows = this.liveRows(now).filter(({ id }) => after === undefined || id > after);
    return ordered(rows, ({ id }) => id).slice(0, limit);
  }

  async count({ userId, now }: { readonly userId?: string | undefined; readonly now: number }): Promise<number> {
    return this.liveRows(now, userId).length;
  }

  async clear(): Promise<void> {
    this.rows.clear();
  }

  async prune({ now, limit }: { readonly now: number; readonly limit: number }): Promise<number> {
    const over = [...this.rows.values()].filter((row) => !isLive(row, now) && (row.pruneAfter ?? 0) * HOUR_MS <= now);
    const oldest = ordered(over, ({ pruneAfter = 0 }) => pruneAfter).slice(0, limit);
    for (const { id } of oldest) this.rows.delete(id);
    return oldest.length;
  }

  lock(request: LockRequest): Promise<HeldLock | undefined> {
    return this.locks.acquire(NO_DATABASE, request);
  }

  async ping(): Promise<void> {}

  private live(id: string, now: number): SessionRow | undefined {
    const row = this.rows.get(id);
    return row && isLive(row, now) ? { ...row } : undefined;
  }

  private liveRows(now: number, userId?: string): SessionRow[] {
    return [...this.rows.values()].filter((row) => isLive(row, now) && (userId === undefined || row.userId === userId));
  }

  /** Replaces what a save replaces, and nothing else. */
  private replace(row: SessionRow, change: Partial<SessionRow>): 'saved' {
    const saved = Object.fromEntries(SAVED_FIELDS.map((field) => [field, change[field]]));
    this.rows.set(row.id, { ...row, ...saved, version: (row.version ?? 0) + 1 });
    return 'saved';
  }
}

const isLive = ({ expiresAt = Infinity }: SessionRow, now: number): boolean => expiresAt > now;

const later = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? one : Math.max(one, other);

function ordered(rows: readonly SessionRow[], keyOf: (row: SessionRow) => string | number): SessionRow[] {
  return rows.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}
