import { SessionLocks } from '../table/session-locks.js';
import { FIELD_FACTS, HOUR_MS, SAVED_FIELDS, SESSION_FIELDS, type SessionField, type SessionRow } from '../table/session-row.js';
import type {
  AgentQuery,
  ClientChange,
  HeldLock,
  LockRequest,
  SaveOutcome,
  SessionChange,
  SessionMove,
  SessionPage,
  SessionSearch,
  SessionTable,
  SessionTouch,
  UserLimit,
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

  maxInFlight(): number {
    return 2;
  }

  async fields(): Promise<ReadonlySet<SessionField>> {
    return new Set(SESSION_FIELDS.filter((field) => FIELD_FACTS[field].feature !== 'renewal'));
  }

  async find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]> {
    return ids.map((id) => this.live(id, now));
  }

  async findAny(ids: readonly string[], now: number): Promise<SessionRow | undefined> {
    return ids.map((id) => this.live(id, now)).find(Boolean);
  }

  async findPrevious(): Promise<undefined> {
    return undefined;
  }

  async insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict')[]> {
    return rows.map((row) => {
      if (this.rows.has(row.id)) return 'conflict';
      this.rows.set(row.id, withClient(row, row));
      return 'saved';
    });
  }

  async insertWithin(row: SessionRow, limit: UserLimit): Promise<'saved' | 'conflict' | 'full'> {
    return !this.rows.has(row.id) && this.isFull(row, limit) ? 'full' : (await this.insert([row]))[0]!;
  }

  async updateWithin(change: SessionChange, limit: UserLimit): Promise<SaveOutcome | 'full'> {
    const row = this.rows.get(change.id);
    const isCurrent = row && (change.version === undefined || row.version === change.version);
    return isCurrent && this.isFull(change, limit) ? 'full' : (await this.update([change]))[0]!;
  }

  /** The row itself does not count. */
  private isFull({ id, userId }: Pick<SessionRow, 'id' | 'userId'>, { sessions, now }: UserLimit): boolean {
    return this.liveRows(now, userId ?? undefined).filter((row) => row.id !== id).length >= sessions;
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
      this.rows.set(row.id, withClient(row, row));
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
    return moves.map(({ id, newId, missing }) => {
      const row = this.rows.get(id);
      if (!row) return 'gone';
      if (this.rows.has(newId)) return 'conflict';
      this.rows.delete(id);
      this.rows.set(newId, { ...row, ...missing, ...presentIn(row), ...(missing && { userId: missing.userId }), id: newId });
      return 'saved';
    });
  }

  async setClient({ id, known, ...client }: ClientChange): Promise<'saved' | 'gone'> {
    const row = this.rows.get(id);
    if (!row) return 'gone';
    const changed = withClient(row, client);
    const isKnown = changed.ipAddress === (known.ipAddress ?? null) && changed.userAgent === (known.userAgent ?? null);
    if (!isKnown) this.rows.set(id, changed);
    return 'saved';
  }

  async addressesOf({ userId, userAgent, exceptId }: AgentQuery): Promise<(string | null)[]> {
    const agent = cut(userAgent, 255);
    const rows = [...this.rows.values()].filter((row) => row.userId === userId && (row.userAgent ?? null) === agent && row.id !== exceptId);
    return [...new Set(rows.map(({ ipAddress }) => ipAddress ?? null))];
  }

  async remove(ids: readonly string[]): Promise<('removed' | 'gone')[]> {
    return ids.map((id) => (this.rows.delete(id) ? 'removed' : 'gone'));
  }

  async removeHandle(handle: string): Promise<'removed' | 'gone'> {
    const row = [...this.rows.values()].find((each) => each.handle === handle);
    return row && this.rows.delete(row.id) ? 'removed' : 'gone';
  }

  async page({ userId, handle: ofHandle, after, limit, now }: SessionPage): Promise<SessionRow[]> {
    const listed = this.liveRows(now, userId).filter(
      ({ handle }) => (after === undefined || handle! < after) && (ofHandle === undefined || handle === ofHandle),
    );
    return ordered(listed, ({ handle }) => handle!)
      .toReversed()
      .slice(0, limit)
      .map((row) => ({ ...row, data: '' }));
  }

  async locate({ userId, handle, createdUntil, after, limit }: SessionSearch): Promise<SessionRow[]> {
    const found = [...this.rows.values()].filter(
      (row) =>
        (userId === undefined || row.userId === userId) &&
        (handle === undefined || row.handle === handle) &&
        (createdUntil === undefined || (row.createdAt ?? 0) <= createdUntil) &&
        (after === undefined || row.handle! > after.handle!),
    );
    const located = ({ id, userId: user, handle: own, createdAt, expiresAt }: SessionRow) =>
      ({ id, userId: user, handle: own, createdAt, expiresAt, data: '' }) as SessionRow;
    return ordered(found, (row) => row.handle!)
      .slice(0, limit)
      .map(located);
  }

  async ids({ after, limit }: { readonly after?: string | undefined; readonly limit: number }): Promise<string[]> {
    return [...this.rows.keys()]
      .toSorted()
      .filter((id) => after === undefined || id > after)
      .slice(0, limit);
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

/** Without what is NULL in the columns of a row. */
const presentIn = (row: SessionRow) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined)) as object as SessionRow;

const isLive = ({ expiresAt = Infinity }: SessionRow, now: number): boolean => expiresAt > now;

const later = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? one : Math.max(one, other);

function ordered(rows: readonly SessionRow[], keyOf: (row: SessionRow) => string | number): SessionRow[] {
  return rows.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** A row with what is known of its client, as long as the columns of the default entity. */
function withClient(row: SessionRow, { ipAddress, userAgent }: Pick<SessionRow, 'ipAddress' | 'userAgent'>): SessionRow {
  const described = { ...row };
  if (ipAddress !== undefined) Object.assign(described, { ipAddress: cut(ipAddress, 45) });
  if (userAgent !== undefined) Object.assign(described, { userAgent: cut(userAgent, 255) });
  return described;
}

function cut(text: string | null, length: number): string | null {
  return text === null ? null : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
