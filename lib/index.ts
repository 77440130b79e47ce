// The entry for Nest.
export { Session, SessionId } from './nest/session.decorator.js';
export { SessionLock } from './nest/session-lock.decorator.js';
export { SessionModule } from './nest/session.module.js';
export type { SessionModuleAsyncOptions, SessionModuleOptionsFactory } from './nest/session.module-definition.js';
export { SESSION_MIDDLEWARE } from './nest/session.tokens.js';
export {
  SessionConflictError,
  SessionEntityError,
  SessionError,
  SessionInterruptedError,
  SessionOptionsError,
  SessionSerializationError,
  SessionTooLargeError,
  SessionUnavailableError,
} from './session.errors.js';
export type { SessionData } from './store/express-session.js';
export type { SessionEvent, SessionEvents } from './store/session-events.js';
export type { SessionModuleOptions } from './store/session-options.js';
export type { SessionInfo, SessionQuery } from './store/session-reader.js';
export { jsonSerializer, type SessionSerializer } from './store/session-serializer.js';
export { SessionStore } from './store/session-store.js';
export { defineSessionEntity, SessionEntity, type SessionEntityDefinition } from './table/session.entity.js';
export { createSessionMigration, type SessionMigrationOptions } from './table/session.migration.js';
