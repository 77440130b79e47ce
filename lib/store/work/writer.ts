import { SessionConflictError, SessionInterruptedError, SessionUnavailableError } from '../../session.errors.js';
import { toPruneHour } from '../../table/session-row.js';
import { atOnce } from '../callback.js';
import type { SessionData } from '../express-session.js';
import type { Operation } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { SessionDraft } from '../session/codec.js';
import { assertSessionData, findWrongData } from '../session/cookie.js';
import { isEndedByCookie, type Lifetime } from '../session/expiry.js';
import { RENEWAL_GRACE_MS } from '../options/lifetime-options.js';
import { createHandle } from '../session/id.js';
import { applyMerge, mergeSessions } from '../session/merge.js';
import { SessionRenewal } from './renewal.js';
import { SessionToucher } from './toucher.js';
import { upsert, upsertEncrypted } from './upsert.js';
import { factsOf, hasLostLock, ID_TAKEN, lockLost, notRead, type SessionOrigin } from '../session/origin.js';

/** Longest pause before a save that lost to another request is tried again. */
const PAUSE_MS = 40;

const IN_GRACE = 'The id of this session was renewed meanwhile, and the old one cannot be rotated. Try again with the new cookie.';

/** What the end of a request owes its session. */
export type Due = 'save' | 'touch' | 'nothing';

/** What is found at the end of a request. */
export interface Found {
  readonly due: Due;
  /** Whether the session differs from what the request loaded; an explicit save of the same data changes nothing. */
  readonly isChanged: boolean;
}

/** What is found at the end of a request: at once, or later where the serializer is asynchronous. */
export type AtEnd = { readonly known: Found } | { readonly known?: never; readonly later: Promise<Found> };

/** Writes sessions by their origin: what was loaded is only ever updated, so a row that is gone stays gone. */
export class SessionWriter {
  readonly toucher: SessionToucher;
  private readonly renewal: SessionRenewal;
  /** Whether the entity has a column for it; not known before the first row is made. */
  private givesHandles: boolean | undefined;

  constructor(private readonly dependencies: StoreDependencies) {
    this.renewal = new SessionRenewal(dependencies);
    this.toucher = new SessionToucher(dependencies, this.renewal, this);
  }

  /** What the end of a request owes its session. Throws what the serializer throws. */
  dueAtEnd(session: SessionData, origin: SessionOrigin): AtEnd {
    const { options, codec } = this.dependencies;
    const { isSaved, base, loaded } = origin;
    if (origin.isEnded || origin.isThrowaway) return { known: { due: 'nothing', isChanged: false } };
    if (!origin.isStored) {
      const isChanged = !isEmpty(session);
      return { known: { due: options.saveUninitialized || isChanged ? 'save' : 'nothing', isChanged } };
    }
    // A save says what is wrong with it.
    if (findWrongData(session) !== undefined) return { known: { due: 'save', isChanged: true } };
    const isResaved = options.resave && !isSaved;
    const find = (isUnsaved: boolean, isChanged: boolean): Found => {
      if (isUnsaved || isResaved) return { due: 'save', isChanged };
      return { due: this.toucher.isDue(session, origin) ? 'touch' : 'nothing', isChanged };
    };
    const isUnsaved = codec.isChanged(session, base);
    // A session made in this request was never loaded.
    const hasChanged = (unsaved: boolean) =>
      loaded.text === '' ? !isEmpty(session) : isSaved ? codec.isChanged(session, loaded) : unsaved;
    if (typeof isUnsaved !== 'boolean') return { later: isUnsaved.then(async (unsaved) => find(unsaved, await hasChanged(unsaved))) };
    const isChanged = hasChanged(isUnsaved);
    if (typeof isChanged !== 'boolean') return { later: isChanged.then((changed) => find(isUnsaved, changed)) };
    return { known: find(isUnsaved, isChanged) };
  }

  /** Whether it is time to write that a session is still in use. */
  isTouchDue(session: SessionData, origin: SessionOrigin): boolean {
    return origin.isStored && !origin.isEnded && this.toucher.isDue(session, origin);
  }

