import { SessionConflictError, SessionEntityError, SessionInterruptedError } from '../../session.errors.js';
import type { SessionRow } from '../../table/session-row.js';
import { isPromise } from '../callback.js';
import { assertSessionData } from '../session/cookie.js';
import type { SessionData } from '../express-session.js';
import type { Operation } from '../runtime/deadlines.js';
import type { StoreDependencies } from '../runtime/dependencies.js';
import { mergeBy } from '../session/merging/merge.js';
import { factsOf, hasLostLock, lockLost, notRead, SessionTurns, type SessionOrigin } from '../session/origin.js';
import { holdsStill, keepObjects, putValues, undoValues, valuesOf, type SessionValues } from '../session/session-values.js';
import { pauseBeforeRetry, type SessionWriter } from './writer.js';

const NO_VERSION =
  'The session entity has no column for `version`, so `session.update` cannot see what other requests change. Add the column, or use @SessionLock.';
const TOO_MANY = 'Other requests changed the session again and again, until `operationTimeout`. Nothing was stored. Try again.';
const TOO_SLOW =
  'The `change` of `session.update` took longer than `operationTimeout`. Do slow work before it, and do not await session methods in it.';

/** How often the data of a session is prepared anew, because the request has changed it meanwhile. */
const MAX_TRIES = 5;

/** One run of a change. */
interface Attempt {
  /** What the session held before, and a copy of it. */
  readonly held: SessionValues;
  readonly copy: SessionValues;
  /** The row that the change runs on. */
  readonly origin: SessionOrigin;
  /** Whether that was read for this run; else it is what the request knows of it. */
  readonly isNewest: boolean;
}

/** What a change returned or threw. */
type Result<T> = { readonly value: T; readonly isThrown?: never } | { readonly isThrown: true; readonly error: unknown };

/**
 * Changes that depend on what was read. They are stored under the version that they ran on, and run again where another request was
 * first. So nothing is lost, without a lock. In one process, changes of one session that return at once run one after the other.
 */
export class SessionUpdater {
  private readonly lines = new SessionTurns();
  private hasVersion: boolean | undefined;

  constructor(
    private readonly dependencies: StoreDependencies,
    private readonly writer: SessionWriter,
  ) {}

  /** Runs a change until it is stored; resolves to what it returned. Throws what it threw, and the session is as it was before. */
  async update<T>(session: SessionData, origin: SessionOrigin, change: () => T | PromiseLike<T>, operation: Operation): Promise<T> {
    if (origin.isThrowaway) throw notRead();
    if (origin.isEnded) throw new SessionInterruptedError();
    this.hasVersion ??= (await this.dependencies.table.fields()).has('version');
    if (!this.hasVersion) throw new SessionEntityError(NO_VERSION);
    // While others change the session here, what the request has loaded is old already.
    let isStale = this.lines.isBusy(origin.key);
    let running: Attempt | undefined;
    let reason: string | undefined;
    operation.whenLate = () => {
      if (running) undoValues(session, running.held, valuesOf(session));
      return reason === undefined ? undefined : new SessionConflictError(reason);
    };
    let isRetry = false;
    const lose = (): void => {
      running = undefined;
      isStale = true;
      isRetry = true;
      reason = TOO_MANY;
    };
    for (;;) {
      const run = await this.lines.run(origin.key, undefined, async () => {
        // It keeps its place in the line, so that nobody loses for ever.
        for (;;) {
          const attempt = (running = await this.begin(session, origin, isStale, operation));
          const result = resultOf(change);
          if (isPromise(result)) return { attempt, result };
          const stored = await this.end(session, origin, attempt, result, isRetry, operation);
          if (stored) return { stored };
          lose();
        }
      });
      if (run.stored) return run.stored.value;
      // Outside the line: a slow change keeps no other waiting.
      reason = TOO_SLOW;
      const result = await run.result;
      reason = isRetry ? TOO_MANY : undefined;
      const stored = await this.end(session, origin, run.attempt, result, isRetry, operation);
      if (stored) return stored.value;
      lose();
      await pauseBeforeRetry();
    }
  }

