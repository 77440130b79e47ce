import { SessionUnavailableError } from '../../session.errors.js';
import type { SessionData } from '../express-session.js';
import type { Operation } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { SessionDraft } from '../session/codec.js';
import type { Lifetime } from '../session/expiry.js';
import { createHandle } from '../session/id.js';
import type { SessionLimit } from '../owner/session-limit.js';

/** Session data for a key, of which nobody knows whether it has a row. */
export interface UpsertData {
  readonly key: string;
  readonly session: SessionData;
  readonly lifetime: Lifetime;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Adds the row or replaces its data, in one atomic statement. */
export async function upsert(
  { codec }: StoreDependencies,
  limit: SessionLimit,
  { key, session, lifetime, now }: UpsertData,
  operation: Operation,
): Promise<SessionDraft> {
  const handle = createHandle(now);
  const draft = await codec.encode(session, lifetime, now, now, handle);
  const { cookieAge: _, ...row } = draft;
  await limit.upsert({ ...row, id: key, createdAt: now, version: 1, handle }, operation);
  return draft;
}

/**
 * The same for encrypted data, which is bound to the handle of its row: so the row is read first, and where another request was faster,
 * it is read again.
 */
export async function upsertEncrypted(
  { table, codec }: StoreDependencies,
  limit: SessionLimit,
  { key, session, lifetime, now }: UpsertData,
  operation: Operation,
): Promise<SessionDraft> {
  for (let isTaken = false; !operation.isLate;) {
    const [row] = await table.find([key], now);
    if (row?.handle) {
      const draft = await codec.encode(session, lifetime, now, row.createdAt, row.handle);
      const { data, expiresAt, pruneAfter, lastSeenAt, userId } = draft;
      const change = { id: key, data, expiresAt, pruneAfter, lastSeenAt, userId, version: row.version };
      if ((await limit.update(change, row.userId ?? undefined)) !== 'saved') continue;
      await limit.evict(draft, undefined, operation);
      return draft;
    }
    // A row that has expired, or to which nothing can be bound.
    if (row || isTaken) await table.remove([key]);
    const handle = createHandle(now);
    const draft = await codec.encode(session, lifetime, now, now, handle);
    const { data, expiresAt, pruneAfter, lastSeenAt, userId } = draft;
    const added = { id: key, data, expiresAt, pruneAfter, createdAt: now, lastSeenAt, version: 1, userId, handle };
    isTaken = (await limit.insert(added)) !== 'saved';
    if (isTaken) continue;
    await limit.evict(draft, undefined, operation);
    return draft;
  }
  throw new SessionUnavailableError('Too many requests changed the session at once. Try again.');
}
