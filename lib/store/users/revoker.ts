import { types } from 'node:util';
import type { SessionRow } from '../../table/session-row.js';
import type { SessionSearch } from '../../table/session-table.js';
import { optionsOf } from '../call-options.js';
import type { Deadlines } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { isHandle } from '../session/id.js';
import { endRowAnywhere, endRowsAnywhere } from '../owner/end-row.js';
import { BatchSize } from './batch-size.js';
import { userIdOf, whoseOf } from './user-id.js';

/** How many rows are looked for at a time, first and at most: each may be a page that the database has to read. `prune.batchSize` makes it fewer. */
const FIRST_PAGE_ROWS = 64;
const PAGE_ROWS = 128;
/** How many of them are removed at a time, which is one statement if the database has one for several. Their pages are not in its memory at first. */
const FIRST_REMOVED_ROWS = 16;
const REMOVED_ROWS = 64;

/**
 * Which session `revoke` ends, and why.
 *
 * @publicApi
 */
export interface RevokeOptions {
  /** Only if it is this user's; the key with the value `undefined` or `null` means nobody's, so that nothing ends. */
  userId?: string | number | null | undefined;
  /** What the event `destroyed` gives as its reason. @default 'revoked' */
  reason?: string | undefined;
}

/**
 * Which of a user's sessions `revokeUser` keeps.
 *
 * @publicApi
 */
export interface RevokeUserOptions {
  /** The session to keep: the session object of a request, or a handle. `undefined` (the handle of a session without a row) keeps none. */
  except?: object | string | undefined;
}

/** What a search for rows to end asks for. */
type Wanted = Omit<SessionSearch, 'after' | 'limit'>;

/** Ends sessions of others: the row is removed, so that no request in flight, in no process, stores or revives it. */
export class SessionRevoker {
  constructor(
    private readonly dependencies: StoreDependencies,
    private readonly deadlines: Deadlines,
  ) {}

  async revoke(handle: string, options: RevokeOptions): Promise<boolean> {
    const { reason = 'revoked' } = optionsOf('revoke', options, ['userId', 'reason']);
    if (typeof reason !== 'string' || reason === '') throw new TypeError('The `reason` of a revocation must be a non-empty string.');
    const whose = whoseOf(options);
    if (whose === 'nobody' || !isHandle(handle)) return false;
    const { table, cache } = this.dependencies;
    return this.deadlines.run(async () => {
      const [row] = await table.locate({ handle, ...whose, limit: 1 });
      // Another process may have ended it.
      if (!row) cache?.forgetHandle(handle);
      return row !== undefined && endRowAnywhere(this.dependencies, row, reason);
    });
  }

  revokeUser(userId: string | number, options: RevokeUserOptions): Promise<number> {
    const id = userIdOf(userId);
    const { except } = optionsOf('revokeUser', options, ['except']);
    return this.endAll({ userId: id }, this.keeperOf(except)).finally(() => this.dependencies.cache?.forgetUser(id));
  }

  revokeBy(column: Readonly<Record<string, string | number>>, options: { before?: Date | undefined }): Promise<number> {
    const own = ownValueOf(column);
    const { before } = optionsOf('revokeBy', options, ['before']);
    if (before !== undefined && !(types.isDate(before) && !Number.isNaN(before.getTime()))) {
      throw new TypeError('The option `before` of `revokeBy` must be a valid Date. No session was ended.');
    }
    return this.endAll({ own, createdUntil: before && before.getTime() - 1 }).finally(() => this.dependencies.cache?.forgetAll());
  }

  async revokeAll(): Promise<number> {
    const createdUntil = await this.newestCreation();
    return this.endAll({ createdUntil }).finally(() => this.dependencies.cache?.forgetAll());
  }

  /** Until when all sessions of now were created: who signs in later stays signed in. The clock of another server may be ahead. */
  private async newestCreation(): Promise<number | undefined> {
    const { table, now } = this.dependencies;
    const fields = await table.fields();
    if (!fields.has('createdAt')) return undefined;
    const [newest] = fields.has('handle') ? await this.deadlines.run(() => table.page({ limit: 1, now: now() })) : [];
    return Math.max(now(), newest?.createdAt ?? 0);
  }

  /** The same for all rows of a search, page by page. */
  private async endAll(wanted: Wanted, isKept: (row: SessionRow) => boolean = () => false): Promise<number> {
    const { prune } = this.dependencies.options;
    const most = prune ? prune.batchSize : PAGE_ROWS;
    const pageSize = new BatchSize(Math.min(FIRST_PAGE_ROWS, most), Math.min(PAGE_ROWS, most));
    const size = new BatchSize(Math.min(FIRST_REMOVED_ROWS, most), Math.min(REMOVED_ROWS, most));
    let count = 0;
    let mustRepeat = false;
    for (let after: SessionRow | undefined; ;) {
      const begun = performance.now();
      const limit = pageSize.rows;
      const page = await this.deadlines.run(() => pageSize.time(limit, () => this.dependencies.table.locate({ ...wanted, after, limit })));
      const ending = page.filter((row) => !isKept(row));
      count += await this.end(ending, size);
      // Without a handle it may have another id now, and a place in the order that was passed already.
      mustRepeat ||= ending.some(({ handle }) => !handle);
      after = page.at(-1);
      if (page.length === limit) {
        this.dependencies.emit('revoking', { count });
        // Half of the time is for others.
        await new Promise((resolve) => setTimeout(resolve, performance.now() - begun));
      } else if (mustRepeat) {
        mustRepeat = false;
        after = undefined;
      } else return count;
    }
  }

  /** Resolves to how many live sessions have ended. One that cannot be ended fails the call, after the others have ended. */
  private async end(rows: readonly SessionRow[], size: BatchSize): Promise<number> {
    let count = 0;
    const failures: unknown[] = [];
    // Where a second statement fails, the others would hardly do better.
    for (let start = 0; start < rows.length && failures.length < 2;) {
      const batch = rows.slice(start, start + size.rows);
      start += batch.length;
      const ended = this.deadlines.run(() => size.time(batch.length, () => endRowsAnywhere(this.dependencies, batch, 'revoked')));
      count += await ended.catch((error: unknown) => (failures.push(error), 0));
    }
    if (failures.length > 0) throw failures[0];
    return count;
  }

  /** What finds the session that is kept, by its handle and its id. Throws a `TypeError` for what is no session: no other may end in its place. */
  private keeperOf(except: RevokeUserOptions['except']): ((row: SessionRow) => boolean) | undefined {
    if (except === undefined) return undefined;
    if (isHandle(except)) return ({ handle }) => handle === except;
    const origin = typeof except === 'object' ? this.dependencies.origins.of(except) : undefined;
    if (!origin) {
      throw new TypeError('The option `except` of `revokeUser` must be the session of a request, or a handle. No session was ended.');
    }
    return ({ id, handle }) => id === origin.key || (handle !== undefined && handle === origin.handle);
  }
}

/** The one column and its value. Throws a `TypeError` for anything else: a value that is missing must not mean those without one. */
function ownValueOf(column: unknown): { readonly property: string; readonly value: string } {
  const entries = typeof column === 'object' && column && !Array.isArray(column) ? Object.entries(column as Record<string, unknown>) : [];
  const [property, value] = entries[0] ?? ['', undefined];
  const isValue = typeof value === 'string' ? value !== '' : typeof value === 'number' && Number.isFinite(value);
  if (entries.length === 1 && isValue) return { property, value: String(value) };
  throw new TypeError(
    '`revokeBy` takes an object with one property of the session entity, whose value is a non-empty string or a number. No session was ended.',
  );
}