  /** Puts the newest data on the session, with what the request has changed itself, all of it in copies. */
  private async begin(session: SessionData, origin: SessionOrigin, isStale: boolean, operation: Operation): Promise<Attempt> {
    if (operation.isLate) throw new SessionConflictError(TOO_MANY);
    const row = isStale && origin.isStored ? await this.read(origin) : undefined;
    for (let tries = 1; ; tries++) {
      const held = valuesOf(session);
      const { copy, values, on } = await this.prepare(session, origin, row);
      // The request may have gone on with the session meanwhile; but a getter may return another object each time.
      if (tries < MAX_TRIES && !holdsStill(session, held)) continue;
      // The caller has been answered: what it does next must not meet its `change` at work.
      if (operation.isLate) throw new SessionConflictError(TOO_MANY);
      putValues(session, values);
      return { held, copy, origin: on, isNewest: row !== undefined };
    }
  }

  private async prepare(session: SessionData, origin: SessionOrigin, row: SessionRow | undefined) {
    const { codec, options, emit } = this.dependencies;
    const fingerprint = await codec.fingerprint(session);
    const copy = await codec.copyOf(fingerprint);
    const own = await codec.copyOf(fingerprint);
    if (!row || row.version === origin.version) return { copy, values: own, on: { ...origin } };
    if (hasLostLock(origin)) throw lockLost();
    const { data, base } = await codec.decode(row);
    const { version, expiresAt, lastSeenAt } = row;
    const on: SessionOrigin = { ...origin, base, version, expiresAt, lastSeenAt, handle: row.handle, userId: codec.userOf(row, data) };
    if (!(await codec.isChanged(session, origin.base))) return { copy, values: { ...data }, on };
    if (options.overlap === 'fail') {
      throw new SessionConflictError(
        'The session was changed by another request, and by this one before its `update`. Reload it and try again.',
      );
    }
    const before = await codec.restore(origin.base);
    const values = mergeBy(options.merge, { ...before.data }, { ...data }, own, codec.dataOf);
    emit('merged', factsOf(on));
    return { copy, values, on };
  }

  private async read(origin: SessionOrigin): Promise<SessionRow> {
    const { table, now } = this.dependencies;
    for (;;) {
      const [row] = await table.find([origin.key], now());
      if (row) return row;
      await this.writer.adoptRenewalOrInterrupt(origin);
    }
  }

  /** Stores what a change has left on the session. `undefined` where another request was first: then the session is as before. */
  private async end<T>(
    session: SessionData,
    origin: SessionOrigin,
    { held, copy, origin: on, isNewest }: Attempt,
    result: Result<T>,
    isRetry: boolean,
    operation: Operation,
  ): Promise<{ readonly value: T } | undefined> {
    const changed = valuesOf(session);
    let isDone = false;
    try {
      if (operation.isLate) throw new SessionConflictError(TOO_SLOW);
      if (!result.isThrown) assertSessionData(session);
      if (result.isThrown || !(await this.isChanged(session, on))) {
        // Nothing to store, but what decided that may be old.
        if (!isNewest && on.isStored && (await this.read(origin)).version !== on.version) return undefined;
        if (result.isThrown) throw result.error;
      } else {
        const outcome = await this.writer.saveOnce(session, on, { version: on.version, isRetry, operation });
        if (outcome === 'gone') await this.writer.adoptRenewalOrInterrupt(origin);
        if (outcome !== 'saved') {
          if (hasLostLock(origin)) throw lockLost();
          return undefined;
        }
        on.isSettled = true;
      }
      adopt(origin, on);
      // Stored after all: the session must not differ from its row.
      if (operation.isLate) undoValues(session, changed, held);
      else keepObjects(session, held, changed, copy);
      isDone = true;
      return result;
    } finally {
      if (!isDone) undoValues(session, held, changed);
    }
  }

  private isChanged(session: SessionData, on: SessionOrigin): boolean | Promise<boolean> {
    if (on.isStored) return this.dependencies.codec.isChanged(session, on.base);
    return Object.keys(session).some((key) => key !== 'cookie');
  }
}

/** Never throws or rejects. */
function resultOf<T>(change: () => T | PromiseLike<T>): Result<T> | Promise<Result<T>> {
  const thrown = (error: unknown): Result<T> => ({ isThrown: true, error });
  try {
    const value = change();
    if (!isPromise(value)) return { value };
    return Promise.resolve(value).then((later) => ({ value: later }), thrown);
  } catch (error) {
    return thrown(error);
  }
}

/** Takes over what was written for a session by a copy of its origin. */
function adopt(origin: SessionOrigin, on: SessionOrigin): void {
  const { turn: _turn, lock: _lock, key: _key, alias: _alias, plainKey: _plainKey, ...written } = on;
  Object.assign(origin, written);
}
