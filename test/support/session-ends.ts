import type { SessionStore } from '../../lib/store/session-store.js';
import type { LiveSession } from './store-data.js';

/** The ways to end a session of Ann's, or its id, in one process. */
export const sessionEnds = (sid: string): readonly [string, (store: SessionStore, session: LiveSession) => Promise<unknown>][] => [
  ['destroy', (store) => store.destroy(sid)],
  ['logout', (_, session) => session.logout()],
  ['login', (_, session) => session.login('ann')],
  ['regenerate', (_, session) => session.regenerate()],
  ['rotate', (_, session) => session.rotate()],
  ['revoke', (store, session) => store.revoke(session.handle!)],
  ['revokeUser', (store) => store.revokeUser('ann')],
  ['revokeAll', (store) => store.revokeAll()],
  ['clear', (store) => store.clear()],
];