  /**
   * A session that its cookie ends is removed instead. Rejects with `SessionInterruptedError` if the row is gone, and with
   * `SessionConflictError` as `overlap` says.
   */
  async save(session: SessionData, origin: SessionOrigin, operation: Operation): Promise<void> {
    const { table, codec, options, now } = this.dependencies;
    if (origin.isThrowaway) throw notRead();
    assertSessionData(session);
    for (let isRetry = false; ; isRetry = true) {
      if (origin.isEnded) throw new SessionInterruptedError();
      const savedAt = now();
      const lifetime = codec.lifetimeOf(session, origin, savedAt);
      if (isEndedByCookie(lifetime, savedAt)) return this.destroyByCookie(origin.key, origin);
      if (!origin.isStored) return this.insert(session, origin, lifetime);
      const draft = await codec.encode(session, lifetime, savedAt, origin.createdAt, origin.handle);
      const { base, data, expiresAt, pruneAfter, userId, cookieAge } = draft;
      // The clock of this server may be behind that of the one that saw the session last.
      const lastSeenAt = Math.max(draft.lastSeenAt, origin.lastSeenAt ?? 0);
      const isUnlocked = hasLostLock(origin);
      const version = options.overlap === 'overwrite' && !isUnlocked ? undefined : origin.version;
      if (isUnlocked && version === undefined) throw lockLost();
      const isInPlace = isIndexKept(draft, origin);
      // Field by field, as below: spread objects take longer, and this runs for each save.
      const change = { id: origin.key, data, expiresAt, pruneAfter, lastSeenAt, userId, version, isInPlace, isRetry };
      const [outcome] = await table.update([change]);
      if (outcome === 'saved') {
        const raised = origin.version === undefined ? undefined : origin.version + 1;
        return this.note('saved', origin, { base, expiresAt, lastSeenAt, userId, cookieAge }, raised);
      }
      if (outcome === 'gone') {
        if (await this.renewal.follow(origin)) continue;
        return this.interrupt(origin);
      }
      await this.overlap(session, origin);
      if (operation.isLate) throw new SessionUnavailableError('Too many requests changed the session at once. Try again.');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS));
    }
  }

  /** For data of unknown origin: adds the row or replaces its data; removes it where its cookie ends it. */
  async upsert(key: string, session: SessionData, operation: Operation): Promise<void> {
    const { codec, options, emit } = this.dependencies;
    assertSessionData(session);
    const now = this.dependencies.now();
    const lifetime = codec.lifetimeOf(session, undefined, now);
    if (isEndedByCookie(lifetime, now)) return this.destroyByCookie(key, undefined);
    const data = { key, session, lifetime, now };
    const { userId } = await (options.encryption ? upsertEncrypted(this.dependencies, data, operation) : upsert(this.dependencies, data));
    emit('saved', { userId: userId ?? undefined });
  }

  /**
   * Another key for the same row; a session that was never stored costs no statement. Fails without any change. `rename` is
   * called at the same moment, so that nobody meets the session under its old id.
   */
  async rotate(origin: SessionOrigin, newKey: string, rename: () => void): Promise<void> {
    if (origin.isThrowaway) throw notRead();
    if (origin.isEnded) throw new SessionInterruptedError();
    if (hasLostLock(origin)) throw lockLost();
    if (origin.alias !== undefined) throw new SessionConflictError(IN_GRACE);
    if (newKey === origin.key) throw new SessionConflictError(ID_TAKEN);
    if (origin.isStored) {
      const { table, now } = this.dependencies;
      // Without an id before there is no grace; its end alone says when the new id was made.
      const renewedAt = now();
      const [outcome] = await table.changeId([{ id: origin.key, newId: newKey, previousUntil: renewedAt + RENEWAL_GRACE_MS }]);
      if (outcome === 'gone') {
        if (await this.renewal.follow(origin)) throw new SessionConflictError(IN_GRACE);
        return this.interrupt(origin);
      }
      if (outcome === 'conflict') throw new SessionConflictError(ID_TAKEN);
      origin.renewedAt = renewedAt;
    }
    origin.key = newKey;
    rename();
    this.dependencies.emit('rotated', factsOf(origin));
  }

  /**
   * Removes the row; a session that was never stored, or was removed already, costs no statement. A session that another
   * request has rotated away meanwhile is found by its handle, or in the grace of a renewal by its id: a logout ends it.
   */
  async destroy(key: string, origin: SessionOrigin | undefined): Promise<void> {
    const { table, emit } = this.dependencies;
    if (!origin || origin.isStored) {
      let [outcome] = await table.remove([origin?.key ?? key]);
      if (outcome === 'gone' && origin?.handle) outcome = await table.removeHandle(origin.handle);
      if (outcome === 'gone') outcome = await this.removeRenewed(origin?.key ?? key);
      if (outcome === 'removed') emit('destroyed', { handle: origin?.handle, userId: origin?.userId, reason: 'logout' });
    }
    if (!origin) return;
    origin.isStored = false;
    origin.isEnded = true;
  }

  /** Ends a session as its cookie says: on purpose, as a logout does. One without a row gets none, and may change its mind. */
  async destroyByCookie(key: string, origin: SessionOrigin | undefined): Promise<void> {
    if (origin && !origin.isStored) return;
    await this.destroy(key, origin);
    if (origin) origin.isEndedByCookie = true;
  }

  private async removeRenewed(key: string): Promise<'removed' | 'gone' | undefined> {
    const { table, options, now } = this.dependencies;
    const row = options.renewAfterMs === undefined ? undefined : await table.findPrevious(key, now());
    return row && (await table.remove([row.id]))[0];
  }

  private async insert(session: SessionData, origin: SessionOrigin, lifetime: Lifetime): Promise<void> {
    const { table, codec, now } = this.dependencies;
    const createdAt = now();
    this.givesHandles ??= (await table.fields()).has('handle');
    const handle = this.givesHandles ? createHandle(createdAt) : undefined;
    const draft = await codec.encode(session, lifetime, createdAt, createdAt, handle);
    const { data, expiresAt, pruneAfter, lastSeenAt, userId } = draft;
    const row = { id: origin.key, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version: 1, userId, handle };
    const [outcome] = await table.insert([row]);
    if (outcome === 'conflict') throw new SessionConflictError(ID_TAKEN);
    origin.isStored = true;
    origin.createdAt = createdAt;
    origin.renewedAt = createdAt;
    origin.handle = handle;
    this.note('created', origin, draft, 1);
  }

  private note(
    event: 'created' | 'saved',
    origin: SessionOrigin,
    stored: Pick<SessionDraft, 'base' | 'expiresAt' | 'lastSeenAt' | 'userId' | 'cookieAge'>,
    version: number | undefined,
  ): void {
    origin.isSaved = true;
    origin.base = stored.base;
    origin.version = version;
    origin.expiresAt = stored.expiresAt;
    origin.lastSeenAt = stored.lastSeenAt;
    origin.userId = stored.userId ?? undefined;
    origin.cookieAge = stored.cookieAge;
    this.dependencies.emit(event, factsOf(origin));
  }

  private interrupt(origin: SessionOrigin): never {
    origin.isEnded = true;
    this.dependencies.emit('interrupted', factsOf(origin));
    throw new SessionInterruptedError();
  }

  /** Another request wrote first: reads what it wrote and merges it into the session. */
  private async overlap(session: SessionData, origin: SessionOrigin): Promise<void> {
    const { table, codec, options, now, emit } = this.dependencies;
    if (hasLostLock(origin)) throw lockLost();
    if (options.overlap === 'fail') {
      throw new SessionConflictError('The session was changed by another request at the same time. Reload it and try again.');
    }
    const [row] = await table.find([origin.key], now());
    if (!row) {
      // Under its new key it is met again by the next try.
      if (await this.renewal.follow(origin)) return;
      return this.interrupt(origin);
    }
    const theirs = await codec.decode(row);
    const base = await codec.restore(origin.base);
    const mine = await codec.copy(session);
    const { dataOf } = codec;
    const merge = options.merge as ((base: object, theirs: object, mine: object) => Record<string, unknown>) | undefined;
    const [before, other] = [{ ...base.data }, { ...theirs.data }] as unknown as Record<string, unknown>[];
    const merged = merge ? atOnce(merge(before!, other!, mine), 'merge') : mergeSessions(before!, other!, mine, dataOf);
    applyMerge(session, mine, merged, dataOf);
    origin.base = theirs.base;
    origin.handle = row.handle;
    origin.version = row.version;
    origin.expiresAt = row.expiresAt;
    origin.userId = row.userId ?? undefined;
    emit('merged', factsOf(origin));
  }
}

/** Whether a save leaves in place what has an index: the user, and the hour after which the row is pruned. */
function isIndexKept({ pruneAfter, userId }: SessionDraft, origin: SessionOrigin): boolean {
  return origin.expiresAt !== undefined && toPruneHour(origin.expiresAt) === pruneAfter && (userId ?? undefined) === origin.userId;
}

const isEmpty = (session: object): boolean => Object.keys(session).every((key) => key === 'cookie');
