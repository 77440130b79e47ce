import { textOf } from '../../session.errors.js';
import { channel, type Channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

/**
 * The facts of an event, as far as they are known; never the session id, its hash or the data.
 *
 * @publicApi
 */
export interface SessionEvent {
  /** The public name of the session. */
  readonly handle?: string | undefined;
  /** Its user, as a string; of `signedOut` and `destroyed`, the user whom it had. */
  readonly userId?: string | undefined;
  /**
   * Why a session was destroyed: by its own request, by `login` (the new session took the place of this one, a visitor's or a user's), by `revoke` and its like, by `maxSessionsPerUser`, or the application's own reason;
   * of `interrupted`, that its changes could not be stored (`onUnavailable: 'anonymous'`).
   */
  readonly reason?: 'logout' | 'login' | 'revoked' | 'evicted' | 'unavailable' | (string & {}) | undefined;
  /** The address of the client, as last stored; with the option `metadata`. */
  readonly ipAddress?: string | undefined;
  /** The client's description of itself, likewise. */
  readonly userAgent?: string | undefined;
  /** The `level` of the sign-in, as given to `login`. */
  readonly level?: number | undefined;
  /** Whether no other session of the user, live or expired, has this user agent and network; with the option `metadata`. */
  readonly isNewDevice?: boolean | undefined;
  /** How many sessions a run has removed, ended, or given the hash of their id. */
  readonly count?: number;
  /** When it happened. */
  readonly at: Date;
}

/** What is known of a session in each of its events. */
const OF_SESSION = ['handle', 'userId', 'ipAddress', 'userAgent'] as const;

/** The events and the facts that each carries: the one list of them. */
const EVENTS = {
  /** A new session was stored. */
  created: [...OF_SESSION],
  /** Data of a session that was stored before was stored again. */
  saved: [...OF_SESSION],
  /** Before a save, changes of an overlapping request were merged in. */
  merged: [...OF_SESSION],
  /** A session got a user: by `login`, or by a save after Passport or a handler set `session.userId`. */
  signedIn: [...OF_SESSION, 'level', 'isNewDevice'],
  /** A session lost its user: it was ended on purpose, or saved without that user. */
  signedOut: [...OF_SESSION],
  /** A session got another id. */
  rotated: [...OF_SESSION],
  /**
   * A session was ended on purpose. `store.destroy(id)`, which knows no more than the id, emits it without `handle` and `userId`, and no
   * `signedOut`. `store.clear()` emits nothing.
   */
  destroyed: [...OF_SESSION, 'reason'],
  /** The session of a request had been ended meanwhile, or the database was away; its changes were dropped. */
  interrupted: [...OF_SESSION, 'reason'],
  /** Stored data could not be decoded. */
  undecodable: [...OF_SESSION],
  /** The database stopped answering. Emitted once per outage. */
  unavailable: [],
  /** The database answers again. */
  recovered: [],
  /** `revokeAll`, `revokeUser` or `revokeBy` has ended one batch and goes on. */
  revoking: ['count'],
  /** A prune run goes on after a batch. */
  pruning: ['count'],
  /** A prune run ended. */
  pruned: ['count'],
  /** `migrateIds` goes on after a batch. */
  migrating: ['count'],
  /** `migrateIds` ended. */
  migrated: ['count'],
} as const satisfies Record<string, readonly (keyof SessionEvent)[]>;

type EventName = keyof typeof EVENTS;
type Events = { [Name in EventName]: [SessionEvent] };

/**
 * The events of a `SessionStore`, also on `diagnostics_channel` as `nestjs-typeorm-session:<name>`. They go out after
 * the database has answered; a listener that throws harms no request. If a subscriber of `diagnostics_channel` throws, Node.js
 * makes that an uncaught exception of the process.
 *
 * @publicApi
 */
export interface SessionEvents extends Events {}

/** The names of all events. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

/** Emits an event with its facts. */
export type Emit = <Name extends EventName>(name: Name, facts: Pick<SessionEvent, (typeof EVENTS)[Name][number]>) => void;

/** Found once, because to look for a channel by its name costs more than a publication that nobody hears. */
const channels = Object.fromEntries(EVENT_NAMES.map((name) => [name, channel(`nestjs-typeorm-session:${name}`)])) as Record<
  EventName,
  Channel
>;

/** Somebody else who hears of events, beside the listeners of the store. */
export interface EventRelay {
  isHeard(name: EventName): boolean;
  /** What it throws, or rejects with, becomes a warning. */
  relay(name: EventName, event: SessionEvent): unknown;
}

/** Whether anybody listens to an event of an emitter; most often nobody does, and then there is nothing to make. */
export function isHeard(emitter: EventEmitter, name: EventName, relay?: EventRelay): boolean {
  return emitter.listenerCount(name) > 0 || channels[name].hasSubscribers || (relay !== undefined && relay.isHeard(name));
}

/** Sends an event to the listeners of an emitter, the diagnostics channel and the relay; what a listener throws becomes a warning. */
export function notify(
  emitter: EventEmitter,
  name: EventName,
  event: SessionEvent,
  { warn, relay }: { readonly warn: (message: string) => void; readonly relay: EventRelay | undefined },
): void {
  channels[name].publish(event);
  const warnOf = (error: unknown) => warn(`A listener of the session event "${name}" failed: ${textOf(error)}`);
  const call = (listener: () => unknown): void => {
    try {
      Promise.resolve(listener()).catch(warnOf);
    } catch (error) {
      warnOf(error);
    }
  };
  for (const listener of emitter.rawListeners(name)) call(() => listener.call(emitter, event) as unknown);
  if (relay) call(() => relay.relay(name, event));
}
