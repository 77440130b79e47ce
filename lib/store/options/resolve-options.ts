import { SessionOptionsError } from '../../session.errors.js';
import { SESSION_FIELDS } from '../../table/session-row.js';
import { resolveCookie, resolveCookieOf } from './cookie-options.js';
import { A_CACHE, resolveCache } from './cache-options.js';
import { csrfRule, resolveCsrf } from './csrf-options.js';
import { ENCRYPTION_RULE, resolveEncryption, resolveSerializer, SERIALIZER_RULE } from './data-options.js';
import { DURATION, aTimer, isPositive, parseDuration, suspectSeconds, type Duration } from './checking/duration.js';
import type { Request, SessionData } from '../express-session.js';
import { atOnce } from '../callback.js';
import { LIFETIMES, RENEWAL_GRACE_MS, resolveLifetime, suspectTouchInterval } from './lifetime-options.js';
import { A_METADATA, resolveMetadata } from './metadata-options.js';
import { findSharedKeys, findWeakKeys, findWeakSecret } from './secret-options.js';
import { anAdoption, resolveAdoption } from './adopt-options.js';
import { wrongOption } from './checking/option-error.js';
import { checkOptions } from './checking/check-options.js';
import { aBoolean, aFunction, aName, isFunction, isObject, isPlainObject, oneOf, type Rules } from '../../table/checking/rules.js';
import { A_CONNECTION, A_DATA_SOURCE, routes, someRoutes } from './place-options.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session-options.js';

