import { SessionConflictError, SessionInterruptedError } from '../../session.errors.js';
import type { HeldLock, LockRequest } from '../../table/session-table.js';
import { fromCallback, type Callback } from '../callback.js';
import type { Request, SessionData } from '../express-session.js';
import type { SessionOrigin } from '../session/origin.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { RequestState } from './request-state.js';
import type { AtEnd, Due } from './due.js';

/** What a lock asks of the store, so that its methods may have been replaced. */
interface LockedStore {
  get(sid: string, callback: Callback<SessionData | null>): void;
  createSession(req: Request, data: SessionData): unknown;
  readonly generate: (req: Request) => void;
  inFlight(session: object | null | undefined): Promise<void> | undefined;
  dueAtEnd(session: SessionData): AtEnd;
  writeAtEnd(sid: string, session: SessionData, due: Due): Promise<void>;
  readonly requests: Pick<RequestState, 'noteLock' | 'endedIn' | 'readAnew'>;
}

/** How a request locks its session. */
export interface SessionLockOptions extends Pick<LockRequest, 'waitMs' | 'maxHoldMs' | 'signal'> {
  /** What warnings call the one that holds the lock, such as `CartController.checkout`. */
  readonly holder: string;
}

/** Nobody else knows the id of a session without a row. */
const NO_LOCK: HeldLock = { isHeld: true, release: async () => {} };

/** Locks the session of a request and reads it again, as `SessionStore.lock` says. */
export async function lockSession(
  store: LockedStore,
  { table, warn }: StoreDependencies,
  req: Request,
  origin: SessionOrigin | undefined,
  { holder, ...limits }: SessionLockOptions,
): Promise<HeldLock> {
  if (!origin?.isStored) return noteLock(store, req, NO_LOCK);
  // By the handle if there is one, because a session keeps it when it gets another id.
  const id = origin.handle ?? origin.key;
  const held = await table.lock({ ...limits, id, onLost: (reason) => warn(lossOf(reason, holder, limits.maxHoldMs)) });
  if (!held && limits.signal?.aborted) {
    throw new SessionInterruptedError('The client went away while its request waited for the lock of the session.');
  }
  if (!held) throw new SessionConflictError(`Another request of this session held its lock for ${limits.waitMs} ms. Try again.`);
  noteLock(store, req, held);
  store.requests.readAnew(req.sessionID);
  try {
    const data = await fromCallback<SessionData | null>((done) => store.get(req.sessionID, done));
    if (data) store.createSession(req, data);
    else store.generate(req);
  } catch (error) {
    await held.release();
    throw error;
  }
  return {
    get isHeld() {
      return held.isHeld;
    },
    // What the request has begun to store is stored first: the next one reads it.
    release: async () => {
      await store.inFlight(req.session ?? store.requests.endedIn(req))?.catch(() => undefined);
      await held.release();
    },
  };
}

/** Stores what a request has changed before the end of its answer, as an explicit save does. */
export async function storeSession(store: LockedStore, req: Request): Promise<void> {
  const session = req.session as SessionData | null | undefined;
  if (!session) return;
  await store.inFlight(session);
  const atEnd = store.dueAtEnd(session);
  const { due } = atEnd.known ?? (await atEnd.later);
  if (due === 'save') await store.writeAtEnd(req.sessionID, session, 'save');
}

function noteLock(store: LockedStore, req: Request, lock: HeldLock): HeldLock {
  store.requests.noteLock(req, lock);
  return lock;
}

function lossOf(reason: 'expired' | 'taken', holder: string, maxHoldMs: number): string {
  const rest = 'Its later saves are refused if another request has changed the session meanwhile.';
  return reason === 'expired'
    ? `${holder} held the lock of a session for ${maxHoldMs} ms, so the lock was released. ${rest} Make it faster, or raise \`maxHold\` of @SessionLock.`
    : `The database ended the connection on which ${holder} held the lock of a session, so the lock is lost. ${rest} Look at the database, and at what ends idle connections.`;
}
