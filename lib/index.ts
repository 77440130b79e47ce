// The entry for Nest.
export { Session, SessionHandle } from './nest/session.decorator.js';
export { SessionLock } from './nest/session-lock.decorator.js';
export { RequireSession, type SessionRequirement } from './nest/guarding/require-session.decorator.js';
export { SessionModule } from './nest/session.module.js';
export type { SessionModuleAsyncOptions, SessionModuleOptionsFactory } from './nest/session.module-definition.js';
export { SESSION_MIDDLEWARE } from './nest/session.tokens.js';
export {
  SessionHealthIndicator,
  type SessionHealthResult,
  type SessionPingCheckOptions,
} from './nest/watching/session-health.indicator.js';
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
// By a star, because an interface that is re-exported by name cannot be augmented.
export type * from './store/session-data.js';
export type { SessionEvent, SessionEvents } from './store/runtime/events.js';
export type { SessionMetadata, SessionModuleOptions } from './store/options/session-options.js';
export type { SessionInfo, SessionQuery } from './store/work/reader.js';
export { mergeDeep } from './store/session/merge-deep.js';
export { jsonSerializer, type SessionSerializer } from './store/serializers/serializer.js';
export type { LoginOptions, LogoutOptions } from './store/sign-in-order.js';
export { SessionStore } from './store/session-store.js';
export { defineSessionEntity, SessionEntity, type SessionEntityDefinition } from './table/entity/session.entity.js';
export { createSessionMigration, type SessionMigrationOptions } from './table/session.migration.js';
