import { SessionSerializationError, SessionTooLargeError } from '../../session.errors.js';
import { NO_DATA, toPruneHour, type SavedField, type SessionRow } from '../../table/session-row.js';
import { atOnce, isPromise } from '../callback.js';
import { Cookie, type SessionData } from '../express-session.js';
import { expiryOf, limitsOf, type Lifetime } from './expiry.js';
import { ageOf, attributesOf, endOf, toDate } from './cookie.js';
import { hiddenOf, reservedNameError, RESERVED_NAMES } from './session-object.js';
import { STAMP_KEY, takeStamp, type LoginStamp } from './login-stamp.js';
import type { DataOf } from './merging/equality.js';
import { COOKIE_DEFAULTS } from '../options/cookie-options.js';
import { assertPlain } from '../serializers/payload-cipher.js';
import type { ComparingSerializer } from '../serializers/serializer.js';
import { refuse, refuseLater } from '../serializers/unserializable.js';
import type { ResolvedSessionOptions } from '../options/session-options.js';

/** Keys that no data has: they are what the session itself, or its stored form, has. */
const NOT_IN_DATA: readonly string[] = [...RESERVED_NAMES, STAMP_KEY];

/**
 * Serialized session data before encryption, and the two parts of it that do not count as a change: `cookie.expires`, and the
 * stamp of the sign-in.
 */
export interface StoredData {
  readonly text: string;
  readonly expires: unknown;
  readonly stamp?: LoginStamp | undefined;
}

/** What a session writes into its row, apart from its key and birth. */
export type SessionDraft = Pick<SessionRow, SavedField> & {
  readonly base: StoredData;
  readonly expiresAt: number;
  readonly lastSeenAt: number;
  /** The age of the cookie in it, in milliseconds. */
  readonly cookieAge: number | null;
};

/** What a row holds, and what changes are found by later. */
export interface DecodedSession {
  readonly data: SessionData;
  readonly base: StoredData;
}

/** Session data → row, and back. */
export class SessionCodec {
  constructor(private readonly options: ResolvedSessionOptions) {}

  /** The time limits of a session; `handedOut` as in `endOf`. */
  lifetimeOf(session: SessionData, handedOut: Parameters<typeof endOf>[1], now: number): Lifetime {
    const { idleTimeoutMs, anonymousTimeoutMs, absoluteTimeoutMs, touchIntervalMs } = this.options;
    const limits = limitsOf(idleTimeoutMs(session), endOf(session.cookie, handedOut, now));
    const { endsAt } = limits;
    const isLimited = anonymousTimeoutMs < limits.idleMs && this.userIdOf(session) === null;
    const idleMs = isLimited ? anonymousTimeoutMs : limits.idleMs;
    return { idleMs, endsAt, absoluteMs: absoluteTimeoutMs, touchIntervalMs };
  }

  /** Whose session it is; `null`: nobody's. Throws what the option `userId` throws. */
  userIdOf(session: SessionData): string | null {
    return toUserId(atOnce(this.options.userId(session), 'userId'));
  }

  /**
   * Whether a session differs from what is stored; the cookie's moving `expires` is no difference. Most often comparing
   * the serialized strings is enough. Only if they differ, the stored one is read: json columns reorder keys.
   */
  isChanged(session: SessionData, base: StoredData): boolean | Promise<boolean> {
    const text = this.serialize(session, base.expires, base.stamp);
    const isOther = (now: string) => (now === base.text ? false : this.isOtherData(session, base));
    return typeof text === 'string' ? isOther(text) : text.then(isOther);
  }

  private async isOtherData(session: SessionData, base: StoredData): Promise<boolean> {
    // One after the other: nobody would hear of one that rejects while another is awaited.
    const mine = await this.fingerprint(session);
    const { data } = await this.restore(base);
    return mine !== (await this.fingerprint(data));
  }

  /** The session that was stored, or read, as this. */
  restore(base: StoredData, expiresAt?: number): DecodedSession | Promise<DecodedSession> {
    return this.read(base.text, expiresAt);
  }

  /** The data of an instance of a class of the application, where the serializer knows it. */
  readonly dataOf: DataOf = (value) => (this.options.serializer as ComparingSerializer).dataOf?.(value);

  /** A copy of the data of a session, as the table would give it back. */
  async copy(session: SessionData): Promise<Record<string, unknown>> {
    return this.copyOf(await this.fingerprint(session));
  }

  /** A copy of data from its fingerprint. */
  copyOf(fingerprint: string): Record<string, unknown> | Promise<Record<string, unknown>> {
    const data = this.deserialize(fingerprint);
    return isPromise(data) ? Promise.resolve(data).then((value) => ({ ...(value as object) })) : { ...(data as object) };
  }

  /** The data of a session as a string; at once, where the serializer is synchronous. */
  fingerprint(session: SessionData): string | Promise<string> {
    return this.serialize(session);
  }

  /** The user of a row, also where the entity has no column for it. */
  userOf({ userId }: Pick<SessionRow, 'userId'>, data: SessionData): string | undefined {
    return (userId === undefined ? this.userIdOf(data) : userId) ?? undefined;
  }

