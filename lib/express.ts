// The entry without Nest.
export { createSessionMiddleware, createSessionStore } from './http/create-session.js';
export type { SessionMiddleware } from './http/session-middleware.js';
export {
  SessionConflictError,
  SessionEntityError,
  SessionError,
  SessionInterruptedError,
  SessionOptionsError,
  SessionRefusedError,
  SessionSerializationError,
  SessionTooLargeError,
  SessionUnavailableError,
} from './session.errors.js';
export type { SessionData } from './store/express-session.js';
export type { SessionEvent, SessionEvents } from './store/work/events.js';
export type { SessionModuleOptions } from './store/options/session-options.js';
export type { SessionInfo, SessionQuery } from './store/work/reader.js';
export { jsonSerializer, type SessionSerializer } from './store/session/serializer.js';
export { SessionStore } from './store/session-store.js';
export { defineSessionEntity, SessionEntity, type SessionEntityDefinition } from './table/entity/session.entity.js';
export { createSessionMigration, type SessionMigrationOptions } from './table/entity/session.migration.js';