const isKey = (value: unknown): boolean => (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0;

const RULES: Rules<keyof SessionModuleOptions> = {
  secret: [
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(isKey) : isKey(value)),
    'a non-empty string, or an array of them with the newest first; take it from the environment',
  ],
  name: [(value) => typeof value === 'string' && /^[\w!#$%&'*.^`|~+-]+$/.test(value), 'the name of a cookie'],
  cookie: [(value) => isFunction(value) || isPlainObject(value), 'an object of cookie attributes, or a function that returns one'],
  genid: aFunction,
  proxy: aBoolean,
  rolling: aBoolean,
  saveUninitialized: aBoolean,
  resave: aBoolean,
  unset: oneOf('destroy', 'keep'),
  dataSource: A_DATA_SOURCE,
  connection: A_CONNECTION,
  entity: [(value) => isFunction(value) || isObject(value), 'an entity class or an EntitySchema'],
  columns: [isPlainObject, 'an object with the name of an entity property per field'],
  adopt: anAdoption,
  lifetimes: oneOf(...LIFETIMES),
  idleTimeout: [(value) => isFunction(value) || isPositive(value), `${DURATION}, or a function that returns one`],
  anonymousTimeout: [isPositive, DURATION],
  absoluteTimeout: [(value) => value === false || isPositive(value), `${DURATION}, or false`],
  touchInterval: [
    (value) => parseDuration(value) !== undefined,
    "a duration: a number of milliseconds (0 writes each time), or a string with a unit such as '1m'",
  ],
  renewAfter: [
    (value) => (parseDuration(value) ?? 0) >= RENEWAL_GRACE_MS,
    "a duration of at least 30 seconds: a number of milliseconds, or a string with a unit such as '15m'",
  ],
  prune: [(value) => value === false || isPlainObject(value), 'false, or { interval, batchSize }'],
  overlap: oneOf('merge', 'overwrite', 'fail'),
  merge: aFunction,
  onInterrupted: oneOf('drop', 'error'),
  onUnavailable: oneOf('error', 'anonymous'),
  saveOnError: aBoolean,
  userId: aFunction,
  metadata: A_METADATA,
  csrf: csrfRule,
  maxSessionsPerUser: [(value) => Number.isSafeInteger(value) && Number(value) > 0, 'a whole number from 1'],
  onLimit: oneOf('evictOldest', 'reject'),
  serializer: SERIALIZER_RULE,
  encryption: ENCRYPTION_RULE,
  maxDataBytes: [(value) => Number.isSafeInteger(value) && Number(value) > 0, 'a number of bytes'],
  hashIds: oneOf(true, false, 'migrate'),
  onUndecodable: oneOf('discard', 'error'),
  operationTimeout: aTimer,
  preparedStatements: aBoolean,
  touchDurability: oneOf('relaxed', 'full'),
  cache: A_CACHE,
  forRoutes: someRoutes,
  exclude: routes,
  autoMount: aBoolean,
};

const PRUNE_RULES: Rules<'interval' | 'batchSize'> = {
  interval: aTimer,
  batchSize: [(value) => Number.isSafeInteger(value) && Number(value) > 0, 'a number of rows'],
};

const COLUMN_RULES: Rules = Object.fromEntries(SESSION_FIELDS.map((field) => [field, [aName[0], 'the name of an entity property']]));

/** Every route, in the words of Nest. */
export const ALL_ROUTES = '{*splat}';

/**
 * Checks and defaults the options, once; nobody else writes a default. Throws `SessionOptionsError`, which names the
 * option, the value and the remedy.
 */
export function resolveOptions(options: SessionModuleOptions): ResolvedSessionOptions {
  if (!isObject(options)) throw new SessionOptionsError('The session options are missing. Pass an object with at least a `secret`.');
  checkOptions(options, RULES);
  if (options.dataSource !== undefined && options.connection) {
    throw new SessionOptionsError(
      'The options `dataSource` and `connection` are both set. Keep one: the application’s data source, or one of the module’s own.',
    );
  }
  if (options.onLimit !== undefined && options.maxSessionsPerUser === undefined) {
    throw new SessionOptionsError('The option `onLimit` does nothing without `maxSessionsPerUser`. Set that, too, or remove `onLimit`.');
  }
  const { secret, cookie = {}, prune } = options;
  if (secret === undefined) throw wrongOption('secret', secret, RULES.secret[1]);
  if (prune) checkOptions(prune, PRUNE_RULES, 'prune.');
  if (options.columns) checkOptions(options.columns, COLUMN_RULES, 'columns.');
  const lifetime = resolveLifetime(options);
  const adopted = resolveAdoption(options);
  const { name } = adopted;
  const context = { name, absoluteTimeoutMs: lifetime.absoluteTimeoutMs };
  const secrets = Array.isArray(secret) ? secret : [secret];
  // Before the secrets of its keys are judged.
  const encryption = resolveEncryption(options.encryption);
  return Object.freeze({
    ...options,
    secret: secrets,
    ...adopted,
    cookie:
      typeof cookie === 'function'
        ? (req: Request) => resolveCookieOf(atOnce(cookie(req), 'cookie'), context)
        : resolveCookie(cookie, context),
    rolling: options.rolling ?? false,
    saveUninitialized: options.saveUninitialized ?? false,
    resave: options.resave ?? false,
    unset: options.unset ?? 'keep',
    ...lifetime,
    renewAfterMs: parseDuration(options.renewAfter),
    prune: prune === false ? false : { intervalMs: parseDuration(prune?.interval) ?? 900_000, batchSize: prune?.batchSize ?? 1_000 },
    overlap: options.overlap ?? 'merge',
    onInterrupted: options.onInterrupted ?? 'drop',
    onUnavailable: options.onUnavailable ?? 'error',
    saveOnError: options.saveOnError ?? true,
    userId: options.userId ?? userOf,
    metadata: resolveMetadata(options.metadata),
    csrf: resolveCsrf(options.csrf),
    onLimit: options.onLimit ?? 'evictOldest',
    serializer: resolveSerializer(options.serializer),
    encryption,
    maxDataBytes: options.maxDataBytes ?? 1_048_576,
    onUndecodable: options.onUndecodable ?? 'discard',
    operationTimeoutMs: parseDuration(options.operationTimeout) ?? 5_000,
    preparedStatements: options.preparedStatements ?? true,
    touchDurability: options.touchDurability ?? 'relaxed',
    cache: resolveCache(options),
    forRoutes: options.forRoutes ?? [ALL_ROUTES],
    exclude: options.exclude ?? [],
    autoMount: options.autoMount ?? true,
    warnings: [...warningsOf(options), ...findSharedKeys(options.encryption?.keys ?? [], secrets)],
    weakSecrets: [findWeakSecret(secrets) ?? [], findWeakKeys(options.encryption?.keys ?? [])].flat(),
  });
}

/** What is probably not meant, and no error. */
function warningsOf(options: SessionModuleOptions): string[] {
  const { idleTimeout, anonymousTimeout, absoluteTimeout, touchInterval, operationTimeout, cookie, prune, cache } = options;
  const durations: readonly (readonly [name: string, value: unknown, least: Duration])[] = [
    ['idleTimeout', idleTimeout, '1m'],
    ['anonymousTimeout', anonymousTimeout, '1m'],
    ['absoluteTimeout', absoluteTimeout, '1m'],
    ['cookie.maxAge', typeof cookie === 'object' ? cookie.maxAge : undefined, '1m'],
    ['prune.interval', prune && prune.interval, '1m'],
    ['touchInterval', touchInterval, '1s'],
    ['operationTimeout', operationTimeout, '100ms'],
    ['cache.ttl', cache && cache.ttl, '100ms'],
  ];
  const suspects = durations.map(([name, value, least]) => suspectSeconds(name, value, least));
  return [...suspects, suspectTouchInterval(options)].filter((suspect) => suspect !== undefined);
}

/** The default of `userId`. */
export function userOf(session: SessionData): unknown {
  const { userId, passport } = session as { userId?: unknown; passport?: { user?: unknown } };
  return userId ?? passport?.user;
}
