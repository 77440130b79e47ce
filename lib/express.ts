// The entry without Nest.
export { createSessionMiddleware, createSessionStore } from './http/create-session.js';
export type { SessionMiddleware } from './http/session-middleware.js';
export {
  SessionConflictError,
  SessionCsrfError,
  SessionEntityError,
  SessionError,
  SessionHeadersSentError,
  SessionInterruptedError,
  SessionLimitError,
  SessionOptionsError,
  SessionRefusedError,
  SessionSerializationError,
  SessionTooLargeError,
  SessionUnavailableError,
} from './session.errors.js';
// By a star, because an interface that is re-exported by name cannot be augmented.
export type * from './store/session-data.js';
export type { SessionEvent, SessionEvents } from './store/runtime/events.js';
export type { SessionMetadata, SessionModuleOptions } from './store/options/session-options.js';
export { mergeDeep } from './store/session/merging/merge-deep.js';
export type { SessionClass } from './store/serializers/graph-classes.js';
export { graphSerializer, type GraphSerializerOptions } from './store/serializers/graph-serializer.js';
export type { SecurityItem } from './store/runtime/security-report.js';
export { jsonSerializer, type SessionSerializer } from './store/serializers/serializer.js';
export type { LoginOptions, LogoutOptions } from './store/login-arguments.js';
export { SessionStore } from './store/session-store.js';
export type { SessionInfo, SessionQuery } from './store/users/lister.js';
export type { RevokeOptions, RevokeUserOptions } from './store/users/revoker.js';
export type { SessionAdoption } from './table/entity/adopted-tables.js';
export { defineSessionEntity, SessionEntity, type SessionEntityDefinition } from './table/entity/session.entity.js';
export { createSessionMigration, type SessionMigrationOptions } from './table/session.migration.js';
