import type { ListedField, SessionRow } from '../../table/session-row.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { isHandle } from '../session/id.js';
import { optionsOf } from '../call-options.js';
import type { SessionReader } from '../work/reader.js';
import { whoseOf } from './user-id.js';

const PAGE_ROWS = 100;

/**
 * A live session as users and administrators may see it: no id, no hash, no data.
 *
 * @publicApi
 */
export interface SessionInfo {
  /** The public name of the session. */
  readonly handle: string;
  /** Its user, as a string; `undefined` for a visitor. */
  readonly userId: string | undefined;
  /** When the session was created, or signed in by `login`; `undefined` without a column for it. So are the two times below. */
  readonly createdAt: Date | undefined;
  /** When it was last used, up to one `touchInterval` ago. */
  readonly lastSeenAt: Date | undefined;
  /** When it ends, unless it is used until then. */
  readonly expiresAt: Date | undefined;
  /** The address of the client, or its network; `undefined` without the option `metadata`. */
  readonly ipAddress: string | undefined;
  /** The client's description of itself; `undefined` without the option `metadata`. */
  readonly userAgent: string | undefined;
}

/** Which sessions to list. */
export interface SessionQuery {
  /** Only this user's, compared exactly. The key with the value `undefined` or `null` means nobody's; without the key, everybody's. */
  userId?: string | number | null | undefined;
  /** Maximum number of sessions, a whole number from 1. @default 100 */
  limit?: number | undefined;
  /** The last handle of the page before. */
  after?: string | undefined;
}

/** Shows which sessions are live, without reading their data. */
export class SessionLister {
  constructor(
    private readonly dependencies: StoreDependencies,
    private readonly reader: SessionReader,
  ) {}

  async list(query: SessionQuery): Promise<SessionInfo[]> {
    const { limit = PAGE_ROWS, after } = optionsOf('list', query, ['userId', 'limit', 'after']);
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`The limit ${limit} is not a whole number from 1.`);
    const whose = whoseOf(query);
    if (whose === 'nobody' || (after !== undefined && !isHandle(after))) return [];
    const rows = await this.dependencies.table.page({ ...whose, limit, after, now: this.dependencies.now() });
    return rows.map(toInfo);
  }

  async find(handle: string): Promise<SessionInfo | undefined> {
    if (!isHandle(handle)) return undefined;
    const [row] = await this.dependencies.table.page({ handle, limit: 1, now: this.dependencies.now() });
    return row && toInfo(row);
  }

  async count(query: Pick<SessionQuery, 'userId'>): Promise<number> {
    const whose = whoseOf(optionsOf('count', query, ['userId']));
    return whose === 'nobody' ? 0 : this.reader.count(whose.userId);
  }
}

const toDate = (epochMs: number | undefined): Date | undefined => (epochMs === undefined ? undefined : new Date(epochMs));

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
