import { SessionConflictError, SessionUnavailableError } from '../../session.errors.js';
import type { SessionRow } from '../../table/session-row.js';
import type { HeldLock } from '../../table/session-table.js';
import { PrivateField } from './private-field.js';
import type { StoredData } from './codec.js';
import { renewedAtOf } from './expiry.js';

/** Which row a session object came from, and what lay in it. */
export interface SessionOrigin {
  /** The key of the row; an origin counts only while the session is written under the same id. */
  key: string;
  /** The key under which the request came, where a renewal has replaced it: in its grace it reads and writes, and cannot renew. */
  alias: string | undefined;
  /** The plain id under which the request came, if the row has its hash and processes that write plain ids still run. */
  plainKey: string | undefined;
  /** Epoch milliseconds since which the session has its id. */
  renewedAt: number | undefined;
  /** False for a session made in this request, until its INSERT. */
  isStored: boolean;
  /** Stands in for a session that could not be read: nothing is ever written. */
  isThrowaway: boolean;
  /** Destroyed, or found gone: nothing is written any more. */
  isEnded: boolean;
  /** Whether it was stored during this request. */
  isSaved: boolean;
  /** Whether an `update` has stored it: then a save of the same data, as express-session does one at the end, writes nothing. */
  isSettled: boolean;
  /** The data as it lies in the table: what changes are found by, and the base of a merge. */
  base: StoredData;
  /** The data as the request loaded it. */
  loaded: StoredData;
  version: number | undefined;
  createdAt: number | undefined;
  lastSeenAt: number | undefined;
  expiresAt: number | undefined;
  userId: string | undefined;
  handle: string | undefined;
  /** The client as it stands in the row; `undefined` without a column for it. */
  ipAddress: string | null | undefined;
  userAgent: string | null | undefined;
  /** The `cookie.expires` that the store handed out, in epoch milliseconds: another one in plain data ends the session then. */
  expires: number | undefined;
  /** The age of the cookie in the row, in milliseconds; another one on the session counts from the next write on. */
  cookieAge: number | null;
  /** Whether its own cookie has ended it; the browser drops that cookie. */
  isEndedByCookie: boolean;
  /** The lock under which the session was read. */
  lock: HeldLock | undefined;
  /** The work in flight on this session object, whose writes run one after the other. Never rejects. */
  turn: Promise<void> | undefined;
}

/** What the end of a request asks of its session. */
export type SessionState = Readonly<Pick<SessionOrigin, 'isStored' | 'isEnded' | 'isEndedByCookie' | 'alias'>>;

const NOTHING: StoredData = { text: '', expires: null };

/** The origin of a session made now, under this key; with a row, of one that was read from it. */
export function newOrigin(key: string, row?: SessionRow): SessionOrigin {
  return {
    key,
    alias: undefined,
    plainKey: undefined,
    renewedAt: row && renewedAtOf(row),
    isStored: row !== undefined,
    isThrowaway: false,
    isEnded: false,
    isSaved: false,
    isSettled: false,
    base: NOTHING,
    loaded: NOTHING,
    version: row?.version,
    createdAt: row?.createdAt,
    lastSeenAt: row?.lastSeenAt,
    expiresAt: row?.expiresAt,
    userId: row?.userId ?? undefined,
    handle: row?.handle,
    ipAddress: row?.ipAddress,
    userAgent: row?.userAgent,
    expires: undefined,
    cookieAge: null,
    isEndedByCookie: false,
    lock: undefined,
    turn: undefined,
  };
}

export const ID_TAKEN = 'The new session id is taken already. Let `genid` return ids that are hard to guess.';

/** The error of an operation on a session that could not be read. */
export const notRead = (): SessionUnavailableError =>
  new SessionUnavailableError('The session of this request could not be read, so it cannot be changed. Try again.');

/**
 * Whether the lock under which a session was read is over. Others may hold it since, and do not expect this request to write:
 * so it neither merges nor overwrites, and its data is stored only if nobody has changed the session.
 */
export const hasLostLock = ({ lock }: SessionOrigin): boolean => lock !== undefined && !lock.isHeld;

/** The error of an operation on a session whose lock was lost. */
export const lockLost = (): SessionConflictError =>
  new SessionConflictError(
    'The lock of this session ended before its request did, and another request may have changed the session since. Nothing was stored. Try again.',
  );

/** The facts of a session that events may carry. */
export const factsOf = (origin: SessionOrigin | undefined) => ({
  handle: origin?.handle,
  userId: origin?.userId,
  ipAddress: origin?.ipAddress ?? undefined,
  userAgent: origin?.userAgent ?? undefined,
});

/**
 * Origins by session object. `get` notes them on the data that it hands out, `createSession` moves them to the session;
 * users see nothing of it.
 */
export class SessionOrigins {
  attach(session: object, origin: SessionOrigin): void {
    PrivateField.set(session, this, origin);
  }

  move(from: object, to: object): void {
    const origin = this.of(from);
    if (origin) this.attach(to, origin);
  }

  /** The origin of a session object; with a key only where it came from that row. */
  of(session: object | null | undefined, key?: string): SessionOrigin | undefined {
    const origin = typeof session === 'object' && session ? (PrivateField.get(session, this) as SessionOrigin | undefined) : undefined;
    return key === undefined || origin?.key === key || origin?.alias === key || origin?.plainKey === key ? origin : undefined;
  }
}

/** Runs work on a session after whatever runs on it now, whether that succeeds or not. */
export function runExclusively<T>(origin: Pick<SessionOrigin, 'turn'>, work: () => Promise<T>): Promise<T> {
  const result = origin.turn ? origin.turn.then(work) : work();
  const end = (): void => {
    if (origin.turn === turn) origin.turn = undefined;
  };
  const turn: Promise<void> = result.then(end, end);
  origin.turn = turn;
  return result;
}

/** Runs what is done to one session object, or to one key without an origin, in the order of the calls. */
export class SessionTurns {
  /** Without an origin: only while there is work on the key. */
  private readonly byKey = new Map<string, Pick<SessionOrigin, 'turn'>>();

  /** Whether there is work on a key without an origin. */
  isBusy(key: string): boolean {
    return this.byKey.has(key);
  }

  run<T>(key: string, origin: SessionOrigin | undefined, work: () => Promise<T>): Promise<T> {
    if (origin) return runExclusively(origin, work);
    const holder = this.byKey.get(key) ?? { turn: undefined };
    this.byKey.set(key, holder);
    const result = runExclusively(holder, work);
    void holder.turn?.then(() => {
      if (!holder.turn) this.byKey.delete(key);
    });
    return result;
  }
}
