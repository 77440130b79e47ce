import { SessionConflictError, SessionInterruptedError, SessionOptionsError, SessionUnavailableError } from '../../session.errors.js';
import { toPruneHour } from '../../table/session-row.js';
import type { SaveOutcome } from '../../table/session-table.js';
import type { SessionData } from '../express-session.js';
import type { Operation } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { Client } from '../session/client.js';
import type { SessionDraft } from '../session/codec.js';
import { isEndedByCookie } from '../session/expiry.js';
import { factsOf, hasLostLock, ID_TAKEN, lockLost, newOrigin, notRead, type SessionOrigin } from '../session/origin.js';
import { isSameCookie, valuesOf, type SessionValues } from '../session/session-values.js';
import { pauseBeforeRetry, type SessionWriter } from '../work/writer.js';
import type { LoginArguments } from '../login-arguments.js';

/** So far back that no server's clock takes the row for a live one. */
const DEAD_FOR_MS = 86_400_000;

/** Where a sign-in leads: the key of the new row, and what the new id is called by. */
interface Target {
  readonly key: string;
  /** Gives the session object its new id. */
  readonly rename: () => void;
  /** Makes the cookie of a session that nobody had before. */
  readonly newCookie: () => SessionData['cookie'];
}

/** A session before it is signed in. */
interface Previous {
  /** Its user; `undefined` for a visitor. */
  readonly user: string | undefined;
  /** Its own values, and those of them that the new session gets. */
  readonly held: SessionValues;
  readonly carried: SessionValues;
}

/**
 * Signs in: another id on another row, with a life of its own, for the same session object. The new row is there before the old one is
 * gone, and its id goes out after that; so whatever fails, one of them is valid, and never both.
 */
export class SignIn {
  constructor(
    private readonly dependencies: StoreDependencies,
    private readonly writer: SessionWriter,
  ) {}

  async login(session: SessionData, origin: SessionOrigin, order: LoginArguments, target: Target, operation: Operation): Promise<void> {
    if (origin.isThrowaway) throw notRead();
    if (origin.isEnded) throw new SessionInterruptedError();
    if (hasLostLock(origin)) throw lockLost();
    if (target.key === origin.key) throw new SessionConflictError(ID_TAKEN);
    const client = this.writer.clients.of(session);
    for (;;) {
      const previous = await this.previousOf(session, origin, order);
      const cookie = await this.cookieOf(session, origin, previous, order, target);
      const data = dataOf(session, previous.carried, { cookie, userId: order.userId });
      const { draft, createdAt, handle } = await this.encode(data, origin, order);
      const replaced = previous.user === draft.userId && origin.isStored ? 1 : 0;
      await this.writer.rows.add({ id: target.key, draft, createdAt, handle, client, replaced });
      const outcome = await this.endPrevious(origin, previous, operation).catch(async (error: unknown) => {
        await this.removeNewRow(target.key);
        throw error;
      });
      if (outcome === 'saved') {
        await this.adopt(session, origin, previous, data, { draft, createdAt, handle, target, client });
        return this.writer.limit.evict(draft, origin, operation);
      }
      await this.removeNewRow(target.key);
      if (outcome === 'gone') await this.writer.adoptRenewalOrInterrupt(origin);
      else await this.writer.overlap(session, origin);
      await pauseBeforeRetry();
    }
  }

  /** Without `keep`, a visitor's data is carried over, and the same user's; another user's data is not. */
  private async previousOf(session: SessionData, origin: SessionOrigin, { userId, keep }: LoginArguments): Promise<Previous> {
    const { codec } = this.dependencies;
    const held = valuesOf(session);
    const before = origin.isStored ? (await codec.restore(origin.base)).data : undefined;
    const user = (before && codec.userIdOf(before)) ?? undefined;
    const isOwn = user === undefined || user === String(userId);
    const carried = Object.entries(held).filter(([key]) => key !== 'cookie' && (keep ? keep.includes(key) : isOwn));
    return { user, held, carried: Object.fromEntries(carried) };
  }

  /** Another user's cookie, which may say "remember me", stays with that user, unless this request has changed it. */
  private async cookieOf(
    session: SessionData,
    origin: SessionOrigin,
    { user }: Previous,
    { userId }: LoginArguments,
    { newCookie }: Target,
  ): Promise<SessionData['cookie']> {
    if (user === undefined || user === String(userId)) return session.cookie;
    const { data } = await this.dependencies.codec.restore(origin.base, origin.expires);
    return isSameCookie(data.cookie, session.cookie) ? newCookie() : session.cookie;
  }

