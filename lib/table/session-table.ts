import { SessionError } from '../session.errors.js';
import type { SavedField, SessionField, SessionRow, TouchedField } from './session-row.js';

/** New data for a row that was read before. */
export type SessionChange = Pick<SessionRow, 'id' | SavedField> & {
  /** The version that the row must still have; `undefined` takes any. */
  readonly version: number | undefined;
  /**
   * Whether the row has this `userId` at this version, and an `expiresAt` of the same `pruneAfter`: then both may be left as they
   * are, because SQLite rewrites the index entry of each column that the statement names. Nothing without a version. @default false
   */
  readonly isInPlace?: boolean;
  /** Whether it has lost a conflict before: then it is sent alone, without waiting for a batch. @default false */
  readonly isRetry?: boolean;
};

/** "Still here": moves the times of a row and nothing else. */
export type SessionTouch = Pick<SessionRow, 'id' | Exclude<TouchedField, 'pruneAfter'>> & {
  /** `undefined` if the hour stays: SQLite rewrites the index entry of each column that the statement names. */
  readonly pruneAfter: number | undefined;
  /** The `lastSeenAt` that the caller knows of: a row that was seen later, by a touch or a save, is left alone. */
  readonly unseenSince: number | undefined;
};

/** A lock that is asked for. */
export interface LockRequest {
  /** What is locked: the handle of a session, or its id if it has none. */
  readonly id: string;
  /** How long to wait for it, in milliseconds. */
  readonly waitMs: number;
  /** How old it may get, in milliseconds. */
  readonly maxHoldMs: number;
  /** Ends the wait in the line of this process. */
  readonly signal?: AbortSignal;
  /** Called once where the lock ends before it is released: it got too old, or the database took it away. */
  readonly onLost?: (reason: 'expired' | 'taken') => void;
}

/** An acquired lock. */
export interface HeldLock {
  /** Whether it keeps others out; never true again once it is false. */
  readonly isHeld: boolean;
  /** May be called at any time and more than once. Never rejects. */
  release(): Promise<void>;
}

/** Another id for a row. */
export interface SessionMove {
  readonly id: string;
  readonly newId: string;
  /** What `findPrevious` finds the row by from now on, until `previousUntil`. @default nothing */
  readonly previousId?: string | undefined;
  /** Epoch milliseconds. */
  readonly previousUntil?: number | undefined;
  /** Its user, and what the row gets where its other columns are NULL, as those of another store are. @default nothing */
  readonly missing?: MissingValues | undefined;
}

/** Whose session a row of another store is, and what it lacks. */
export type MissingValues = Partial<Pick<SessionRow, 'userId' | 'handle' | 'createdAt' | 'lastSeenAt'>>;

/** What is known of the client of a session: nothing is written where the columns would hold what is `known` to be in them. */
export type ClientChange = Required<Pick<SessionRow, 'id' | 'ipAddress' | 'userAgent'>> & {
  readonly known: Pick<SessionRow, 'ipAddress' | 'userAgent'>;
};

/** Which rows of a user to look at: those of this agent (`null`: without one), except for one row. */
export interface AgentQuery {
  readonly userId: string;
  readonly userAgent: string | null;
  readonly exceptId?: string | undefined;
}

/** `gone`: there is no such row. `conflict`: there is one, but not as expected; nothing was written. */
export type SaveOutcome = 'saved' | 'gone' | 'conflict';

/** What can be done for several rows in one statement. */
export type MultiRowOperation = 'find' | 'insert' | 'update' | 'upsert' | 'touch' | 'touchInHour' | 'remove';

/**
 * Rows cannot be written together: the database, or a column, refuses one of them, or fewer are as expected and it does not say
 * which. Nothing has happened; each row must be written by itself. With `outcomes` it has happened, and they say what became of each
 * row, or why it was refused.
 */
export class SplitBatchError extends SessionError {
  override readonly code = 'SESSION_SPLIT_BATCH';
  override readonly status = 500;

  constructor(
    cause?: unknown,
    readonly outcomes?: readonly (string | SessionError)[],
  ) {
    super('These rows cannot be written together. Write each of them by itself.', { cause });
  }
}

/** Which live sessions to show: those of one user, that of one handle, or all; newest first, those after a handle. */
export interface SessionPage {
  readonly userId?: string | undefined;
  readonly handle?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly now: number;
}

/** Which rows to look for: those that meet each condition that is there, live or not. */
export interface SessionSearch {
  readonly userId?: string | undefined;
  readonly handle?: string | undefined;
  /** A value in a column of the application's own, by the property of the entity. */
  readonly own?: { readonly property: string; readonly value: string } | undefined;
  /** Made at this moment or before, in epoch milliseconds, or without a creation time. */
  readonly createdUntil?: number | undefined;
  /** The last row of the page before. */
  readonly after?: Pick<SessionRow, 'id' | 'handle'> | undefined;
  readonly limit: number;
}

/** How many live rows a user may have. */
export interface UserLimit {
  readonly sessions: number;
  readonly now: number;
}

/**
 * Rows of sessions, in whatever holds them. Every method takes many and answers for each in the same order; one row's
 * outcome never depends on its neighbours. A promise rejects only if the database could not answer or refused a
 * value, with a `SessionError`; a row that is missing or expired is an outcome. Nothing is reported before it is
 * committed. `now` is the caller's clock; a row is live while its `expiresAt` lies after it.
 *
 * `Held` is `'locked'` for a table that waits for nobody: another transaction holds the row, nothing was written, and the
 * caller asks again. A table that waits by itself never answers so.
 */
