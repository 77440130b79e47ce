import { SessionConflictError, SessionInterruptedError, SessionUnavailableError } from '../../session.errors.js';
import { toPruneHour, type IndexedSavedField } from '../../table/session-row.js';
import type { SaveOutcome } from '../../table/session-table.js';
import { pause } from '../../table/running-time.js';
import type { SessionData } from '../express-session.js';
import type { Operation } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import type { SessionDraft } from '../session/codec.js';
import type { Client } from '../session/client.js';
import { assertSessionData, findWrongData } from '../session/cookie.js';
import { isEndedByCookie, type Lifetime } from '../session/expiry.js';
import { RENEWAL_GRACE_MS } from '../options/lifetime-options.js';
import { applyMerge, mergeBy } from '../session/merging/merge.js';
import { ClientNotes } from '../owner/client-notes.js';
import { lookUpDevice } from '../owner/new-device.js';
import type { AtEnd, Found, SaveTry } from './due.js';
import { SessionRenewal } from './renewal.js';
import { SessionRows } from './rows.js';
import { SessionLimit } from '../owner/session-limit.js';
import { SessionToucher } from './toucher.js';
import { upsert, upsertEncrypted } from './upsert.js';
import { factsOf, hasLostLock, ID_TAKEN, lockLost, notRead, type SessionOrigin } from '../session/origin.js';

/** Longest pause before a save that lost to another request is tried again. */
const PAUSE_MS = 40;

/** A random time, so that requests which have met once do not meet again. */
export const pauseBeforeRetry = (): Promise<void> => pause(Math.random() * PAUSE_MS);

const IN_GRACE = 'The id of this session was renewed meanwhile, and the old one cannot be rotated. Try again with the new cookie.';

/** Writes sessions by their origin: what was loaded is only ever updated, so a row that is gone stays gone. */
export class SessionWriter {
  readonly toucher: SessionToucher;
  readonly rows: SessionRows;
  private readonly renewal: SessionRenewal;
  readonly clients: ClientNotes;
  readonly limit: SessionLimit;

  constructor(private readonly dependencies: StoreDependencies) {
    this.limit = new SessionLimit(dependencies);
    this.rows = new SessionRows(dependencies, this.limit);
    this.renewal = new SessionRenewal(dependencies);
    this.clients = new ClientNotes(dependencies);
    this.toucher = new SessionToucher(dependencies, this.renewal, this, this.clients);
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
    const { overlap } = this.dependencies.options;
    if (origin.isThrowaway) throw notRead();
    assertSessionData(session);
    if (origin.isSettled && (await this.isStoredAsIs(session, origin))) return;
    for (let isRetry = false; ; isRetry = true) {
      if (origin.isEnded) throw new SessionInterruptedError();
      const version = overlap === 'overwrite' && !hasLostLock(origin) ? undefined : origin.version;
      const outcome = await this.saveOnce(session, origin, { version, isRetry, operation });
      if (outcome === 'saved') return;
      if (outcome === 'gone') {
        await this.adoptRenewalOrInterrupt(origin);
        continue;
      }
      await this.overlap(session, origin);
      if (operation.isLate) throw new SessionUnavailableError('Too many requests changed the session at once. Try again.');
      await pauseBeforeRetry();
    }
  }

  /**
   * One try. A session without a row gets one. A session that its cookie ends is removed instead.
   */
  async saveOnce(session: SessionData, origin: SessionOrigin, { version, isRetry, operation }: SaveTry): Promise<SaveOutcome> {
    const { codec, now } = this.dependencies;
    const savedAt = now();
    const client = this.clients.of(session);
    const lifetime = codec.lifetimeOf(session, origin, savedAt);
    if (isEndedByCookie(lifetime, savedAt)) {
      await this.destroyByCookie(origin.key, origin);
      return 'saved';
    }
    if (!origin.isStored) {
      await this.insert(session, origin, lifetime, client, operation);
      return 'saved';
    }
    const draft = await codec.encode(session, lifetime, savedAt, origin.createdAt, origin.handle, origin.base.stamp);
    const { base, data, expiresAt, pruneAfter, userId, cookieAge } = draft;
    // The clock of this server may be behind that of the one that saw the session last.
    const lastSeenAt = Math.max(draft.lastSeenAt, origin.lastSeenAt ?? 0);
    if (hasLostLock(origin) && version === undefined) throw lockLost();
    const isInPlace = KEPT_CHECKS.every((isKept) => isKept(draft, origin));
    // Field by field, as below: spread objects take longer, and this runs for each save.
    const change = { id: origin.key, data, expiresAt, pruneAfter, lastSeenAt, userId, version, isInPlace, isRetry };
    const before = origin.userId;
    const outcome = await this.limit.update(change, before);
    if (outcome === 'saved') {
      const raised = origin.version === undefined ? undefined : origin.version + 1;
      await this.recordWrite('saved', origin, { base, expiresAt, lastSeenAt, userId, cookieAge }, raised);
      await this.clients.store(client, origin);
      if (origin.userId !== before) await this.limit.evictAfterUpdate(change, origin, operation);
    }
    return outcome;
  }

  /** Whether a save of a session would store what lies in its row already. */
  private async isStoredAsIs(session: SessionData, origin: SessionOrigin): Promise<boolean> {
    if (!origin.isStored || origin.isEnded || this.toucher.isOtherEnd(session, origin)) return false;
    return !(await this.dependencies.codec.isChanged(session, origin.base));
  }

  /** For a row that is gone under its key: goes on with it where its id was only renewed, else rejects with `SessionInterruptedError`. */
  async adoptRenewalOrInterrupt(origin: SessionOrigin): Promise<void> {
    if (!(await this.renewal.adopt(origin))) this.interrupt(origin);
  }

