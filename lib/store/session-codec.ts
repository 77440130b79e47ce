import { SessionSerializationError, SessionTooLargeError } from '../session.errors.js';
import { toPruneHour, type SessionRow } from '../table/session-table.js';
import { Cookie, type SessionData } from './express-session.js';
import { expiryOf, idleTimeOf, type Lifetime } from './session-expiry.js';
import { attributesOf, toDate } from './session-cookie.js';
import { COOKIE_DEFAULTS } from './resolve-options.js';
import type { ResolvedSessionOptions } from './session-options.js';

/** Names with a meaning of their own on `req.session`. */
const RESERVED = ['handle', 'rotate'];
/** What a session writes into its row, apart from its key and birth. */
export type SessionDraft = Pick<SessionRow, 'data' | 'expiresAt' | 'pruneAfter' | 'lastSeenAt' | 'userId'> & {
  readonly fingerprint: string;
  readonly expiresAt: number;
  readonly lastSeenAt: number;
};

/** Session data → row, and back. */
export class SessionCodec {
  constructor(private readonly options: ResolvedSessionOptions) {}

  /** The time limits of a session. */
  lifetimeOf(session: SessionData): Lifetime {
    const { idleTimeoutMs, absoluteTimeoutMs, touchIntervalMs } = this.options;
    return {
      idleMs: idleTimeOf(idleTimeoutMs(session), session.cookie.originalMaxAge),
      absoluteMs: absoluteTimeoutMs,
      touchIntervalMs,
    };
  }

  /** Equal for equal data; neither the cookie's moving `expires` nor the form of a stored json column matters. */
  fingerprint(session: SessionData): string | Promise<string> {
    return this.serialize({ ...session, cookie: attributesOf(session.cookie) } as unknown as SessionData);
  }

  /** Throws `SessionSerializationError` and `SessionTooLargeError`; then nothing has been written. */
  async encode(session: SessionData, now: number, createdAt: number | undefined): Promise<SessionDraft> {
    if (!(session.cookie as unknown))
      throw new SessionSerializationError('Session data without a `cookie` is no session. Store what `get` gave.');
    for (const name of RESERVED) {
      if (Object.hasOwn(session, name)) {
        throw new SessionSerializationError(`"${name}" is a reserved name of the session. Keep the value under another key.`);
      }
    }
    const expiresAt = expiryOf(this.lifetimeOf(session), now, createdAt);
    const cookie = { ...attributesOf(session.cookie), expires: session.cookie.expires ? new Date(expiresAt) : null };
    const userId = toUserId(this.options.userId(session));
    // Both texts are asked for before the first pause: the handler may go on changing the session.
    const [data, fingerprint] = await Promise.all([
      this.serialize({ ...session, cookie } as unknown as SessionData),
      this.fingerprint(session),
    ]);
    const size = Buffer.byteLength(data);
    if (size > this.options.maxDataBytes) {
      throw new SessionTooLargeError(
        `The session is ${size} bytes large, and \`maxDataBytes\` is ${this.options.maxDataBytes}. Keep less in it, or raise the limit.`,
      );
    }
    return { data, fingerprint, expiresAt, pruneAfter: toPruneHour(expiresAt), lastSeenAt: now, userId };
  }

  /** Throws `SessionSerializationError` for text that holds no session. */
  async decode(row: SessionRow): Promise<SessionData> {
    const data: unknown = await this.deserialize(row.data);
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      throw new SessionSerializationError(`A stored session is not an object in the format "${this.options.serializer.name}".`);
    }
    const session = data as SessionData;
    if (typeof session.cookie !== 'object' || session.cookie === null) session.cookie = this.defaultCookie();
    const expires = toDate(session.cookie.expires);
    // The column moves with each touch, the stored text does not; a cookie that ends with the browser has no expiry at all.
    session.cookie.expires = expires && new Date(row.expiresAt ?? expires);
    return session;
  }

  /** The data that a fingerprint was made of. */
  async decodeFingerprint(fingerprint: string): Promise<Record<string, unknown>> {
    return { ...(await this.deserialize(fingerprint)) };
  }

  private serialize(data: SessionData): string | Promise<string> {
    try {
      const text = this.options.serializer.serialize(data);
      return typeof text === 'string' ? text : Promise.resolve(text).catch(unserializable);
    } catch (error) {
      return unserializable(error);
    }
  }

  private async deserialize(text: string): Promise<SessionData> {
    try {
      return await this.options.serializer.deserialize(text);
    } catch (cause) {
      // Not the parser's own error, because that quotes the text.
      const reason = cause instanceof Error ? cause.name : typeof cause;
      throw new SessionSerializationError(
        `A stored session cannot be read in the format "${this.options.serializer.name}" (${reason}). ` +
          'Was it written with another serializer?',
      );
    }
  }

  private defaultCookie(): SessionData['cookie'] {
    const { cookie } = this.options;
    const options = typeof cookie === 'function' ? COOKIE_DEFAULTS : cookie;
    return new Cookie({ ...options, secure: options.secure === true });
  }
}

function toUserId(userId: unknown): string | null {
  if (Number.isFinite(userId)) return String(userId);
  return typeof userId === 'string' && userId !== '' ? userId : null;
}

function unserializable(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new SessionSerializationError(`The session cannot be serialised: ${reason} Keep only data that the serializer can carry.`, {
    cause,
  });
}