  /**
   * For the row of this handle. Throws `SessionSerializationError` and `SessionTooLargeError`, and `SessionEntityError` if the data is
   * encrypted and there is no handle; then nothing has been written. The stamp goes with the user who signed in, and with nobody else.
   */
  encode(
    session: SessionData,
    lifetime: Lifetime,
    now: number,
    createdAt: number | undefined,
    handle: string | undefined,
    stamp?: LoginStamp,
  ): SessionDraft | Promise<SessionDraft> {
    for (const name of NOT_IN_DATA) {
      if (Object.hasOwn(session, name)) throw reservedNameError(name);
    }
    const expiresAt = expiryOf(lifetime, now, createdAt);
    const cookieAge = ageOf(session.cookie);
    const expires = cookieAge !== null || session.cookie.expires ? new Date(expiresAt) : null;
    const userId = this.userIdOf(session);
    const kept = stamp?.user === userId ? stamp : undefined;
    const draftOf = (text: string): SessionDraft => {
      const data = this.seal(text, handle);
      this.assertSize(data);
      const base = { text, expires, stamp: kept };
      return { data, base, expiresAt, pruneAfter: toPruneHour(expiresAt), lastSeenAt: now, userId, cookieAge };
    };
    const text = this.serialize(session, expires, kept);
    return typeof text === 'string' ? draftOf(text) : text.then(draftOf);
  }

  /** Serialized data as it lies in the row of this handle: encrypted, if the option `encryption` is set. */
  seal(text: string, handle: string | undefined): string {
    return this.options.encryption?.seal(text, handle) ?? text;
  }

  private assertSize(data: string): void {
    const size = Buffer.byteLength(data);
    if (size <= this.options.maxDataBytes) return;
    throw new SessionTooLargeError(
      `The session is ${size} bytes large, and \`maxDataBytes\` is ${this.options.maxDataBytes}. Keep less in it, or raise the limit.`,
    );
  }

  /** Throws `SessionSerializationError` for a payload that holds no session. */
  decode({ data, expiresAt, handle }: Pick<SessionRow, 'data' | 'expiresAt' | 'handle'>): DecodedSession | Promise<DecodedSession> {
    const { encryption } = this.options;
    if (data === NO_DATA) throw this.notAnObject();
    return this.read(encryption ? encryption.open(data, handle) : assertPlain(data), expiresAt);
  }

  private read(text: string, expiresAt: number | undefined): DecodedSession | Promise<DecodedSession> {
    const data = this.deserialize(text);
    return isPromise(data)
      ? Promise.resolve(data).then((value) => this.toSession(value, text, expiresAt))
      : this.toSession(data, text, expiresAt);
  }

  private toSession(data: unknown, text: string, expiresAt: number | undefined): DecodedSession {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) throw this.notAnObject();
    // A serializer may return objects that it keeps itself.
    const session = (Object.isFrozen(data) ? { ...data } : data) as SessionData;
    const cookie: object | null | undefined = session.cookie;
    // Its own object: that of a graph may stand in another place of the data, too.
    session.cookie = cookie === null || typeof cookie !== 'object' ? this.defaultCookie() : ({ ...cookie } as SessionData['cookie']);
    const base = { text, expires: session.cookie.expires, stamp: takeStamp(session) };
    const expires = toDate(base.expires);
    // The column moves with each touch, the stored text does not; a cookie that ends with the browser has no expiry at all.
    session.cookie.expires = expires && new Date(expiresAt ?? expires);
    return { data: session, base };
  }

  private notAnObject(): SessionSerializationError {
    return new SessionSerializationError(`A stored session is not an object in the format "${this.options.serializer.name}".`);
  }

  /** Runs code of the application: the serializer, and getters and `toJSON` methods in the session. */
  private serialize(session: SessionData, expires?: unknown, stamp?: LoginStamp): string | Promise<string> {
    const { serializer } = this.options;
    try {
      const text = serializer.serialize(withCookie(session, expires, stamp));
      if (typeof text === 'string') return text;
      return Promise.resolve(text).then(assertText, (cause: unknown) => refuseLater(session, serializer, cause));
    } catch (cause) {
      return refuse(session, serializer, cause);
    }
  }

  private deserialize(text: string): unknown {
    try {
      const data: unknown = this.options.serializer.deserialize(text);
      return isPromise(data) ? Promise.resolve(data).catch((cause: unknown) => this.undeserializable(cause)) : data;
    } catch (cause) {
      return this.undeserializable(cause);
    }
  }

  /** Not with the parser's own error, because that quotes the text. */
  private undeserializable(cause: unknown): never {
    if (cause instanceof SessionSerializationError) throw cause;
    const reason = cause instanceof Error ? cause.name : typeof cause;
    throw new SessionSerializationError(
      `A stored session cannot be read in the format "${this.options.serializer.name}" (${reason}). ` +
        'Was it written with another serializer?',
    );
  }

  private defaultCookie(): SessionData['cookie'] {
    const { cookie } = this.options;
    const options = typeof cookie === 'function' ? COOKIE_DEFAULTS : cookie;
    // There is no connection here that could decide about 'auto'.
    const sameSite = options.sameSite === 'auto' ? 'lax' : options.sameSite;
    return new Cookie({ ...options, secure: options.secure === true, sameSite });
  }
}

/** The own properties of a session, with what is kept of its cookie; always in the same order. */
function withCookie(session: SessionData, expires?: unknown, stamp?: LoginStamp): SessionData {
  const cookie = attributesOf(session.cookie);
  if (expires !== undefined) cookie.expires = expires;
  const values = { ...session, cookie, ...hiddenOf(session) };
  return (stamp ? { ...values, [STAMP_KEY]: stamp } : values) as unknown as SessionData;
}

/** A serializer from untyped code may return anything. */
function assertText(text: unknown): string {
  if (typeof text === 'string') return text;
  throw new SessionSerializationError('The `serializer` returned no string. Its `serialize` must return a string, or a promise of one.');
}

function toUserId(userId: unknown): string | null {
  if (Number.isFinite(userId)) return String(userId);
  return typeof userId === 'string' && userId !== '' ? userId : null;
}
