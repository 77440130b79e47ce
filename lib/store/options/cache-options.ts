import { SessionOptionsError } from '../../session.errors.js';
import { aTimer, parseDuration, type Duration } from './checking/duration.js';
import { wrongOption } from './checking/option-error.js';
import { checkOptions } from './checking/check-options.js';
import { aBoolean, isPlainObject, type Rule, type Rules } from '../../table/checking/rules.js';

/**
 * How this process keeps sessions in memory.
 *
 * @publicApi
 */
export interface SessionCacheOptions {
  /**
   * How long a session is read from memory before the database is asked again. After a session has ended, another process may
   * read it for this time. @default '5s'
   */
  readonly ttl?: Duration | undefined;
  /** Maximum number of sessions in memory; one of more than 4 KB counts as several. @default 10000 */
  readonly max?: number | undefined;
  /**
   * Whether all processes hear at once of ends and of new ids, by LISTEN and NOTIFY of PostgreSQL, on one more connection to the
   * database. @default false
   */
  readonly notify?: boolean | undefined;
}

/** `SessionCacheOptions`, checked and defaulted. */
export interface ResolvedCache {
  readonly ttlMs: number;
  readonly max: number;
  readonly notify: boolean;
}

/** The option, and those that it does not go with. */
interface CachedOptions {
  readonly cache?: false | SessionCacheOptions;
  readonly overlap?: string;
  readonly hashIds?: boolean | 'migrate';
  readonly adopt?: unknown;
}

export const A_CACHE: Rule = [(value) => value === false || isPlainObject(value), 'false, or { ttl, max, notify }'];

const RULES: Rules<keyof SessionCacheOptions> = {
  ttl: aTimer,
  max: [(value) => Number.isSafeInteger(value) && Number(value) > 0, 'a whole number of sessions, at least 1'],
  notify: aBoolean,
};

/** What is kept in memory. Throws `SessionOptionsError`, also for options under which a cache would lose changes or tell ids. */
export function resolveCache({ cache, overlap, hashIds, adopt }: CachedOptions): false | ResolvedCache {
  if (!cache) return false;
  checkOptions(cache, RULES, 'cache.');
  if (overlap !== undefined && overlap !== 'merge') {
    throw wrongOption(
      'overlap',
      overlap,
      '"merge" with `cache`, because a request that has read a session from memory learns of changes by other processes only when it saves',
    );
  }
  if (adopt && hashIds === false) {
    throw new SessionOptionsError(
      'The option `cache` would lose changes of the store that you adopt: it does not raise the version by which a copy in memory is found old. ' +
        'Remove `cache` until that store is gone and `hashIds: false` with it.',
    );
  }
  const { ttl, max = 10_000, notify = false } = cache;
  if (notify && hashIds === false) {
    throw new SessionOptionsError(
      'The option `cache.notify` needs hashes of session ids, because every client of the database can receive the notices. ' +
        `Set \`hashIds: ${adopt ? "'migrate'" : 'true'}\`, or remove \`cache.notify\`.`,
    );
  }
  return { ttlMs: parseDuration(ttl) ?? 5_000, max, notify };
}
