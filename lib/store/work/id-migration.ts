import { SessionUnavailableError } from '../../session.errors.js';
import type { SessionRow } from '../../table/session-row.js';
import type { MissingValues, SaveOutcome } from '../../table/session-table.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { createHandle, hashSessionId, isHash, isSessionId } from '../session/id.js';

/** Rows that `migrateIds` looks at between two events. */
const BATCH_ROWS = 100;
/** Rows that are changed at once; more would wait in line for longer than an operation may take. */
const ROWS_AT_ONCE = 10;
/** Maximum number of runs through the table: a process of the older store may still write plain ids. */
const MAX_RUNS = 10;

/**
 * Takes over the rows of an older store, whose ids are plain (`hashIds: 'migrate'`). Each gets the hash of its id at its first use, or
 * from a run through the whole table. Of several processes at once one changes the row, and the others find it.
 */
export class IdMigration {
  private running: Promise<number> | undefined;

  constructor(private readonly dependencies: StoreDependencies) {}

  get isOn(): boolean {
    return this.dependencies.options.hashIds === 'migrate';
  }

  /**
   * Whether rows may have plain ids, which new ones get, or hashes: beside the older store (`adopt` with `hashIds: false`), while the next
   * processes of ours begin to take its rows over.
   */
  get takesBoth(): boolean {
    const { adopt, hashIds } = this.dependencies.options;
    return adopt !== undefined && hashIds === false;
  }

  /**
   * Finds the live row under the plain id, and gives it the hash as its id; if the table has both, under the hash. An unknown id costs
   * one statement.
   */
  async find(sid: string, key: string): Promise<SessionRow | undefined> {
    const { table, now } = this.dependencies;
    if (this.takesBoth) return (await table.find([hashSessionId(sid)], now()))[0];
    if (!this.isOn) return undefined;
    // Both in one statement: between two of them another process may give the row its hash.
    const row = await table.findAny([key, sid], now());
    if (!row || row.id === key) return row;
    const missing = await this.missingOf(row);
    const outcome = await this.change(sid, key, missing);
    if (outcome === 'saved') return { ...row, ...missing, id: key };
    const [moved] = await table.find([key], now());
    return moved;
  }

  /** A row of the older store as it stands once its user, and what it lacks, are filled in. */
  async fill(row: SessionRow): Promise<SessionRow> {
    const missing = isHash(row.id) ? undefined : await this.missingOf(row);
    if (!missing || (await this.change(row.id, row.id, missing)) !== 'saved') return row;
    return { ...row, ...missing };
  }

  /** Takes the row of an id over before it is written without having been read. Resolves to the key that it has now. */
  async takeOver(sid: string, key: string): Promise<string> {
    if (this.isOn) await this.move(sid, key);
    if (!this.takesBoth) return key;
    const { table, now } = this.dependencies;
    const [row] = await table.find([hashSessionId(sid)], now());
    return row?.id ?? key;
  }

  /** Removes what a process of the other kind may have written under the other form of an id. */
  async forgetTwin(sid: string): Promise<void> {
    if (this.takesBoth) await this.dependencies.table.remove([sid, hashSessionId(sid)]);
    else if (this.isOn) await this.forget(sid);
  }

  /** Gives a row its hash, whether it is live or not. A process of the older store may have written the plain one again: it goes. */
  private async move(sid: string, key: string): Promise<void> {
    const { table } = this.dependencies;
    const [outcome] = await table.changeId([{ id: sid, newId: key }]);
    if (outcome === 'conflict') await this.forget(sid);
  }

  private async change(id: string, newId: string, missing: MissingValues | undefined): Promise<SaveOutcome | undefined> {
    const { table } = this.dependencies;
    try {
      return (await table.changeId([{ id, newId, missing }]))[0];
    } catch (error) {
      if (!missing || error instanceof SessionUnavailableError) throw error;
      // A user id that its column cannot hold must not lock the user out.
      return (await table.changeId([{ id, newId }]))[0];
    }
  }

  /** What the columns of this row could hold and do not, because another store has made it: it is found by its user, and in lists. */
  private async missingOf(row: SessionRow): Promise<MissingValues | undefined> {
    const fields = await this.dependencies.table.fields();
    const at = this.dependencies.now();
    const isMissing = (field: keyof MissingValues) => fields.has(field) && (row[field] === undefined || row[field] === null);
    const userId = fields.has('userId') ? await this.userIdIn(row) : null;
    const isAsBefore = userId === (row.userId ?? null);
    const missing = {
      ...(isMissing('handle') && { handle: createHandle(at) }),
      ...(isMissing('createdAt') && { createdAt: at }),
      ...(isMissing('lastSeenAt') && { lastSeenAt: at }),
    };
    return isAsBefore && Object.keys(missing).length === 0 ? undefined : { ...missing, userId };
  }

  /** Whose session it is by its data, which another store may have changed. Whoever reads the session is told what is wrong with it. */
  private async userIdIn(row: SessionRow): Promise<string | null> {
    try {
      const { data } = await this.dependencies.codec.decode(row);
      return this.dependencies.codec.userIdOf(data);
    } catch {
      return row.userId ?? null;
    }
  }

  /** Removes what a process of the older store may have written under the plain id of a session that has its hash. */
  private async forget(sid: string): Promise<void> {
    await this.dependencies.table.remove([sid]);
  }

  /** Gives all rows their hashes; joins a run in flight. Resolves to how many had a plain id. */
  all(): Promise<number> {
    this.running ??= this.moveAll().finally(() => (this.running = undefined));
    return this.running;
  }

  private async moveAll(): Promise<number> {
    let count = 0;
    for (let run = 0; run < MAX_RUNS; run++) {
      const before = count;
      for (let after: string | undefined; ;) {
        const ids = await this.dependencies.table.ids({ after, limit: BATCH_ROWS });
        if (run === 0) await this.fillUsers(ids.filter(isHash));
        const plain = ids.filter((id) => !isHash(id));
        while (plain.length > 0) {
          const moved = await Promise.all(plain.splice(0, ROWS_AT_ONCE).map((id) => this.moveOne(id)));
          count += moved.filter(Boolean).length;
        }
        if (ids.length < BATCH_ROWS) break;
        after = ids.at(-1);
        this.dependencies.emit('migrating', { count });
      }
      if (count === before) break;
    }
    this.dependencies.emit('migrated', { count });
    return count;
  }

  /**
   * Rows that got their hashes before there was a column for the user, or whose user the older store had changed. One that changes
   * meanwhile gets its user from that change.
   */
  private async fillUsers(ids: readonly string[]): Promise<void> {
    const { table, now } = this.dependencies;
    if (ids.length === 0 || !(await table.fields()).has('userId')) return;
    for (const row of await table.find(ids, now())) {
      if (!row || typeof row.version !== 'number') continue;
      const userId = await this.userIdIn(row);
      if (userId === (row.userId ?? null)) continue;
      // The whole row, so that a save keeps what each other field holds.
      await table.update([{ ...row, userId }]).catch((error: unknown) => {
        if (error instanceof SessionUnavailableError) throw error;
      });
    }
  }

  /** A row that is no session any more is removed: one that the older store has marked as ended, or of an id that nobody can present. */
  private async moveOne(id: string): Promise<boolean> {
    const { table, now } = this.dependencies;
    if (isSessionId(id)) {
      const [row] = await table.find([id], now());
      const outcome = await this.change(id, hashSessionId(id), row && (await this.missingOf(row)));
      if (outcome === 'saved') return true;
    }
    await this.forget(id);
    return false;
  }
}
