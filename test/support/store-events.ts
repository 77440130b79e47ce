import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { onTestFinished } from 'vitest';
import { EVENT_NAMES, type SessionEvent } from '../../lib/store/runtime/events.js';
import type { SessionStore } from '../../lib/store/session-store.js';

/** What a store tells from now on, on itself and on the diagnostics channels. */
export function listen(store: SessionStore) {
  const told: [string, SessionEvent][] = [];
  const published: [string, unknown][] = [];
  for (const name of EVENT_NAMES) {
    store.on(name, (event) => void told.push([name, event]));
    const channel = `nestjs-typeorm-session:${name}`;
    const note = (event: unknown) => void published.push([name, event]);
    subscribe(channel, note);
    onTestFinished(() => void unsubscribe(channel, note));
  }
  return { told, published, names: () => told.map(([name]) => name) };
}
