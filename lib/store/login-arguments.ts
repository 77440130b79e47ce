import { optionsOf } from './call-options.js';

/** How strong a sign-in is that does not say so. */
const DEFAULT_LEVEL = 1;

/**
 * How somebody signs in.
 *
 * @publicApi
 */
export interface LoginOptions {
  /** The keys of the session that are carried over, instead of all that a visitor, or the same user, had in it. */
  keep?: readonly string[];
  /** How strong the sign-in is, for `session.level`: 1 for a password, say, and 2 for a second factor. @default 1 */
  level?: number;
}

/**
 * How somebody signs out.
 *
 * @publicApi
 */
export interface LogoutOptions {
  /**
   * Asks the browser to clear what it keeps of this site, by the header `Clear-Site-Data: "cache", "cookies", "storage"` (W3C; OWASP ASVS
   * 14.3.1). That includes the cookies of all other applications under the same registered domain. Browsers heed it over HTTPS only.
   * @default false
   */
  clearSiteData?: boolean;
}

/** A sign-in, checked and with its defaults. */
export interface LoginArguments {
  readonly userId: string | number;
  readonly keep: readonly string[] | undefined;
  readonly level: number;
}

/** Throws a TypeError that names what is wrong. */
export function loginArguments(userId: unknown, options: unknown): LoginArguments {
  if (!Number.isFinite(userId) && (typeof userId !== 'string' || userId === '')) {
    throw new TypeError('The user id of `session.login` must be a number or a non-empty string.');
  }
  const { keep, level = DEFAULT_LEVEL } = optionsOf<{ keep?: unknown; level?: unknown }>('session.login', options as object, [
    'keep',
    'level',
  ]);
  if (keep !== undefined && !(Array.isArray(keep) && keep.every((key) => typeof key === 'string'))) {
    throw new TypeError('`keep` of `session.login` must be an array of keys of the session.');
  }
  if (!Number.isFinite(level)) throw new TypeError('`level` of `session.login` must be a number.');
  return { userId: userId as string | number, keep, level: level as number };
}

/** Whether a sign-out clears the data of the site. Throws a TypeError that names what is wrong. */
export function clearsSiteData(options: unknown): boolean {
  const { clearSiteData = false } = optionsOf<{ clearSiteData?: unknown }>('session.logout', options as object, ['clearSiteData']);
  if (typeof clearSiteData === 'boolean') return clearSiteData;
  throw new TypeError('`clearSiteData` of `session.logout` must be true or false.');
}