  /** For data of unknown origin: adds the row or replaces its data; removes it where its cookie ends it. */
  async upsert(key: string, session: SessionData, operation: Operation): Promise<void> {
    const { codec, options, emit } = this.dependencies;
    assertSessionData(session);
    const now = this.dependencies.now();
    const lifetime = codec.lifetimeOf(session, undefined, now);
    if (isEndedByCookie(lifetime, now)) return this.destroyByCookie(key, undefined);
    const data = { key, session, lifetime, now };
    const { userId } = await (options.encryption
      ? upsertEncrypted(this.dependencies, this.limit, data, operation)
      : upsert(this.dependencies, this.limit, data, operation));
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
        if (await this.renewal.adopt(origin)) throw new SessionConflictError(IN_GRACE);
        return this.interrupt(origin);
      }
      if (outcome === 'conflict') throw new SessionConflictError(ID_TAKEN);
      origin.renewedAt = renewedAt;
    }
    origin.key = newKey;
    origin.plainKey = undefined;
    rename();
    this.dependencies.emit('rotated', factsOf(origin));
  }

  /**
   * Removes the row; a session that was never stored, or was removed already, costs no statement. A session that another
   * request has rotated away meanwhile is found by its handle, or in the grace of a renewal by its id: a logout ends it.
   */
  async destroy(key: string, origin: SessionOrigin | undefined): Promise<void> {
    const { emit } = this.dependencies;
    if (!origin || origin.isStored) {
      const outcome = await this.rows.remove(origin?.key ?? key, origin?.handle);
      if (outcome === 'removed') emit('destroyed', { ...factsOf(origin), reason: 'logout' });
      if (outcome === 'removed' && origin?.userId !== undefined) emit('signedOut', factsOf(origin));
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

  private async insert(session: SessionData, origin: SessionOrigin, lifetime: Lifetime, client: Client | undefined, operation: Operation) {
    const { codec, now } = this.dependencies;
    const createdAt = now();
    const handle = await this.rows.newHandle(createdAt);
    const draft = await codec.encode(session, lifetime, createdAt, createdAt, handle);
    await this.rows.add({ id: origin.key, draft, createdAt, handle, client });
    origin.isStored = true;
    origin.createdAt = createdAt;
    origin.renewedAt = createdAt;
    origin.handle = handle;
    origin.ipAddress = client?.ipAddress;
    origin.userAgent = client?.userAgent;
    await this.recordWrite('created', origin, draft, 1);
    await this.limit.evict(draft, origin, operation);
  }

  /** Notes what lies in the row now, and emits the event. `isKnownDevice`: the same user was signed in to this session before. */
  async recordWrite(
    event: 'created' | 'saved',
    origin: SessionOrigin,
    stored: Pick<SessionDraft, 'base' | 'expiresAt' | 'lastSeenAt' | 'userId' | 'cookieAge'>,
    version: number | undefined,
    isKnownDevice = false,
  ): Promise<void> {
    const { userId: before } = origin;
    origin.isSaved = true;
    origin.base = stored.base;
    origin.version = version;
    origin.expiresAt = stored.expiresAt;
    origin.lastSeenAt = stored.lastSeenAt;
    origin.userId = stored.userId ?? undefined;
    origin.cookieAge = stored.cookieAge;
    const { emit } = this.dependencies;
    emit(event, factsOf(origin));
    // Whoever sets the user of a session: `login`, Passport, or a handler.
    if (origin.userId === before) return;
    if (before !== undefined) emit('signedOut', { handle: origin.handle, userId: before });
    const { userId } = origin;
    if (userId === undefined) return;
    const facts = { ...factsOf(origin), level: stored.base.stamp?.level };
    emit('signedIn', { ...facts, isNewDevice: await lookUpDevice(this.dependencies, userId, origin, isKnownDevice) });
  }

  private interrupt(origin: SessionOrigin): never {
    origin.isEnded = true;
    this.dependencies.emit('interrupted', factsOf(origin));
    throw new SessionInterruptedError();
  }

  /** Another request wrote first: reads what it wrote and merges it into the session. */
  async overlap(session: SessionData, origin: SessionOrigin): Promise<void> {
    const { table, codec, options, now, emit } = this.dependencies;
    if (hasLostLock(origin)) throw lockLost();
    if (options.overlap === 'fail') {
      throw new SessionConflictError('The session was changed by another request at the same time. Reload it and try again.');
    }
    const [row] = await table.find([origin.key], now());
    // Under its new key it is met again by the next try.
    if (!row) return this.adoptRenewalOrInterrupt(origin);
    const theirs = await codec.decode(row);
    const base = await codec.restore(origin.base);
    const mine = await codec.copy(session);
    const { dataOf } = codec;
    const merged = mergeBy(options.merge, { ...base.data }, { ...theirs.data }, mine, dataOf);
    applyMerge(session, mine, merged, dataOf);
    origin.base = theirs.base;
    origin.handle = row.handle;
    origin.version = row.version;
    origin.expiresAt = row.expiresAt;
    origin.userId = codec.userOf(row, theirs.data);
    emit('merged', factsOf(origin));
  }
}

/** Whether a save leaves this field as it is, for each that has an index. */
const IS_KEPT: Readonly<Record<IndexedSavedField, (draft: SessionDraft, origin: SessionOrigin) => boolean>> = {
  pruneAfter: ({ pruneAfter }, { expiresAt }) => expiresAt !== undefined && toPruneHour(expiresAt) === pruneAfter,
  userId: ({ userId }, origin) => (userId ?? undefined) === origin.userId,
};
const KEPT_CHECKS = Object.values(IS_KEPT);

const isEmpty = (session: object): boolean => Object.keys(session).every((key) => key === 'cookie');
