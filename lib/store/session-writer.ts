import { SessionConflictError, SessionInterruptedError, SessionUnavailableError } from '../session.errors.js';
import type { SessionTable } from '../table/session-table.js';
import type { SessionData } from './express-session.js';
import type { Operation } from './operations.js';
import type { SessionCodec, SessionDraft } from './session-codec.js';
import type { Tell } from './session-events.js';
import { createHandle } from './session-id.js';
import { applyMerge, mergeSessions } from './session-merge.js';
import type { ResolvedSessionOptions } from './session-options.js';
import { factsOf, type SessionOrigin } from './session-origin.js';

/** Longest pause before a save that lost to another request is tried again. */
const PAUSE_MS = 40;

/** Writes a session by its origin: what was loaded is only ever updated, so a row that is gone stays gone. */
export class SessionWriter {
  constructor(
    private readonly table: SessionTable,
    private readonly codec: SessionCodec,
    private readonly options: ResolvedSessionOptions,
    private readonly now: () => number,
    private readonly tell: Tell,
  ) {}

  /** Rejects with `SessionInterruptedError` where the row is gone, and with `SessionConflictError` as `overlap` says. */
  async save(session: SessionData, origin: SessionOrigin, operation: Operation): Promise<void> {
    for (;;) {
      if (origin.isEnded) throw new SessionInterruptedError();
      const draft = await this.codec.encode(session, this.now(), origin.createdAt);
      if (!origin.isStored) return this.insert(origin, draft);
      const version = this.options.overlap === 'overwrite' ? undefined : origin.version;
      const [outcome] = await this.table.update([{ ...draft, id: origin.key, version }]);
      if (outcome === 'saved')
        return this.note('saved', origin, draft, origin.version === undefined ? undefined : origin.version + 1);
      if (outcome === 'gone') this.interrupt(origin);
      await this.overlap(session, origin);
      if (operation.isLate) throw new SessionUnavailableError('Too many requests changed the session at once.');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS));
    }
  }

  /** For data of unknown origin: adds the row or replaces its data, in one statement. */
  async upsert(key: string, session: SessionData): Promise<void> {
    const now = this.now();
    const draft = await this.codec.encode(session, now, now);
    await this.table.upsert([{ ...draft, id: key, createdAt: now, version: 1, handle: createHandle(now) }]);
    this.tell('saved', { userId: draft.userId ?? undefined });
  }

  /** Ends the session of a request whose row is gone. */
  interrupt(origin: SessionOrigin): never {
    origin.isEnded = true;
    this.tell('interrupted', factsOf(origin));
    throw new SessionInterruptedError();
  }

  private async insert(origin: SessionOrigin, draft: SessionDraft): Promise<void> {
    const createdAt = this.now();
    const handle = (await this.table.fields()).has('handle') ? createHandle(createdAt) : undefined;
    const [outcome] = await this.table.insert([{ ...draft, id: origin.key, createdAt, version: 1, handle }]);
    if (outcome === 'conflict') {
      throw new SessionConflictError(
        'The id of a new session is taken already. Let `genid` return ids that are hard to guess.',
      );
    }
    Object.assign(origin, { isStored: true, createdAt, handle });
    this.note('created', origin, draft, 1);
  }

  private note(
    event: 'created' | 'saved',
    origin: SessionOrigin,
    draft: SessionDraft,
    version: number | undefined,
  ): void {
    const { fingerprint, expiresAt, lastSeenAt, userId } = draft;
    Object.assign(origin, {
      isSaved: true,
      base: fingerprint,
      version,
      expiresAt,
      lastSeenAt,
      userId: userId ?? undefined,
    });
    this.tell(event, factsOf(origin));
  }

  /** Another request wrote first: reads what it wrote and merges it into the session. */
  private async overlap(session: SessionData, origin: SessionOrigin): Promise<void> {
    if (this.options.overlap === 'fail') throw new SessionConflictError();
    const [row] = await this.table.find([origin.key], this.now());
    if (!row) return this.interrupt(origin);
    const theirs = await this.codec.decode(row);
    const base = await this.codec.decodeFingerprint(origin.base);
    const mine = await this.codec.decodeFingerprint(await this.codec.fingerprint(session));
    const merge = (this.options.merge ?? mergeSessions) as typeof mergeSessions;
    applyMerge(session, mine, merge(base, { ...theirs }, mine));
    origin.base = await this.codec.fingerprint(theirs);
    origin.version = row.version;
    this.tell('merged', factsOf(origin));
  }
}
