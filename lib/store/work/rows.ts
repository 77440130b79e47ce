import { SessionConflictError } from '../../session.errors.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { Client } from '../session/client.js';
import type { SessionDraft } from '../session/codec.js';
import { createHandle } from '../session/id.js';
import type { SessionLimit } from '../owner/session-limit.js';
import { ID_TAKEN, type SessionOrigin } from '../session/origin.js';

/** A row that is to be made. */
interface NewRow {
  readonly id: string;
  readonly draft: SessionDraft;
  readonly createdAt: number;
  readonly handle: string | undefined;
  readonly client: Client | undefined;
  /** The number of the user's sessions that end as soon as this row is there. @default 0 */
  readonly replaced?: number;
}

/** Makes the rows of sessions, and removes them. */
export class SessionRows {
  /** Whether the entity has a column for it; not known before the first row is made. */
  private givesHandles: boolean | undefined;

  constructor(
    private readonly dependencies: StoreDependencies,
    private readonly limit: SessionLimit,
  ) {}

  /** A handle for a row that is about to be made; `undefined` if the entity has no column for it. */
  async newHandle(createdAt: number): Promise<string | undefined> {
    this.givesHandles ??= (await this.dependencies.table.fields()).has('handle');
    return this.givesHandles ? createHandle(createdAt) : undefined;
  }

  /**
   * Adds a row. Rejects with `SessionConflictError` if the id is taken, and with `SessionLimitError` if the user has too many sessions;
   * those that end afterwards (`replaced`) do not count.
   */
  async add({ id, draft, createdAt, handle, client, replaced }: NewRow): Promise<void> {
    const { data, expiresAt, pruneAfter, lastSeenAt, userId } = draft;
    const { ipAddress, userAgent } = client ?? {};
    const row = { id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version: 1, userId, handle, ipAddress, userAgent };
    if ((await this.limit.insert(row, replaced)) === 'conflict') throw new SessionConflictError(ID_TAKEN);
  }

  /**
   * Removes a row. One that another request has given another id meanwhile is found by its handle, or in the grace of a renewal by the
   * id before.
   */
  async remove(key: string, handle: SessionOrigin['handle']): Promise<'removed' | 'gone'> {
    const { table, cache } = this.dependencies;
    let outcome: string | undefined = (await table.remove([key]))[0];
    cache?.forgetHandle(handle);
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
