import { SessionConflictError } from '../../session.errors.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { Client } from '../session/client.js';
import type { SessionDraft } from '../session/codec.js';
import { createHandle } from '../session/id.js';
import { ID_TAKEN, type SessionOrigin } from '../session/origin.js';

/** Makes the rows of sessions, and removes them. */
export class SessionRows {
  /** Whether the entity has a column for it; not known before the first row is made. */
  private givesHandles: boolean | undefined;

  constructor(private readonly dependencies: StoreDependencies) {}

  /** Adds a row; resolves to its handle. Rejects with `SessionConflictError` if the id is taken. */
  async add(id: string, draft: SessionDraft, createdAt: number, client?: Client): Promise<string | undefined> {
    const { table } = this.dependencies;
    this.givesHandles ??= (await table.fields()).has('handle');
    const handle = this.givesHandles ? createHandle(createdAt) : undefined;
    const { data, expiresAt, pruneAfter, lastSeenAt, userId } = draft;
    const { ipAddress, userAgent } = client ?? {};
    const row = { id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version: 1, userId, handle, ipAddress, userAgent };
    const [outcome] = await table.insert([row]);
    if (outcome === 'conflict') throw new SessionConflictError(ID_TAKEN);
    return handle;
  }

  /**
   * Removes a row. One that another request has given another id meanwhile is found by its handle, or in the grace of a renewal by the
   * id before.
   */
  async remove(key: string, handle: SessionOrigin['handle']): Promise<'removed' | 'gone'> {
    const { table } = this.dependencies;
    let outcome: string | undefined = (await table.remove([key]))[0];
    if (outcome === 'gone' && handle) outcome = await table.removeHandle(handle);
    if (outcome === 'gone') outcome = await this.removeRenewed(key);
    return outcome === 'removed' ? 'removed' : 'gone';
  }

  private async removeRenewed(key: string): Promise<string | undefined> {
    const { table, options, now } = this.dependencies;
    const row = options.renewAfterMs === undefined ? undefined : await table.findPrevious(key, now());
    return row && (await table.remove([row.id]))[0];
  }
}
