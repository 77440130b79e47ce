import { channel, type Channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

/**
 * What an event tells: as much as is known, and never the session id, its hash or the data.
 *
 * @publicApi
 */
export interface SessionEvent {
  readonly handle?: string | undefined;
  readonly userId?: string | undefined;
  /** Why a session was destroyed; of `interrupted`, that its changes could not be stored (`onUnavailable: 'anonymous'`). */
  readonly reason?: 'logout' | 'unavailable';
  /** How many sessions a prune run has removed. */
  readonly count?: number;
  readonly at: Date;
}

/**
 * The events of a `SessionStore`, also on `diagnostics_channel` as `nestjs-typeorm-session:<name>`. They go out after
 * the database has answered; a listener that throws harms no request.
 *
 * @publicApi
 */
export interface SessionEvents {
  /** A new session was stored. */
  created: [SessionEvent];
  /** Data of a session that was stored before was stored again. */
  saved: [SessionEvent];
  /** Before a save, changes of an overlapping request were merged in. */
  merged: [SessionEvent];
  /** A session got another id. */
  rotated: [SessionEvent];
  /** A session was ended on purpose. */
  destroyed: [SessionEvent];
  /** The session of a request had been ended meanwhile, or the database was away; its changes were dropped. */
  interrupted: [SessionEvent];
  /** Stored data could not be decoded. */
  undecodable: [SessionEvent];
  /** The database does not answer; once, until it does again. */
  unavailable: [SessionEvent];
  /** The database answers again. */
  recovered: [SessionEvent];
  /** A prune run goes on after a batch. */
  pruning: [SessionEvent];
  /** A prune run ended. */
  pruned: [SessionEvent];
}

/** Sends an event out. */
export type Emit = (name: keyof SessionEvents, facts: Omit<SessionEvent, 'at'>) => void;

const channels = new Map<keyof SessionEvents, Channel>();

/** The channel of an event, found once: the look for it by a text costs more than a publication that nobody hears. */
function channelOf(name: keyof SessionEvents): Channel {
  let found = channels.get(name);
  if (!found) channels.set(name, (found = channel(`nestjs-typeorm-session:${name}`)));
  return found;
}

/** Whether anybody listens to an event of an emitter; most often nobody does, and then there is nothing to make. */
export function isHeard(emitter: EventEmitter, name: keyof SessionEvents): boolean {
  return emitter.listenerCount(name) > 0 || channelOf(name).hasSubscribers;
}

/** Sends an event to the listeners of an emitter and to the diagnostics channel; what a listener throws becomes a warning. */
export function notify(emitter: EventEmitter, name: keyof SessionEvents, event: SessionEvent, warn: (message: string) => void): void {
  channelOf(name).publish(event);
  const warnOf = (error: unknown) => warn(`A listener of the session event "${name}" failed: ${String(error)}`);
  for (const listener of emitter.rawListeners(name)) {
    try {
      Promise.resolve(listener.call(emitter, event)).catch(warnOf);
    } catch (error) {
      warnOf(error);
    }
  }
}
