/**
 * Injects the request handler of the module, for `app.use(...)`, `io.engine.use(...)` and tests.
 *
 * @publicApi
 */
export const SESSION_MIDDLEWARE = Symbol('SESSION_MIDDLEWARE');

/** The options as they were given. @internal */
export const SESSION_MODULE_OPTIONS = Symbol('SESSION_MODULE_OPTIONS');

/** The options, checked and defaulted. @internal */
export const RESOLVED_OPTIONS = Symbol('RESOLVED_SESSION_OPTIONS');
