import { SessionInterruptedError } from '../../session.errors.js';
import { toPruneHour, type SessionRow } from '../../table/session-row.js';
import type { SessionData } from '../express-session.js';
import { ageOf, assertSessionData, attributesOf } from '../session/cookie.js';
import { expiryOf, isEndedByCookie, isTouchDue, type Lifetime } from '../session/expiry.js';
import { factsOf, newOrigin, type SessionOrigin } from '../session/origin.js';
import type { Operation } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { ClientNotes } from '../owner/client-notes.js';
import type { SessionRenewal } from './renewal.js';

/** What a touch needs of the writer, where the cookie of a session says another end. */
interface Writer {
  save(session: SessionData, origin: SessionOrigin, operation: Operation): Promise<void>;
  destroyByCookie(key: string, origin: SessionOrigin | undefined): Promise<void>;
}

/** Says that sessions are in use: moves the end of their rows, and leaves their data alone. */
export class SessionToucher {
  constructor(
    private readonly dependencies: StoreDependencies,
    private readonly renewal: SessionRenewal,
    private readonly writer: Writer,
    private readonly clients: ClientNotes,
  ) {}

  /** Whether a touch is due for a session that has not changed. */
  isDue(session: SessionData, origin: SessionOrigin): boolean {
    const { codec, now } = this.dependencies;
    try {
      const at = now();
      return isTouchDue(codec.lifetimeOf(session, origin, at), at, origin);
    } catch {
      // The function `idleTimeout` threw. The touch will throw the same error, and its caller handles it.
      return true;
    }
  }

  /** Whether the cookie of a session says another end than its row has. */
  isOtherEnd(session: SessionData, origin: SessionOrigin): boolean {
    const { codec, now } = this.dependencies;
    return isOtherEnd(session, origin, codec.lifetimeOf(session, origin, now()));
  }

  /** Extends the expiry of a session in use, where that is due. An end that its cookie names, or another age, counts at once. */
  async touch(key: string, session: SessionData, origin: SessionOrigin | undefined, operation: Operation): Promise<void> {
    const { table, codec, now, emit } = this.dependencies;
    assertSessionData(session);
    const seenAt = now();
    if (origin && (!origin.isStored || origin.isEnded)) return;
    const lifetime = codec.lifetimeOf(session, origin, seenAt);
    if (isEndedByCookie(lifetime, seenAt)) return this.writer.destroyByCookie(origin?.key ?? key, origin);
    // The age and the end of a session of unknown origin are in its row.
    const known = origin ?? (await table.find([key], seenAt))[0];
    if (!known) return;
    if (origin ? isOtherEnd(session, origin, lifetime) : Number.isFinite(lifetime.endsAt)) {
      const row = origin ? await this.findRow(origin, seenAt) : (known as SessionRow);
      const client = this.clients.of(session);
      if (row && (await this.storeCookie(session.cookie, row, origin, expiryOf(lifetime, seenAt, known.createdAt), operation))) {
        return origin && this.clients.store(client, origin);
      }
    }
    if (!isTouchDue(lifetime, seenAt, known)) return;
    const client = this.clients.of(session);
    const expiresAt = expiryOf(lifetime, seenAt, known.createdAt);
    const hour = toPruneHour(expiresAt);
    const pruneAfter = known.expiresAt !== undefined && toPruneHour(known.expiresAt) === hour ? undefined : hour;
    const touch = { id: origin?.key ?? key, expiresAt, pruneAfter, lastSeenAt: seenAt, unseenSince: known.lastSeenAt };
    const [outcome] = await table.touch([touch], seenAt);
    if (!origin) return;
    // In a conflict another request has said so, or saved, meanwhile.
    if (outcome !== 'gone' || (await this.renewal.adopt(origin))) {
      origin.expiresAt = expiresAt;
      origin.lastSeenAt = seenAt;
      return this.clients.store(client, origin);
    }
    origin.isEnded = true;
    emit('interrupted', factsOf(origin));
  }

  /** The row of a session, under its new id where that was renewed. */
  private async findRow(origin: SessionOrigin, now: number): Promise<SessionRow | undefined> {
    const { table } = this.dependencies;
    const [row] = await table.find([origin.key], now);
    return row ?? ((await this.renewal.adopt(origin)) ? (await table.find([origin.key], now))[0] : undefined);
  }

  /**
   * Stores the cookie of a touch with the data of the row, because a touch never shortens a life. Of unknown origin only where
   * it ends sooner than the row. Resolves to whether that was so.
   */
  private async storeCookie(
    cookie: SessionData['cookie'],
    row: SessionRow,
    origin: SessionOrigin | undefined,
    expiresAt: number,
    operation: Operation,
  ): Promise<boolean> {
    if (!origin && row.expiresAt !== undefined && expiresAt >= row.expiresAt) return false;
    const { data, base } = await this.dependencies.codec.decode(row);
    const expires = data.cookie.expires?.getTime();
    if (!origin && row.expiresAt === undefined && expiresAt === expires) return false;
    const { codec } = this.dependencies;
    const stored: SessionOrigin = { ...newOrigin(row.id, row), base, expires, userId: codec.userOf(row, data) };
    // As plain data, where `expires` counts.
    data.cookie = origin ? cookie : ({ ...attributesOf(cookie), expires: cookie.expires } as SessionData['cookie']);
    try {
      await this.writer.save(data, stored, operation);
    } catch (error) {
      // Ended meanwhile, which the event `interrupted` has said: no failure of a touch.
      if (!(error instanceof SessionInterruptedError)) throw error;
      if (origin) origin.isEnded = true;
      return true;
    }
    if (!origin) return true;
    // If another request has saved meanwhile, the next save must still merge with that.
    if (origin.version === row.version) Object.assign(origin, { base: stored.base, version: stored.version });
    const { expiresAt: endsAt, lastSeenAt, cookieAge } = stored;
    Object.assign(origin, { expiresAt: endsAt, lastSeenAt, cookieAge });
    return true;
  }
}

/** Whether the cookie of a session says another end than the row that it was loaded from. */
function isOtherEnd({ cookie }: SessionData, origin: SessionOrigin, { endsAt }: Lifetime): boolean {
  return ageOf(cookie) !== origin.cookieAge || (Number.isFinite(endsAt) && endsAt !== origin.expires);
}
