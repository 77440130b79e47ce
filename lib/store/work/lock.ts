import { SessionConflictError } from '../../session.errors.js';
import type { SessionTable } from '../../table/session-table.js';
import { promise, type Callback } from '../callback.js';
import type { Request, SessionData } from '../express-session.js';
import type { SessionOrigin } from '../session/origin.js';

/** What a lock asks of the store, so that its methods may have been replaced. */
interface LockedStore {
  get(sid: string, callback: Callback<SessionData | null>): void;
  createSession(req: Request, data: SessionData): unknown;
  readonly generate: (req: Request) => void;
}

/** Locks the session of a request and reads it again, as `SessionStore.lock` says. */
export async function lockSession(
  store: LockedStore,
  table: SessionTable,
  req: Request,
  origin: SessionOrigin | undefined,
  waitMs: number,
): Promise<() => Promise<void>> {
  // Nobody else knows the id of a session without a row.
  if (!origin?.isStored) return async () => {};
  // By the handle where there is one, because a session keeps it when it gets another id.
  const release = await table.lock(origin.handle ?? origin.key, waitMs);
  if (!release) throw new SessionConflictError(`Another request of this session held its lock for ${waitMs} ms. Try again.`);
  try {
    const data = await promise<SessionData | null>((done) => store.get(req.sessionID, done));
    if (data) store.createSession(req, data);
    else store.generate(req);
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}
