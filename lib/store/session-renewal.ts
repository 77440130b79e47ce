import { SessionConflictError } from '../session.errors.js';
import type { Operation } from './operations.js';
import type { SessionContext } from './session-context.js';
import { RENEWAL_GRACE_MS } from './session-expiry.js';
import { factsOf, ID_TAKEN, type SessionOrigin } from './session-origin.js';

/**
 * Periodic renewal (`renewAfter`): another id on the same row, by itself. The one before is kept as `previousId` for a
 * grace, so that of several requests at once the first renews and the others go on under the id that they came with.
 */
export class SessionRenewal {
  constructor(private readonly context: SessionContext) {}

  /** Whether the id of a session is old enough, and the request came under it. */
  isDue({ isStored, isEnded, alias, renewedAt = 0 }: SessionOrigin): boolean {
    const { options, now } = this.context;
    if (options.renewAfterMs === undefined || !isStored || isEnded || alias !== undefined) return false;
    return now() - renewedAt >= options.renewAfterMs;
  }

  /** Gives the row another key. Where another request was first, the session goes on under the old one. */
  async renew(origin: SessionOrigin, newKey: string, rename: () => void, operation: Operation): Promise<void> {
    const { table, now, tell } = this.context;
    if (!this.isDue(origin)) return;
    const { key } = origin;
    const renewedAt = now();
    const [outcome] = await table.rekey([{ id: key, newId: newKey, previousId: key, previousUntil: renewedAt + RENEWAL_GRACE_MS }]);
    if (outcome === 'conflict') throw new SessionConflictError(ID_TAKEN);
    if (outcome === 'gone') {
      origin.isEnded = !(await this.follow(origin));
      return;
    }
    if (operation.isLate) {
      // The answer has left without the new id: nobody knows it but this request.
      await table.rekey([{ id: newKey, newId: key }]);
      return;
    }
    Object.assign(origin, { key: newKey, renewedAt });
    rename();
    tell('rotated', factsOf(origin));
  }

  /** Whether a row that is gone under its key was only renewed, and the grace of that key lasts; then the origin goes on with the row. */
  async follow(origin: SessionOrigin): Promise<boolean> {
    const { table, options, now } = this.context;
    const row = options.renewAfterMs === undefined ? undefined : await table.findPrevious(origin.key, now());
    if (!row) return false;
    origin.alias ??= origin.key;
    origin.key = row.id;
    return true;
  }
}
