import { types } from 'node:util';
import { SessionOptionsError } from '../../session.errors.js';
import type { CookieOptions } from '../express-session.js';
import { DURATION, parseDuration, type Duration } from './checking/duration.js';
import { wrongOption } from './checking/option-error.js';
import { checkOptions } from './checking/check-options.js';
import { aBoolean, isPlainObject, oneOf, type Rules } from '../../table/checking/rules.js';

/** Attributes of the session cookie, as in express-session; `maxAge` also takes a duration such as `'14d'`. */
export interface SessionCookieOptions extends Omit<CookieOptions, 'maxAge' | 'signed' | 'encode'> {
  /** How long the browser keeps the cookie, in milliseconds or as `'14d'`; `null`: until it is closed. @default null */
  maxAge?: Duration | null | undefined;
}

/** The default attributes of the cookie (OWASP ASVS 3.3). */
export const COOKIE_DEFAULTS: CookieOptions = { httpOnly: true, sameSite: 'lax', secure: 'auto', path: '/' };

const DOMAIN = /^\.?[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i;
/** Printable ASCII without the semicolon, which ends an attribute. */
const PATH = /^\/[\x20-\x3A\x3C-\x7E]*$/;

const RULES: Rules<keyof SessionCookieOptions> = {
  maxAge: [(value) => value === null || (parseDuration(value) ?? 0) > 0, `${DURATION}; or null for a cookie of the browser's session`],
  expires: [
    (value) => value === null || (types.isDate(value) && value.getTime() > Date.now()),
    'null, or a Date in the future; prefer `cookie.maxAge`, which counts from each request',
  ],
  httpOnly: aBoolean,
  secure: oneOf(true, false, 'auto'),
  sameSite: oneOf(true, false, 'lax', 'strict', 'none', 'auto'),
  path: [(value) => typeof value === 'string' && PATH.test(value), 'a path that begins with "/", without ";"'],
  domain: [(value) => typeof value === 'string' && DOMAIN.test(value), 'a domain such as "example.org", without scheme, port or path'],
  priority: oneOf('low', 'medium', 'high'),
  partitioned: aBoolean,
};

/** Names that browsers take only with `Secure`, and those of them that need more (RFC 6265bis). */
const SECURE_NAME = /^__(?:Host|Secure|Http)-/i;
const HOST_NAME = /^__Host-/i;
const HTTP_NAME = /^__(?:Host-)?Http-/i;

/** Whether browsers drop a cookie of this name without `Secure`. */
export const needsSecureName = (name: string): boolean => SECURE_NAME.test(name);

/** What the attributes of a cookie must agree with. */
export interface CookieContext {
  /** The name of the cookie. */
  readonly name: string;
  readonly absoluteTimeoutMs: number | false;
}

/**
 * Checks and defaults the attributes of the cookie, as they stand in the options. Throws `SessionOptionsError`, also if
 * browsers would drop the cookie. `expires` is refused: one date for all sessions would end them all at once.
 */
export function resolveCookie(cookie: SessionCookieOptions, context: CookieContext): CookieOptions {
  if (types.isDate(cookie.expires)) {
    throw wrongOption('cookie.expires', cookie.expires, 'left out here, because all sessions would end at once; use `cookie.maxAge`');
  }
  return resolveCookieOf(cookie, context);
}

/** The same for what a function has returned for one request; there `expires` may be a Date to come. */
export function resolveCookieOf(cookie: SessionCookieOptions, context: CookieContext): CookieOptions {
  if (!isPlainObject(cookie) || 'then' in cookie) {
    throw wrongOption('cookie', cookie, 'an object of cookie attributes, or a function that returns one at once');
  }
  checkOptions(cookie, RULES, 'cookie.');
  // What is `undefined` is left out, as everywhere in the options: it must not switch `httpOnly` off.
  const { maxAge, ...attributes } = Object.fromEntries(
    Object.entries(cookie).filter(([, value]) => value !== undefined),
  ) as SessionCookieOptions;
  const { absoluteTimeoutMs } = context;
  const maxAgeMs = parseDuration(maxAge);
  const limit = absoluteTimeoutMs === false ? Infinity : absoluteTimeoutMs;
  const allowed = `\`absoluteTimeout\`, which is ${limit / 3_600_000} hours; shorten it, or raise \`absoluteTimeout\``;
  if (maxAgeMs !== undefined && maxAgeMs > limit) throw wrongOption('cookie.maxAge', maxAge, `no longer than ${allowed}`);
  const { expires } = attributes;
  if (types.isDate(expires) && expires.getTime() - Date.now() > limit) {
    throw wrongOption('cookie.expires', expires, `no further away than ${allowed}`);
  }
  const resolved: CookieOptions = { ...COOKIE_DEFAULTS, ...attributes, ...(maxAgeMs !== undefined && { maxAge: maxAgeMs }) };
  assertKept(resolved, context.name);
  return resolved;
}

/** Throws for combinations of attributes with which browsers drop a cookie. */
function assertKept({ secure, httpOnly, sameSite, partitioned, domain, path }: CookieOptions, name: string): void {
  const refuse = (what: string, remedy: string): never => {
    throw new SessionOptionsError(`Browsers drop a session cookie with ${what}. ${remedy}`);
  };
  const isInsecure = secure === false;
  // Which is `'none'` on a secure connection.
  if ((sameSite === 'none' || sameSite === 'auto') && isInsecure) {
    refuse(`\`cookie.sameSite: '${sameSite}'\` and without \`cookie.secure\``, 'Set `secure: true`.');
  }
  if (partitioned && isInsecure) refuse('`cookie.partitioned` and without `cookie.secure`', 'Set `secure: true`.');
  if (SECURE_NAME.test(name) && isInsecure) {
    refuse(`the \`name\` "${name}" and without \`cookie.secure\``, 'Set `secure: true`, or take another name.');
  }
  if (HTTP_NAME.test(name) && !httpOnly) {
    refuse(`the \`name\` "${name}" and without \`cookie.httpOnly\``, 'Leave `httpOnly` out, or take another name.');
  }
  if (HOST_NAME.test(name) && (domain !== undefined || path !== '/')) {
    refuse(`the \`name\` "${name}" and a \`cookie.domain\` or another \`cookie.path\` than "/"`, 'Leave both out, or take another name.');
  }
}
