import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import type { Request } from '../../lib/store/express-session.js';
import type { SessionCookieOptions } from '../../lib/store/options/cookie-options.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { SECRET } from '../support/secret.js';

const DAY = 86_400_000;

type Cookie = SessionCookieOptions;

/** The cookie of the options as they come from untyped code: given as an object, and as what a function returns for a request. */
const WAYS: [string, (cookie: unknown, more?: Partial<SessionModuleOptions>) => object][] = [
  ['an object', (cookie, more) => resolveOptions({ secret: SECRET, cookie: cookie as Cookie, ...more }).cookie],
  [
    'the answer of a function',
    (answer, more) => {
      const { cookie } = resolveOptions({ secret: SECRET, cookie: () => answer as Cookie, ...more });
      return typeof cookie === 'function' ? cookie({} as Request) : cookie;
    },
  ],
];

/** Values that each attribute refuses. */
const REFUSED: Record<string, readonly unknown[]> = {
  maxAge: ['86400000', '14 days', '', 0, -1, '0d', NaN, Infinity, true, {}, new Date()],
  expires: ['tomorrow', '2099-01-01', 5, new Date(NaN), new Date(0), true],
  httpOnly: ['true', 'false', 1, null],
  secure: ['true', 'false', 'Auto', 1, null],
  sameSite: ['laxx', 'Lax', 'Auto', '', 1, null],
  path: ['', 'app', 5, null, '/a;b', '/a\n', '/ü'],
  domain: ['', 'localhost:3000', 'https://example.org', 'example.org/', 'a b', 'a..b', '-a.org', 'exämple.org', 5, null],
  priority: ['urgent', 'High', 1, true, null],
  partitioned: ['true', 1, null],
};
const CASES = Object.entries(REFUSED).flatMap(([name, values]) => values.map((value) => [name, value] as const));

const ACCEPTED: [string, object][] = [
  ['a duration', { maxAge: '14d' }],
  ['milliseconds', { maxAge: 30 * DAY }],
  ['no age', { maxAge: null, expires: null }],
  ['a domain', { domain: 'example.org' }],
  ['a domain with a dot before it', { domain: '.example.org' }],
  ['a host', { domain: 'localhost' }],
  ['a path', { path: '/app/~me=1,2' }],
  ['same-site strict', { sameSite: 'strict' }],
  ['same-site true', { sameSite: true }],
  ['same-site false', { sameSite: false }],
  ['same-site none, secure', { sameSite: 'none', secure: true }],
  ['same-site none, secure where the connection is', { sameSite: 'none', secure: 'auto' }],
  ['same-site auto, secure where the connection is', { sameSite: 'auto' }],
  ['same-site none, with the default of `secure`', { sameSite: 'none' }],
  ['partitioned, secure', { partitioned: true, secure: true }],
  ['not partitioned, not secure', { partitioned: false, secure: false }],
  ['a priority', { priority: 'high' }],
];

