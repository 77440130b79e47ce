import type { SessionRow } from '../../table/session-row.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { hashSessionId, isHash, isSessionId } from '../session/id.js';

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

  /** The live row of a session that was not found under its key; from now on it is. An id of no session costs one statement. */
  async find(sid: string, key: string): Promise<SessionRow | undefined> {
    const { table, now } = this.dependencies;
    // Both in one statement: between two of them another process may give the row its hash.
    const row = await table.findAny([key, sid], now());
    if (!row || row.id === key) return row;
    const [outcome] = await table.changeId([{ id: sid, newId: key }]);
    if (outcome === 'saved') return { ...row, id: key };
    const [moved] = await table.find([key], now());
    return moved;
  }

  /** Gives a row its hash, whether it is live or not. A process of the older store may have written the plain one again: it goes. */
  async move(sid: string, key: string): Promise<void> {
    const { table } = this.dependencies;
    const [outcome] = await table.changeId([{ id: sid, newId: key }]);
    if (outcome === 'conflict') await this.forget(sid);
  }

  /** Removes what a process of the older store may have written under the plain id of a session that has its hash. */
  async forget(sid: string): Promise<void> {
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

  /** A row that is no session any more is removed: one that the older store has marked as ended, or of an id that nobody can present. */
  private async moveOne(id: string): Promise<boolean> {
    const { table } = this.dependencies;
    const [outcome] = isSessionId(id) ? await table.changeId([{ id, newId: hashSessionId(id) }]) : [];
    if (outcome === 'saved') return true;
    await this.forget(id);
    return false;
  }
}
