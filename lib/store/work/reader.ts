import { SessionSerializationError } from '../../session.errors.js';
import type { SessionRow } from '../../table/session-row.js';
import { isPromise } from '../callback.js';
import type { SessionData } from '../express-session.js';
import type { DecodedSession } from '../session/codec.js';
import { ageOf } from '../session/cookie.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { factsOf, newOrigin, type SessionOrigin } from '../session/origin.js';
import type { IdMigration } from './id-migration.js';

const SCAN_ROWS = 500;

const NUMBERS = ['expiresAt', 'createdAt', 'lastSeenAt', 'version'] as const;
/** The last moment that a Date can be. */
const LATEST_MS = 8.64e15;

/** Reads rows, decodes them, and notes where each session came from. */
export class SessionReader {
  constructor(
    private readonly dependencies: StoreDependencies,
    private readonly ids: IdMigration,
  ) {}

  async find(key: string, sid: string): Promise<SessionData | undefined> {
    const { table, cache, options, now } = this.dependencies;
    const [row] = await (cache ?? table).find([key], now());
    if (row) return this.inflate(this.ids.takesBoth ? await this.ids.fill(row) : row, key);
    const isElsewhere = options.renewAfterMs !== undefined || this.ids.isOn || this.ids.takesBoth;
    return isElsewhere ? this.findElsewhere(key, sid) : undefined;
  }

  /** In the grace of a renewal, under the plain id that an older store gave it, or under the hash that a newer process gave it. */
  private async findElsewhere(key: string, sid: string): Promise<SessionData | undefined> {
    const { table, options, now } = this.dependencies;
    const renewed = options.renewAfterMs === undefined ? undefined : await table.findPrevious(key, now());
    const row = renewed ?? (await this.ids.find(sid, key));
    return row && this.inflate(row, key);
  }

  async all(): Promise<SessionData[]> {
    const sessions: SessionData[] = [];
    for (let after: string | undefined; ;) {
      const rows = await this.dependencies.table.scan({ after, limit: SCAN_ROWS, now: this.dependencies.now() });
      for (const row of rows) {
        const data = await this.inflate(row);
        if (data) sessions.push(data);
      }
      if (rows.length < SCAN_ROWS) return sessions;
      after = rows.at(-1)?.id;
    }
  }

  /** How many sessions are live, all or one user's. */
  async count(userId?: string): Promise<number> {
    const isExpiryStored = (await this.dependencies.table.fields()).has('expiresAt');
    if (!isExpiryStored && userId === undefined) return (await this.all()).length;
    return this.dependencies.table.count({ userId, now: this.dependencies.now() });
  }

  private inflate(row: SessionRow, key = row.id): SessionData | undefined | Promise<SessionData | undefined> {
    const origin = newOrigin(row.id, row);
    if (key !== row.id) origin[this.ids.takesBoth ? 'plainKey' : 'alias'] = key;
    try {
      checkNumbers(row);
      const decoded = this.dependencies.codec.decode(row);
      if (!isPromise(decoded)) return this.accept(decoded, origin, row);
      return decoded.then(
        (session) => this.accept(session, origin, row),
        (error: unknown) => this.refuse(error, origin),
      );
    } catch (error) {
      return this.refuse(error, origin);
    }
  }

  private accept({ data, base }: DecodedSession, origin: SessionOrigin, row: SessionRow): SessionData | undefined {
    const end = origin.expiresAt ?? data.cookie.expires?.getTime();
    if (isOver(this.dependencies, end, origin.createdAt)) return undefined;
    origin.userId = this.dependencies.codec.userOf(row, data);
    origin.base = base;
    origin.loaded = base;
    origin.expires = data.cookie.expires?.getTime();
    origin.cookieAge = ageOf(data.cookie);
    this.dependencies.origins.attach(data, origin);
    return data;
  }

  private refuse(error: unknown, origin: SessionOrigin): undefined {
    if (!(error instanceof SessionSerializationError)) throw error;
    this.dependencies.emit('undecodable', factsOf(origin));
    this.dependencies.warn(`${error.message} Session ${origin.handle ?? 'without a handle'}.`);
    if (this.dependencies.options.onUndecodable === 'error') throw error;
  }
}

/** Throws for a zero date, a string in a number column of SQLite, or a time beyond all dates: nothing can be calculated from them. */
function checkNumbers(row: SessionRow): void {
  for (const field of NUMBERS) {
    const value = row[field] ?? 0;
    if (!(Math.abs(value) <= LATEST_MS)) {
      throw new SessionSerializationError(`A stored session has a value in its column for \`${field}\` that no session has.`);
    }
  }
}

/** A write of unknown origin cannot know when the row was made, so the absolute end is looked at here, too. */
function isOver({ now, options }: StoreDependencies, end: number | undefined, createdAt: number | undefined): boolean {
  const { absoluteTimeoutMs } = options;
  const absoluteEnd = absoluteTimeoutMs === false || createdAt === undefined ? Infinity : createdAt + absoluteTimeoutMs;
  return Math.min(end ?? Infinity, absoluteEnd) <= now();
}
