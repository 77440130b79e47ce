import { SessionLimitError, SessionRefusedError, SessionUnavailableError } from '../../session.errors.js';
import type { SessionRow } from '../../table/session-row.js';
import type { SaveOutcome, SessionChange, UserLimit } from '../../table/session-table.js';
import type { Operation } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { SessionOrigin } from '../session/origin.js';
import { endRow, endRowAnywhere } from './end-row.js';

/** Rows that are looked for at a time. */
const PAGE_ROWS = 500;
/** How often an upsert starts over while others add and remove the row. */
const ATTEMPTS = 6;

const ENDED_BY_LIMIT = 'This session was ended, because its user has newer sessions up to the maximum. Sign in again.';
const ROWS_KEPT =
  'The option `maxSessionsPerUser` ends the oldest sessions of a user, but the database did not remove their rows. ' +
  'Allow DELETE on the session table, and drop the trigger or the policy that keeps its rows.';
const NOT_IN_TIME = 'The oldest sessions of this user were not ended in time. Try again.';

type Handles = ReadonlySet<string | undefined>;
type UserRow = Pick<SessionRow, 'userId'>;

/**
 * Keeps each user to `maxSessionsPerUser`. To reject, a write asks the table for room, one write of a user after the other. To evict,
 * all but the newest sessions are ended after the write. The order of creation never changes, so processes that do so at the same
 * moment end the same sessions, without a lock.
 */
export class SessionLimit {
  private readonly running = new Map<string, Promise<Handles>>();
  private readonly waiting = new Map<string, Promise<Handles>>();

  constructor(private readonly dependencies: StoreDependencies) {}

  /** `replaced` is the number of the user's sessions that end if this row is there: those do not count. */
  async insert(row: SessionRow, replaced = 0): Promise<'saved' | 'conflict'> {
    const { table } = this.dependencies;
    const limit = this.limitOf(row, replaced);
    const outcome = limit ? await table.insertWithin(row, limit) : (await table.insert([row]))[0]!;
    if (outcome === 'full') throw new SessionLimitError();
    return outcome;
  }

  /** `before` is the user that the row had when it was read. */
  async update(change: SessionChange, before: string | undefined): Promise<SaveOutcome> {
    const { table } = this.dependencies;
    const limit = (change.userId ?? undefined) === before ? undefined : this.limitOf(change);
    const outcome = limit ? await table.updateWithin(change, limit) : (await table.update([change]))[0]!;
    if (outcome === 'full') throw new SessionLimitError();
    return outcome;
  }

  /** Where nobody knows whether there is a row. */
  async upsert(row: SessionRow, operation: Operation): Promise<void> {
    const { table, now } = this.dependencies;
    if (!this.limitOf(row) || (await table.find([row.id], now()))[0]?.userId === row.userId) await table.upsert([row]);
    else await this.upsertWithin(row);
    await this.evict(row, undefined, operation);
  }

  /**
   * After a save that gave a user one more session: ends his oldest. If that fails, the new one ends: who is told that a sign-in failed
   * must not be signed in.
   */
  async evict({ userId }: UserRow, origin: SessionOrigin | undefined, operation: Operation): Promise<void> {
    const { maxSessionsPerUser, onLimit } = this.dependencies.options;
    if (maxSessionsPerUser === undefined || onLimit !== 'evictOldest' || userId == null) return;
    const kept = await this.keepNewest(userId, maxSessionsPerUser, operation).catch(async (error: unknown) => {
      if (origin) await this.withdraw(origin);
      throw error;
    });
    if (origin && !kept.has(origin.handle)) origin.isEnded = true;
  }

  /** The same where the row was there before it had this user: one that is too old to stay has not been saved. */
  async evictAfterUpdate(saved: UserRow, origin: SessionOrigin, operation: Operation): Promise<void> {
    await this.evict(saved, origin, operation);
    if (origin.isEnded) throw new SessionLimitError(ENDED_BY_LIMIT);
  }

  /** If this fails, too, the row is one too many until the user signs in again. */
  private async withdraw(origin: SessionOrigin): Promise<void> {
    const { key: id, handle, userId, expiresAt } = origin;
    origin.isEnded = true;
    await endRowAnywhere(this.dependencies, { id, handle, userId, expiresAt }, 'evicted').catch(() => undefined);
  }

  private async upsertWithin(row: SessionRow): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if ((await this.update({ ...row, version: undefined }, undefined)) === 'saved') return;
      if ((await this.insert(row)) === 'saved') return;
    }
    throw new SessionUnavailableError('The session row appeared and vanished while it was written. Try again.');
  }

  /** Sign-ins during a run share the next run, which begins after all of their saves. */
  private keepNewest(userId: string, count: number, operation: Operation): Promise<Handles> {
    const waiting = this.waiting.get(userId);
    if (waiting) return waiting;
    const running = this.running.get(userId);
    if (!running) return this.begin(userId, count, operation);
    const next = settled(running).then(() => {
      this.waiting.delete(userId);
      return this.begin(userId, count, operation);
    });
    this.waiting.set(userId, next);
    return next;
  }

  private begin(userId: string, count: number, operation: Operation): Promise<Handles> {
    const run = this.endOldest(userId, count, operation).finally(() => {
      if (this.running.get(userId) === run) this.running.delete(userId);
    });
    this.running.set(userId, run);
    return run;
  }

  /** Resolves to the handles of those that stay. */
  private async endOldest(userId: string, count: number, operation: Operation): Promise<Handles> {
    for (let before = ''; ;) {
      if (operation.isLate) throw new SessionUnavailableError(NOT_IN_TIME);
      const newestFirst = (await this.liveRowsOf(userId)).toSorted(byAge);
      const surplus = newestFirst.slice(count);
      const outcomes = await Promise.allSettled(surplus.map((row) => endRow(this.dependencies, row, 'evicted')));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
      const left = surplus.filter((_, index) => !(outcomes[index] as PromiseFulfilledResult<boolean>).value);
      if (left.length === 0) return new Set(newestFirst.slice(0, count).map(({ handle }) => handle));
      // One that others have ended, or that has another id now, is looked at again; one that is still there stays for ever.
      const names = left.map(({ id }) => id).join(' ');
      if (names === before) throw new SessionRefusedError(ROWS_KEPT);
      before = names;
    }
  }

  /** What the table has to keep to; nothing if it is not asked, because the oldest is ended afterwards. */
  private limitOf({ userId }: UserRow, replaced = 0): UserLimit | undefined {
    const { maxSessionsPerUser, onLimit } = this.dependencies.options;
    if (maxSessionsPerUser === undefined || onLimit !== 'reject' || userId == null) return undefined;
    return { sessions: maxSessionsPerUser + replaced, now: this.dependencies.now() };
  }

  private async liveRowsOf(userId: string): Promise<SessionRow[]> {
    const { table, now } = this.dependencies;
    const live: SessionRow[] = [];
    for (let after: SessionRow | undefined; ;) {
      const rows = await table.locate({ userId, after, limit: PAGE_ROWS });
      live.push(...rows.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now()));
      if (rows.length < PAGE_ROWS) return live;
      after = rows.at(-1);
    }
  }
}

/** The newest first; of one moment by the handle, which is random. */
function byAge(a: SessionRow, b: SessionRow): number {
  return (b.createdAt ?? 0) - (a.createdAt ?? 0) || ((a.handle ?? '') > (b.handle ?? '') ? -1 : 1);
}

async function settled(promise: Promise<unknown>): Promise<void> {
  await Promise.allSettled([promise]);
}