export interface SessionTable<Held extends string = never> {
  /**
   * The number of rows that one statement takes, if this many wait; 1 if there is no statement for several. An operation on that many
   * rows with different ids happens as a whole or, if it rejects with `SplitBatchError`, not at all.
   */
  batchSize(operation: MultiRowOperation, rows: number): number;

  /** Maximum number of statements of one kind that are worth having in flight: half of the connections, and at least 2. */
  maxInFlight(): number;

  /** The fields that the entity has columns for. Rejects with `SessionEntityError` if the entity cannot hold sessions. */
  fields(): Promise<ReadonlySet<SessionField>>;

  /** Reads live rows. `undefined` if there is none under exactly that id. Without an `expiresAt` column every row is live. */
  find(ids: readonly string[], now: number): Promise<(SessionRow | undefined)[]>;

  /** Reads the first of these ids' rows that is live, all of them as they were at one moment. */
  findAny(ids: readonly string[], now: number): Promise<SessionRow | undefined>;

  /** Reads the live row whose id before was exactly this one, and still counts at `now`. Without columns for it there is none. */
  findPrevious(previousId: string, now: number): Promise<SessionRow | undefined>;

  /** Adds rows. `conflict` if the id is taken; the row there stays as it is. */
  insert(rows: readonly SessionRow[]): Promise<('saved' | 'conflict' | Held)[]>;

  /** Replaces the data of rows that exist, live or not, and raises their version. Never adds a row. */
  update(changes: readonly SessionChange[]): Promise<(SaveOutcome | Held)[]>;

  /**
   * Adds the row of a user if he has fewer live ones than the limit, not counting the row itself; else `full`. `conflict` and `gone` come
   * before `full`. Writes within a limit that are for one user count one after the other, in all processes if the database can. Needs `userId`.
   */
  insertWithin(row: SessionRow, limit: UserLimit): Promise<'saved' | 'conflict' | 'full' | Held>;

  /** The same for a change that gives a row to a user. */
  updateWithin(change: SessionChange, limit: UserLimit): Promise<SaveOutcome | 'full' | Held>;

  /** Adds rows or, if the id is taken, replaces their data; what was created with the row (`createdAt`, `handle`) stays. */
  upsert(rows: readonly SessionRow[]): Promise<('saved' | Held)[]>;

  /**
   * Moves times, never backwards, and only of live rows. `conflict` if the row was seen since `unseenSince`, so that one
   * of many touches at the same moment writes, and none undoes a save. Without a `lastSeenAt` column: where `expiresAt` gains nothing.
   */
  touch(touches: readonly SessionTouch[], now: number): Promise<(SaveOutcome | Held)[]>;

  /** Gives rows another id, each in one statement that otherwise changes only the previous id and the `missing` values. `conflict` if the new id is taken. */
  changeId(moves: readonly SessionMove[]): Promise<(SaveOutcome | Held)[]>;

  /** Replaces what is known of the client of a row, live or not, cut to the length of its columns. Nothing without such columns. */
  setClient(change: ClientChange): Promise<'saved' | 'gone' | Held>;

  /** The addresses in the rows of a user and an agent, live or not, each once. Needs `userId`, `ipAddress` and `userAgent`. */
  addressesOf(query: AgentQuery): Promise<(string | null)[]>;

  /** Removes rows, live or not. */
  remove(ids: readonly string[]): Promise<('removed' | 'gone' | Held)[]>;

  /** Removes the row of a handle, whatever its id is now. Without a `handle` column there is none. */
  removeHandle(handle: string): Promise<'removed' | 'gone' | Held>;

  /** Lists live rows by handle, newest first, with empty `data`. Needs `handle`, and with `userId` that column. */
  page(page: SessionPage): Promise<SessionRow[]>;

  /**
   * Looks for rows in the order of their handles, which never change, or of their ids if the entity has no handles; resolves to their `id`, `userId`, `handle`, `createdAt` and `expiresAt`. Rejects with
   * `SessionEntityError` if the entity lacks a column of the search, or a column of its own has no index that begins with it.
   */
  locate(search: SessionSearch): Promise<SessionRow[]>;

  /** Reads live rows with their data in the order of their ids, those after `after`. */
  scan(scan: { readonly after?: string | undefined; readonly limit: number; readonly now: number }): Promise<SessionRow[]>;

  /** The ids of any rows, live or not, in their order, those after `after`. */
  ids(scan: { readonly after?: string | undefined; readonly limit: number }): Promise<string[]>;

  /** Counts live rows, all or one user's. */
  count(count: { readonly userId?: string | undefined; readonly now: number }): Promise<number>;

  /** Removes all rows. Waits for those that another transaction holds, and rejects if it holds them for too long. */
  clear(): Promise<void>;

  /** Removes up to `limit` rows whose `pruneAfter` and `expiresAt` have both passed, the oldest first; resolves to how many. */
  prune(prune: { readonly now: number; readonly limit: number }): Promise<number>;

  /**
   * Keeps others out who lock the same id, in all processes if the database can. Resolves to `undefined` if the lock
   * could not be had in time, or `signal` ended the wait. The lock ends when it is released, when it is older than
   * `maxHoldMs`, when the database takes it away, or when this process dies.
   */
  lock(request: LockRequest): Promise<HeldLock | undefined>;

  /** One round trip to the database. */
  ping(): Promise<void>;
}
