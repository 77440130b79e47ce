import { SessionConflictError } from '../../session.errors.js';
import type { Operation } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { RENEWAL_GRACE_MS } from '../options/lifetime-options.js';
import { factsOf, hasLostLock, ID_TAKEN, type SessionOrigin } from '../session/origin.js';

/**
 * Periodic renewal (`renewAfter`): another id on the same row, by itself. The one before is kept as `previousId` for a
 * grace, so that of several requests at once the first renews and the others go on under the id that they came with.
 */
export class SessionRenewal {
  constructor(private readonly dependencies: StoreDependencies) {}

  /** Whether the id of a session is old enough, and the request came under it. */
  isDue(origin: SessionOrigin): boolean {
    const { options, now } = this.dependencies;
    const { isStored, isEnded, alias, renewedAt = 0 } = origin;
    if (options.renewAfterMs === undefined || !isStored || isEnded || alias !== undefined || hasLostLock(origin)) return false;
    return now() - renewedAt >= options.renewAfterMs;
  }

  /** Gives the row another key. If another request was first, the session goes on under the old one. */
  async renew(origin: SessionOrigin, newKey: string, rename: () => void, operation: Operation): Promise<void> {
    const { table, now, emit } = this.dependencies;
    if (!this.isDue(origin)) return;
    const { key } = origin;
    const renewedAt = now();
    // An answer that leaves without the new id leaves it to nobody, and the old one would be lost after its grace.
    const undoMove = () => table.changeId([{ id: newKey, newId: key }]);
    const move = { id: key, newId: newKey, previousId: key, previousUntil: renewedAt + RENEWAL_GRACE_MS };
    const [outcome] = await table.changeId([move]).catch(async (error: unknown) => {
      // The move may have been made all the same. Where this fails, too, nothing more can be done.
      await undoMove().catch(() => undefined);
      throw error;
    });
    if (outcome === 'conflict') throw new SessionConflictError(ID_TAKEN);
    if (outcome === 'gone') {
      origin.isEnded = !(await this.adopt(origin));
      return;
    }
    if (operation.isLate) {
      await undoMove();
      return;
    }
    Object.assign(origin, { key: newKey, renewedAt });
    rename();
    emit('rotated', factsOf(origin));
  }

  /** Whether a row that is gone under its key was only renewed, and the grace of that key lasts; then the origin goes on with the row. */
  async adopt(origin: SessionOrigin): Promise<boolean> {
    const { table, options, now } = this.dependencies;
    const row = options.renewAfterMs === undefined ? undefined : await table.findPrevious(origin.key, now());
    if (!row) return false;
    origin.alias ??= origin.key;
    origin.key = row.id;
    return true;
  }
}
