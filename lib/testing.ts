// The entry for tests.
export { describeSessionTable } from './testing/conformance/session-table.js';
export { FakeSessionModule } from './testing/fake-session.module.js';
export type { FakeSessionOptions } from './testing/fake-session.options.js';
export { MemorySessionTable } from './testing/memory-session-table.js';
export { signedInCookie, type SessionApp, type SignedIn } from './testing/signed-in-cookie.js';
export type { TestRunner } from './testing/suite.js';
export type { SessionField, SessionRow } from './table/session-row.js';
export type {
  HeldLock,
  LockRequest,
  SaveOutcome,
  SessionChange,
  SessionMove,
  SessionPage,
  SessionTable,
  SessionTouch,
} from './table/session-table.js';
