import { SessionSerializationError } from '../../session.errors.js';
import type { ListedField, SessionRow } from '../../table/session-row.js';
import type { SessionData } from '../express-session.js';
import type { DecodedSession } from '../session/codec.js';
import { ageOf } from '../session/cookie.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { isHandle } from '../session/id.js';
import { factsOf, newOrigin, type SessionOrigin } from '../session/origin.js';

const SCAN_ROWS = 500;
const PAGE_ROWS = 100;

const NUMBERS = ['expiresAt', 'createdAt', 'lastSeenAt', 'version'] as const;
/** The last moment that a Date can be. */
const LATEST_MS = 8.64e15;

/**
 * A live session as users and administrators may see it: no id, no hash, no data.
 *
 * @publicApi
 */
export interface SessionInfo {
  /** The public name of the session. */
  readonly handle: string;
  readonly userId: string | undefined;
  readonly createdAt: Date | undefined;
  readonly lastSeenAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  /** The address of the client or its network, with the option `metadata`. */
  readonly ipAddress: string | undefined;
  /** The client's description of itself, likewise. */
  readonly userAgent: string | undefined;
}

/** Which sessions to list. */
export interface SessionQuery {
  /** Only this user's, compared exactly; a key without a value is a TypeError, because it must not mean everybody. */
  userId?: string | number | undefined;
  /** Maximum number of sessions. @default 100 */
  limit?: number | undefined;
  /** The last handle of the page before. */
  after?: string | undefined;
}

/** Reads rows, decodes them, and notes where each session came from. */
export class SessionReader {
  constructor(private readonly dependencies: StoreDependencies) {}

  /** Not `async`: each promise on the way costs a read as much as its hash. */
  find(key: string): Promise<SessionData | undefined> {
    const { table, options, now } = this.dependencies;
    return table.find([key], now()).then(([row]) => {
      if (row) return this.inflate(row, key);
      return options.renewAfterMs === undefined ? undefined : this.findRenewed(key);
    });
  }

  private async findRenewed(key: string): Promise<SessionData | undefined> {
    const { table, now } = this.dependencies;
    const row = await table.findPrevious(key, now());
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

  async list(query: SessionQuery): Promise<SessionInfo[]> {
    const { limit = PAGE_ROWS, after } = query;
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`The limit ${limit} is not a whole number from 1.`);
    if (after !== undefined && !isHandle(after)) return [];
    const rows = await this.dependencies.table.page({ userId: userKeyOf(query), limit, after, now: this.dependencies.now() });
    return rows.map(toInfo);
  }

  async count(query: SessionQuery): Promise<number> {
    const userId = userKeyOf(query);
    const isExpiryStored = (await this.dependencies.table.fields()).has('expiresAt');
    if (!isExpiryStored && userId === undefined) return (await this.all()).length;
    return this.dependencies.table.count({ userId, now: this.dependencies.now() });
  }

  private inflate(row: SessionRow, key = row.id): SessionData | undefined | Promise<SessionData | undefined> {
    const origin = newOrigin(row.id, row);
    if (key !== row.id) origin.alias = key;
    try {
      checkNumbers(row);
      const decoded = this.dependencies.codec.decode(row);
      if (!(decoded instanceof Promise)) return this.accept(decoded, origin, row);
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
    this.dependencies.origins.note(data, origin);
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

const toDate = (epochMs: number | undefined): Date | undefined => (epochMs === undefined ? undefined : new Date(epochMs));

/** A query that names a user, but not which, must not mean everybody. */
function userKeyOf(query: SessionQuery): string | undefined {
  if (!('userId' in query)) return undefined;
  const { userId } = query;
  if (Number.isFinite(userId) || (typeof userId === 'string' && userId !== '')) return String(userId);
  throw new TypeError('The `userId` of a session query must be a number or a non-empty string. Leave the key out to mean all users.');
}

function toInfo(row: SessionRow): SessionInfo {
  return {
    handle: row.handle ?? '',
    userId: row.userId ?? undefined,
    createdAt: toDate(row.createdAt),
    lastSeenAt: toDate(row.lastSeenAt),
    expiresAt: toDate(row.expiresAt),
    ipAddress: row.ipAddress ?? undefined,
    userAgent: row.userAgent ?? undefined,
  } satisfies Record<ListedField, unknown>;
}