  private async encode(data: SessionData, origin: SessionOrigin, { userId, level }: LoginArguments) {
    const { codec, now } = this.dependencies;
    const createdAt = now();
    const lifetime = codec.lifetimeOf(data, origin, createdAt);
    if (isEndedByCookie(lifetime, createdAt))
      throw new SessionInterruptedError('The cookie of the session ends it, so nobody can sign in to it.');
    const user = String(userId);
    const handle = await this.writer.rows.newHandle(createdAt);
    const draft = await codec.encode(data, lifetime, createdAt, createdAt, handle, { user, at: createdAt, level });
    if (draft.userId === user) return { draft, createdAt, handle };
    throw new SessionOptionsError(
      '`session.login` puts the user id into `session.userId`, but the option `userId` finds another one, or none, in the session. ' +
        'Let it return `session.userId`, as in (session) => session.account?.id ?? session.userId.',
    );
  }

  /**
   * Ends the old row. If its data is carried over, the row must still have the version that was read; else the outcome is `conflict`.
   * `gone`: the session of a user was ended meanwhile. For a visitor's session that is no failure: two clicks on "sign in" must not
   * lose the cart.
   */
  private async endPrevious(origin: SessionOrigin, { user, carried }: Previous, operation: Operation): Promise<SaveOutcome> {
    const { table, codec, options, now } = this.dependencies;
    if (operation.isLate) throw new SessionUnavailableError('The sign-in took too long. Try again.');
    if (!origin.isStored) return 'saved';
    const isCarried = Object.keys(carried).length > 0;
    const remove = async (): Promise<SaveOutcome> => {
      const removed = await this.writer.rows.remove(origin.key, origin.handle);
      return removed === 'gone' && isCarried && user !== undefined ? 'gone' : 'saved';
    };
    const fields = await table.fields();
    if (!isCarried || !fields.has('version') || !fields.has('expiresAt')) return remove();
    const deadAt = now() - DEAD_FOR_MS;
    const [outcome] = await table.update([
      {
        id: origin.key,
        data: codec.seal(origin.base.text, origin.handle),
        expiresAt: deadAt,
        pruneAfter: toPruneHour(deadAt),
        lastSeenAt: origin.lastSeenAt ?? now(),
        userId: null,
        version: options.overlap === 'overwrite' ? undefined : origin.version,
      },
    ]);
    if (outcome === 'conflict') return 'conflict';
    // It may have another id by now.
    if (outcome === 'gone') return remove();
    // It has ended already; if this fails, it is left to the pruner.
    await table.remove([origin.key]).catch(() => undefined);
    return 'saved';
  }

  /** Nobody knows the id of the new row yet. Where this fails, too, the row expires. */
  private async removeNewRow(key: string): Promise<void> {
    await this.dependencies.table.remove([key]).catch(() => undefined);
  }

  private async adopt(
    session: SessionData,
    origin: SessionOrigin,
    { user, held, carried }: Previous,
    data: SessionData,
    made: { draft: SessionDraft; createdAt: number; handle: string | undefined; target: Target; client: Client | undefined },
  ): Promise<void> {
    const { emit } = this.dependencies;
    const { draft, createdAt, handle, target, client } = made;
    const values = session as unknown as Record<string, unknown>;
    for (const key of Object.keys(held)) {
      if (key !== 'cookie' && key !== 'userId' && !Object.hasOwn(carried, key) && values[key] === held[key])
        Reflect.deleteProperty(session, key);
    }
    Object.assign(session, { cookie: data.cookie, userId: (data as { userId?: unknown }).userId });
    const facts = { ...factsOf(origin), userId: user };
    const { isStored, turn, loaded } = origin;
    const stored = { isStored: true, isSettled: true, createdAt, renewedAt: createdAt, handle };
    Object.assign(origin, newOrigin(target.key), stored, { turn, loaded, ipAddress: client?.ipAddress, userAgent: client?.userAgent });
    target.rename();
    if (isStored) emit('destroyed', { ...facts, reason: 'login' });
    if (user !== undefined && user !== draft.userId) emit('signedOut', facts);
    await this.writer.recordWrite('created', origin, draft, 1, user === draft.userId);
  }
}

/** The data of the new session, in the order of the keys that the session object will have: else it would look changed. */
function dataOf(session: SessionData, carried: SessionValues, own: SessionValues): SessionData {
  const entries = Object.keys(session)
    .filter((key) => Object.hasOwn(own, key) || Object.hasOwn(carried, key))
    .map((key) => [key, Object.hasOwn(own, key) ? own[key] : carried[key]]);
  return { ...(Object.fromEntries(entries) as object), ...own } as unknown as SessionData;
}