describe.each(WAYS)('the option `cookie` as %s', (_way, resolve) => {
  const errorOf = (cookie: unknown, more?: Partial<SessionModuleOptions>): string => {
    expect(() => resolve(cookie, more)).toThrow(SessionOptionsError);
    try {
      resolve(cookie, more);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('It was accepted.');
  };

  it.each(CASES)('refuses a %s of %o, by name and with the remedy', (name, value) => {
    const message = errorOf({ [name]: value });
    expect(message).toContain(`\`cookie.${name}\``);
    expect(message).toMatch(/It must be .+\.$/s);
  });

  it.each(ACCEPTED)('accepts %s', (_, cookie) => {
    expect(resolve(cookie)).toMatchObject({ httpOnly: true });
  });

  it.each([
    ['maxage', 'maxAge'],
    ['max-age', 'maxAge'],
    ['samesite', 'sameSite'],
    ['sameSit', 'sameSite'],
    ['httponly', 'httpOnly'],
    ['http_only', 'httpOnly'],
    ['Secure', 'secure'],
    ['partitionned', 'partitioned'],
  ])('refuses %s, and asks whether %s was meant', (name, meant) => {
    expect(errorOf({ [name]: true })).toContain(`"cookie.${name}". Did you mean \`cookie.${meant}\`?`);
  });

  it.each(['signed', 'encode', 'originalMaxAge', 'overwrite', 'constructor', 'x'])('refuses %s, which has no effect', (name) => {
    expect(errorOf({ [name]: true })).toMatch(new RegExp(`"cookie\\.${name}"\\. Remove it, or use one of: maxAge, `));
  });

  it('says how a value from the environment is written', () => {
    expect(errorOf({ maxAge: '86400000' })).toMatch(/milliseconds.*'30m'.*write 86400000 without quotation marks/);
    expect(errorOf({ secure: 'false' })).toContain('write false without quotation marks');
    expect(errorOf({ priority: 'true' })).not.toContain('quotation marks');
  });

  it('refuses an age beyond the absolute timeout', () => {
    expect(errorOf({ maxAge: '31d' })).toMatch(/`cookie\.maxAge` is "31d".*`absoluteTimeout`, which is 720 hours/);
    expect(errorOf({ maxAge: 7 * DAY + 1 }, { absoluteTimeout: '7d' })).toContain('168 hours');
    expect(errorOf({ maxAge: '2d' }, { lifetimes: 'AAL2' })).toContain('24 hours');
    expect(resolve({ maxAge: '7d' }, { absoluteTimeout: '7d' })).toMatchObject({ maxAge: 7 * DAY });
    expect(resolve({ maxAge: '90d' }, { absoluteTimeout: false })).toMatchObject({ maxAge: 90 * DAY });
  });

  it.each<[object, string | undefined, RegExp]>([
    [{ sameSite: 'none', secure: false }, undefined, /sameSite: 'none'.*Set `secure: true`/],
    [{ sameSite: 'auto', secure: false }, undefined, /sameSite: 'auto'.*Set `secure: true`/],
    [{ partitioned: true, secure: false }, undefined, /`cookie\.partitioned`.*Set `secure: true`/],
    [{ secure: false }, '__Host-sid', /__Host-sid.*secure/],
    [{ secure: false }, '__Secure-sid', /__Secure-sid.*secure/],
    [{ secure: true, domain: 'example.org' }, '__Host-sid', /__Host-sid.*`cookie\.domain`/],
    [{ secure: true, path: '/app' }, '__Host-sid', /__Host-sid.*`cookie\.path`/],
    [{ secure: true, path: '/app' }, '__host-sid', /__host-sid.*`cookie\.path`/],
    [{ secure: false }, '__Http-sid', /__Http-sid.*`cookie\.secure`/],
    [{ secure: true, httpOnly: false }, '__Http-sid', /__Http-sid.*`cookie\.httpOnly`.*Leave `httpOnly` out/],
    [{ secure: false }, '__Host-Http-sid', /__Host-Http-sid.*`cookie\.secure`/],
    [{ secure: true, httpOnly: false }, '__host-http-sid', /__host-http-sid.*`cookie\.httpOnly`/],
    [{ secure: true, domain: 'example.org' }, '__Host-Http-sid', /__Host-Http-sid.*`cookie\.domain`/],
    [{ secure: true, path: '/app' }, '__Host-Http-sid', /__Host-Http-sid.*`cookie\.path`/],
  ])('S29: refuses what browsers drop: %o, named %s', (cookie, name, message) => {
    expect(errorOf(cookie, name === undefined ? {} : { name })).toMatch(message);
  });

  it.each<[object, string]>([
    [{ secure: true }, '__Host-sid'],
    [{}, '__Host-sid'],
    [{ path: '/app', domain: 'example.org' }, '__Http-sid'],
    [{}, '__Host-Http-sid'],
    [{ secure: true, path: '/app', domain: 'example.org' }, '__Secure-sid'],
  ])('accepts what browsers keep: %o, named %s', (cookie, name) => {
    expect(resolve(cookie, { name })).toMatchObject({ httpOnly: true });
  });
});

describe('a date as `cookie.expires`', () => {
  const [[, asObject], [, asAnswer]] = WAYS as [(typeof WAYS)[number], (typeof WAYS)[number]];
  const expires = new Date(Date.now() + DAY);

  it('is refused for all sessions, and taken for one', () => {
    expect(() => asObject({ expires })).toThrow(/`cookie\.expires` is a Date.*all sessions would end at once; use `cookie\.maxAge`/);
    expect(asAnswer({ expires })).toMatchObject({ expires });
  });

  it('is refused beyond the absolute timeout, as an age is', () => {
    const far = { expires: new Date(Date.now() + 31 * DAY) };
    expect(() => asAnswer(far)).toThrow(
      /`cookie\.expires` is a Date\. It must be no further away than `absoluteTimeout`, which is 720 hours/,
    );
    expect(() => asAnswer({ expires }, { absoluteTimeout: '12h' })).toThrow(/`cookie\.expires`.* 12 hours/);
    expect(asAnswer(far, { absoluteTimeout: false })).toMatchObject(far);
    expect(asAnswer({ expires }, { absoluteTimeout: '1d' })).toMatchObject({ expires });
  });
});

describe('a function as `cookie`', () => {
  it.each([undefined, null, 'secure', 5, []])('that returns %o is an error of the request', (answer) => {
    const { cookie } = resolveOptions({ secret: SECRET, cookie: () => answer as never });
    expect(() => typeof cookie === 'function' && cookie({} as Request)).toThrow(/`cookie` is .* It must be an object of cookie attributes/);
  });
});

describe('a cookie that is no object of attributes', () => {
  it.each([null, 'secure', 5, true, [], Promise.resolve({})])('is refused: %o', (cookie) => {
    expect(() => resolveOptions({ secret: SECRET, cookie: cookie as never })).toThrow(/`cookie` is .* It must be /);
  });
});
