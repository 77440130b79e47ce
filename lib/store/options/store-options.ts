import { isObject } from '../../table/checking/rules.js';
import { wrongOption } from './checking/option-error.js';
import { resolveOptions } from './resolve-options.js';
import { findWeakKeys } from './secret-options.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session-options.js';

const IN_NEST = 'left out here: the application mounts the middleware where it wants it';

/** Options that only the Nest module has a use for. */
const NEST_ONLY = { forRoutes: IN_NEST, exclude: IN_NEST, autoMount: IN_NEST } as const satisfies Refused;

/** Options that belong to the application's own `session()`; those of one object may be given to both. */
export const OF_SESSION = [
  'name',
  'rolling',
  'saveUninitialized',
  'resave',
  'unset',
  'proxy',
] as const satisfies (keyof SessionModuleOptions)[];

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
  'The session option `cookie` has no effect on a store: a stored session has the cookie of the application’s own `session()`. Set it in ' +
  '`session({ cookie })`, and leave it out here. Only with `adopt` it is used, for rows without a cookie.';

type Refused = Partial<Record<keyof SessionModuleOptions, string>>;

/** The options that `createSessionStore` refuses, whatever their value; the documentation lists them. */
export const NOT_FOR_STORES: readonly string[] = Object.keys(NEST_ONLY);

/** Throws `SessionOptionsError` for options that only the Nest module has a use for. */
export function refuseNestOptions(options: Partial<SessionModuleOptions>): void {
  if (!isObject(options)) return;
  refuse(options, NEST_ONLY);
  if (typeof options.dataSource === 'string')
    throw wrongOption('dataSource', options.dataSource, 'a DataSource object here; only the Nest module finds one by its name');
}

/**
 * The options of a store for an application's own `session()`, which has the secret and the cookie. Throws `SessionOptionsError` for an
 * option that the application's `session()` cannot fulfil; one that it has itself, and a store does not use, is a warning.
 */
export function resolveStoreOptions(options: Partial<SessionModuleOptions>): ResolvedSessionOptions {
  // Untyped code may give nothing at all: then memory or an error says what is missing.
  const given: Partial<SessionModuleOptions> = isObject(options) ? options : {};
  refuseMiddlewareOptions(given);
  const resolved = resolveOptions({ secret: 'signed elsewhere', ...given });
  const warnings = [...resolved.warnings, ...unusedOf(given)];
  // The secret of the cookie is that of `session()`.
  return Object.freeze({ ...resolved, secret: [], weakSecrets: findWeakKeys(given.encryption?.keys ?? []), warnings });
}

function refuseMiddlewareOptions(options: Partial<SessionModuleOptions>): void {
  for (const [name, fits, expected] of OF_MIDDLEWARE) {
    const value: unknown = options[name];
    if (value !== undefined && !fits(value)) throw wrongOption(name, value, expected);
  }
}

function unusedOf({ cookie, adopt, ...options }: Partial<SessionModuleOptions>): string[] {
  const unused = OF_SESSION.filter((name) => options[name] !== undefined).map(
    (name) => `The session option \`${name}\` has no effect on a store. Set it in \`session({ ${name} })\`, and leave it out here.`,
  );
  // A function is asked for each request, and a store sees none.
  const isCookieUsed = cookie === undefined || (adopt !== undefined && typeof cookie !== 'function');
  return isCookieUsed ? unused : [...unused, NO_COOKIE];
}

function refuse(options: Partial<SessionModuleOptions>, refused: Refused): void {
  for (const [name, expected] of Object.entries(refused)) {
    const value: unknown = options[name as keyof SessionModuleOptions];
    if (value !== undefined) throw wrongOption(name, value, expected);
  }
}
