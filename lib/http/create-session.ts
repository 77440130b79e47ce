import type { DataSource } from 'typeorm';
import { composeStore } from '../store/compose.js';
import { resolveOptions } from '../store/options/resolve-options.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from '../store/options/session-options.js';
import { refuseNestOptions, resolveStoreOptions } from '../store/options/store-options.js';
import type { SessionStore } from '../store/session-store.js';
import { createMiddleware, type SessionMiddleware } from './session-middleware.js';

/**
 * A request handler with sessions, for Express without Nest; its `store` is the `SessionStore`. Usable at once: a data
 * source that is not initialised yet is waited for, up to `operationTimeout`. Throws `SessionOptionsError`.
 *
 * @example
 * app.use(createSessionMiddleware({ secret, dataSource }));
 *
 * @publicApi
 */
export function createSessionMiddleware(options: SessionModuleOptions): SessionMiddleware {
  refuseNestOptions(options);
  const resolved = resolveOptions(options);
  const warn = (message: string) => console.warn(message);
  return createMiddleware(compose(resolved), resolved, warn);
}

/**
 * A store for the application's own `session({ store })`. There `req.session` keeps express-session's callback forms, and
 * the session is stored when express-session does it, after the head of the response. The cookie is the application's
 * too, so `secret` may be left out here. Throws `SessionOptionsError`; an option that belongs to `session()` is a warning.
 *
 * @publicApi
 */
export function createSessionStore(options: Partial<SessionModuleOptions>): SessionStore {
  refuseNestOptions(options);
  return compose(resolveStoreOptions(options));
}

function compose(resolved: ResolvedSessionOptions): SessionStore {
  return composeStore(resolved, { dataSource: resolved.dataSource as DataSource | undefined });
}
