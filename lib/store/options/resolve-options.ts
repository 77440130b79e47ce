import { SessionOptionsError } from '../../session.errors.js';
import { atOnce } from '../callback.js';
import { DURATION, parseDuration } from './duration.js';
import type { CookieOptions, Request, SessionData } from '../express-session.js';
import { LIFETIMES, resolveLifetime } from './lifetime-options.js';
import { wrongOption } from './option-error.js';
import { RENEWAL_GRACE_MS } from '../session/expiry.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session-options.js';
import { jsonSerializer } from '../session/serializer.js';

type Rule = readonly [fits: (value: unknown) => boolean, expected: string];

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isKey = (value: unknown): boolean => (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0;
const isPositive = (value: unknown): boolean => (parseDuration(value) ?? 0) > 0;

const oneOf = (...values: unknown[]): Rule => [(value) => values.includes(value), values.map((each) => JSON.stringify(each)).join(' or ')];
const aFunction: Rule = [isFunction, 'a function'];
const aBoolean = oneOf(true, false);
const aTimer: Rule = [(value) => isPositive(value) && parseDuration(value)! < 2 ** 31, `${DURATION}, at most 24 days`];
const anArray: Rule = [Array.isArray, 'an array of routes'];

const RULES: Readonly<Record<keyof SessionModuleOptions, Rule>> = {
  secret: [
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(isKey) : isKey(value)),
    'a text that is not empty, or an array of such with the newest first; take it from the environment',
  ],
  name: [(value) => typeof value === 'string' && /^[\w!#$%&'*.^`|~+-]+$/.test(value), 'the name of a cookie'],
  cookie: [(value) => isFunction(value) || isObject(value), 'an object of cookie attributes, or a function that returns one'],
  genid: aFunction,
  proxy: aBoolean,
  rolling: aBoolean,
  saveUninitialized: aBoolean,
  resave: aBoolean,
  unset: oneOf('destroy', 'keep'),
  dataSource: [(value) => typeof value === 'string' || isObject(value), 'the name of a data source, or a DataSource'],
  connection: [(value) => isObject(value) && 'type' in value, 'the DataSourceOptions of TypeORM with a `type`'],
  entity: [(value) => isFunction(value) || isObject(value), 'an entity class or an EntitySchema'],
  columns: [
    (value) => isObject(value) && Object.values(value).every((name) => typeof name === 'string'),
    'an object with the name of an entity property per field',
  ],
  lifetimes: oneOf(...LIFETIMES),
  idleTimeout: [(value) => isFunction(value) || isPositive(value), `${DURATION}, or a function that returns one`],
  absoluteTimeout: [(value) => value === false || isPositive(value), `${DURATION}, or false`],
  touchInterval: [(value) => parseDuration(value) !== undefined, "a duration: milliseconds (0 writes each time), or a text as '1m'"],
  renewAfter: [(value) => (parseDuration(value) ?? 0) >= RENEWAL_GRACE_MS, "a duration of at least 30 seconds, as '15m'"],
  prune: [(value) => value === false || isObject(value), 'false, or { interval, batchSize }'],
  overlap: oneOf('merge', 'overwrite', 'fail'),
  merge: aFunction,
  onInterrupted: oneOf('drop', 'error'),
  onUnavailable: oneOf('error', 'anonymous'),
  saveOnError: aBoolean,
  userId: aFunction,
  serializer: [(value) => isObject(value) && 'serialize' in value && 'deserialize' in value, 'an object with serialize and deserialize'],
  maxDataBytes: [(value) => Number.isSafeInteger(value) && Number(value) > 0, 'a number of bytes'],
  hashIds: aBoolean,
  onUndecodable: oneOf('discard', 'error'),
  operationTimeout: aTimer,
  preparedStatements: aBoolean,
  forRoutes: anArray,
  exclude: anArray,
  autoMount: aBoolean,
};

const PRUNE_RULES: Readonly<Record<'interval' | 'batchSize', Rule>> = {
  interval: aTimer,
  batchSize: [(value) => Number.isSafeInteger(value) && Number(value) > 0, 'a number of rows'],
};

/** Every route, in the words of Nest. */
export const ALL_ROUTES = '{*splat}';

/** The cookie of a session unless told otherwise (OWASP ASVS 3.3). */
export const COOKIE_DEFAULTS: CookieOptions = { httpOnly: true, sameSite: 'lax', secure: 'auto', path: '/' };

/**
 * Checks and defaults the options, once; nobody else writes a default. Throws `SessionOptionsError`, which names the
 * option, the value and the remedy.
 */
export function resolveOptions(options: SessionModuleOptions): ResolvedSessionOptions {
  check(options, RULES, '');
  if (options.dataSource !== undefined && options.connection) {
    throw new SessionOptionsError(
      'The options `dataSource` and `connection` are both set. Keep one: the application’s data source, or one of the module’s own.',
    );
  }
  const { secret, cookie, prune } = options;
  if (secret === undefined) throw wrongOption('secret', secret, RULES.secret[1]);
  if (prune) check(prune, PRUNE_RULES, 'prune.');
  return Object.freeze({
    ...options,
    secret: Array.isArray(secret) ? secret : [secret],
    name: options.name ?? 'sid',
    cookie:
      typeof cookie === 'function'
        ? (req: Request) => ({ ...COOKIE_DEFAULTS, ...atOnce(cookie(req), 'cookie') })
        : { ...COOKIE_DEFAULTS, ...cookie },
    rolling: options.rolling ?? false,
    saveUninitialized: options.saveUninitialized ?? false,
    resave: options.resave ?? false,
    unset: options.unset ?? 'keep',
    columns: options.columns ?? {},
    ...resolveLifetime(options),
    touchIntervalMs: parseDuration(options.touchInterval),
    renewAfterMs: parseDuration(options.renewAfter),
    prune: prune === false ? false : { intervalMs: parseDuration(prune?.interval) ?? 900_000, batchSize: prune?.batchSize ?? 1_000 },
    overlap: options.overlap ?? 'merge',
    onInterrupted: options.onInterrupted ?? 'drop',
    onUnavailable: options.onUnavailable ?? 'error',
    saveOnError: options.saveOnError ?? true,
    userId: options.userId ?? userOf,
    serializer: options.serializer ?? jsonSerializer,
    maxDataBytes: options.maxDataBytes ?? 1_048_576,
    hashIds: options.hashIds ?? true,
    onUndecodable: options.onUndecodable ?? 'discard',
    operationTimeoutMs: parseDuration(options.operationTimeout) ?? 5_000,
    preparedStatements: options.preparedStatements ?? true,
    forRoutes: options.forRoutes ?? [ALL_ROUTES],
    exclude: options.exclude ?? [],
    autoMount: options.autoMount ?? true,
  });
}

/** Throws `SessionOptionsError` for options that only the Nest module has a use for. */
export function refuseNestOptions(options: SessionModuleOptions): void {
  for (const name of ['forRoutes', 'exclude', 'autoMount'] as const) {
    if (options[name] !== undefined)
      throw wrongOption(name, options[name], 'left out here: the application mounts the middleware where it wants it');
  }
  if (typeof options.dataSource === 'string')
    throw wrongOption('dataSource', options.dataSource, 'a DataSource object here; only Nest knows names');
}

function check(options: object, rules: Readonly<Record<string, Rule>>, prefix: string): void {
  if (!isObject(options)) throw new SessionOptionsError('The session options are missing. Pass an object with at least a `secret`.');
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      throw new SessionOptionsError(
        `There is no session option "${prefix}${name}". Remove it, or use one of: ${Object.keys(rules).join(', ')}.`,
      );
    }
    if (value !== undefined && !rule[0](value)) throw wrongOption(prefix + name, value, rule[1]);
  }
}

function userOf(session: SessionData): unknown {
  const { userId, passport } = session as { userId?: unknown; passport?: { user?: unknown } };
  return userId ?? passport?.user;
}
