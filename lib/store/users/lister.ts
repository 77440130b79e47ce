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
  readonly userId: string | undefined;
  readonly createdAt: Date | undefined;
  readonly lastSeenAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly ipAddress: string | undefined;
  readonly userAgent: string | undefined;
}

/** Which sessions to list. */
export interface SessionQuery {
  /** Only this user's, compared exactly. The key with the value `undefined` or `null` means nobody's; without the key, everybody's. */
  userId?: string | number | null | undefined;
  /** Maximum number of sessions. @default 100 */
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
