import { isObject } from '../../table/checking/rules.js';
import { wrongOption } from './checking/option-error.js';
import { resolveOptions } from './resolve-options.js';
import { findWeakKeys } from './secret-options.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session-options.js';

const IN_NEST = 'left out here: the application mounts the middleware where it wants it';
const inSession = (name: string): string => `left out here: a store does not use it. Set it in \`session({ ${name} })\``;

/** Options that only the Nest module has a use for. */
const NEST_ONLY = { forRoutes: IN_NEST, exclude: IN_NEST, autoMount: IN_NEST } as const satisfies Refused;

/** Options that belong to the application's own `session()`. */
const OF_SESSION = {
  name: inSession('name'),
  rolling: inSession('rolling'),
  saveUninitialized: inSession('saveUninitialized'),
  resave: inSession('resave'),
  unset: inSession('unset'),
  proxy: inSession('proxy'),
} as const satisfies Refused;

/** Options with a value that only the middleware of this package can fulfil. */
const OF_MIDDLEWARE: readonly (readonly [name: keyof SessionModuleOptions, fits: (value: unknown) => boolean, expected: string])[] = [
  ['csrf', (value) => value === false, 'left out here: a store sees no requests; `createSessionMiddleware` checks them'],
  [
    'onUnavailable',
    (value) => value === 'error',
    'left out here: the application’s own `session()` fails a request whose session cannot be read; `createSessionMiddleware` goes on without it',
  ],
  [
    'saveOnError',
    (value) => value === true,
    'left out here: the application’s own `session()` stores after each response; `createSessionMiddleware` looks at its status',
  ],
];

const NO_COOKIE =
  'left out here: a stored session has the cookie of the application’s own `session()`. Set it in `session({ cookie })`; only with `adopt` it is used here, for rows without a cookie';

type Refused = Partial<Record<keyof SessionModuleOptions, string>>;

/** The options that `createSessionStore` refuses, whatever their value; the documentation lists them. */
export const NOT_FOR_STORES: readonly string[] = Object.keys({ ...OF_SESSION, ...NEST_ONLY });

/** Throws `SessionOptionsError` for options that only the Nest module has a use for. */
export function refuseNestOptions(options: Partial<SessionModuleOptions>): void {
  if (!isObject(options)) return;
  refuse(options, NEST_ONLY);
  if (typeof options.dataSource === 'string')
    throw wrongOption('dataSource', options.dataSource, 'a DataSource object here; only the Nest module finds one by its name');
}

/**
 * The options of a store for an application's own `session()`, which has the secret and the cookie. Throws `SessionOptionsError`, also
 * for an option that has no effect there.
 */
export function resolveStoreOptions(options: Partial<SessionModuleOptions>): ResolvedSessionOptions {
  // Untyped code may give nothing at all: then memory or an error says what is missing.
  const given: Partial<SessionModuleOptions> = isObject(options) ? options : {};
  refuseMiddlewareOptions(given);
  const resolved = resolveOptions({ secret: 'signed elsewhere', ...given });
  // The secret of the cookie is that of `session()`.
  return Object.freeze({ ...resolved, secret: [], weakSecrets: findWeakKeys(given.encryption?.keys ?? []) });
}

function refuseMiddlewareOptions(options: Partial<SessionModuleOptions>): void {
  refuse(options, OF_SESSION);
  for (const [name, fits, expected] of OF_MIDDLEWARE) {
    const value: unknown = options[name];
    if (value !== undefined && !fits(value)) throw wrongOption(name, value, expected);
  }
  const { cookie, adopt } = options;
  // A function is asked for each request, and a store sees none.
  if (cookie !== undefined && (adopt === undefined || typeof cookie === 'function')) throw wrongOption('cookie', cookie, NO_COOKIE);
}

function refuse(options: Partial<SessionModuleOptions>, refused: Refused): void {
  for (const [name, expected] of Object.entries(refused)) {
    const value: unknown = options[name as keyof SessionModuleOptions];
    if (value !== undefined) throw wrongOption(name, value, expected);
  }
}
