import { describe, expect, it } from 'vitest';
import { isForged, type RequestSource } from '../../lib/http/csrf.js';
import { hostOf, type SessionRequest } from '../../lib/http/session-request.js';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { resolveCsrf, type CsrfOptions } from '../../lib/store/options/csrf-options.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { resolveStoreOptions } from '../../lib/store/options/store-options.js';
import { SECRET } from '../support/secret.js';

const csrf = resolveCsrf({ trustedOrigins: ['https://Admin.example:443', 'http://localhost:4200', 'capacitor://localhost'] });
const own = { method: 'POST', fetchSite: undefined, origin: undefined, host: 'shop.example', isSecure: true };
const isRefused = (source: Partial<RequestSource>): boolean => isForged({ ...own, ...source }, csrf as never);

describe('a request with a session', () => {
  const everywhere = { fetchSite: 'cross-site', origin: 'https://evil.example' };

  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('by %s may come from anywhere', (method) => {
    expect(isRefused({ ...everywhere, method })).toBe(false);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get', undefined])('by %s may not', (method) => {
    expect(isRefused({ ...everywhere, method })).toBe(true);
  });

  it.each<[string, Partial<RequestSource>]>([
    ['no header of a browser', {}],
    ['Sec-Fetch-Site: same-origin', { fetchSite: 'same-origin' }],
    ['Sec-Fetch-Site: none', { fetchSite: 'none' }],
    ['same-origin, whatever its Origin', { fetchSite: 'same-origin', origin: 'null' }],
    ['its own Origin', { origin: 'https://shop.example' }],
    ['its own Origin, in other letters', { origin: 'HTTPS://SHOP.example' }],
    ['its own Origin with the default port', { origin: 'https://shop.example:443' }],
    ['its own Origin, and the default port in its host', { origin: 'https://shop.example', host: 'shop.example:443' }],
    ['its own Origin of plain http', { origin: 'http://shop.example', host: 'shop.example:80', isSecure: false }],
    ['its own Origin, where a proxy that is not known ends TLS', { origin: 'https://shop.example', isSecure: false }],
    ['its own Origin with a port', { origin: 'http://localhost:3000', host: 'localhost:3000', isSecure: false }],
    ['its own Origin of IPv6', { origin: 'https://[::1]:8443', host: '[::1]:8443' }],
    ['its own Origin of IPv6, written out', { origin: 'https://[::1]', host: '[0:0:0:0:0:0:0:1]' }],
    ['a trusted Origin', { fetchSite: 'cross-site', origin: 'https://admin.example' }],
    ['a trusted Origin of the same site', { fetchSite: 'same-site', origin: 'http://localhost:4200' }],
    ['a trusted Origin without Sec-Fetch-Site', { origin: 'https://ADMIN.example' }],
    ['the trusted Origin of an application', { fetchSite: 'cross-site', origin: 'capacitor://localhost' }],
  ])('passes with %s', (_, source) => {
    expect(isRefused(source)).toBe(false);
  });

  it.each<[string, Partial<RequestSource>]>([
    ['Sec-Fetch-Site: same-site', { fetchSite: 'same-site' }],
    ['Sec-Fetch-Site: cross-site', { fetchSite: 'cross-site' }],
    ['cross-site, although the Origin is its own', { fetchSite: 'cross-site', origin: 'https://shop.example' }],
    ['a Sec-Fetch-Site that nobody knows', { fetchSite: 'same-planet' }],
    ['two values of Sec-Fetch-Site', { fetchSite: 'same-origin, none' }],
    ['Origin: null', { origin: 'null' }],
    ['Origin: null from a cross site', { fetchSite: 'cross-site', origin: 'null' }],
    ['an empty Origin', { origin: '' }],
    ['two Origins', { origin: 'https://shop.example, https://shop.example' }],
    ['another Origin', { origin: 'https://evil.example' }],
    ['a subdomain', { origin: 'https://blog.shop.example' }],
    ['a name that begins the same', { origin: 'https://shop.example.evil.example' }],
    ['a name that ends the same', { origin: 'https://evilshop.example' }],
    ['another port', { origin: 'https://shop.example:8443' }],
    ['the port of plain http', { origin: 'http://shop.example', host: 'shop.example:443' }],
    ['plain http although the request came over TLS', { origin: 'http://shop.example' }],
    ['another scheme', { origin: 'ftp://shop.example' }],
    ['its own host as a user name', { origin: 'https://shop.example@evil.example' }],
    ['its own host behind a backslash', { origin: 'https://evil.example\\shop.example' }],
    ['another Origin of IPv6', { origin: 'https://[::2]', host: '[::1]' }],
    ['its own Origin, but no host', { origin: 'https://shop.example', host: undefined }],
    ['an Origin without a name', { origin: 'https://', host: '' }],
    ['the port of a trusted Origin left out', { origin: 'http://localhost' }],
  ])('is refused with %s', (_, source) => {
    expect(isRefused(source)).toBe(true);
  });
});

describe('the host that a browser has asked', () => {
  const forwarded = { host: 'app:3000', 'x-forwarded-host': 'shop.example:8443, proxy.example' };

  it.each<[string, Partial<SessionRequest>, boolean | undefined, string | undefined]>([
    ['is Host', { headers: { host: 'app:3000' } }, undefined, 'app:3000'],
    ['is :authority under HTTP/2', { headers: { ':authority': 'shop.example' } }, undefined, 'shop.example'],
    ['is not there', { headers: {} }, undefined, undefined],
    ['is Host without a framework that trusts a proxy', { headers: forwarded }, undefined, 'app:3000'],
    ['is Host where the framework trusts no proxy', { headers: forwarded, hostname: 'app' }, undefined, 'app:3000'],
    ['is the first, where Express trusts the proxy', { headers: forwarded, hostname: 'shop.example' }, undefined, 'shop.example:8443'],
    ['is the last, where Fastify trusts it', { headers: forwarded, hostname: 'proxy.example' }, undefined, 'proxy.example'],
    ['is the first with `proxy: true`', { headers: forwarded, hostname: 'app' }, true, 'shop.example:8443'],
    ['is Host with `proxy: true` and no proxy', { headers: { host: 'app' } }, true, 'app'],
    ['is Host with `proxy: false`', { headers: forwarded, hostname: 'shop.example' }, false, 'app:3000'],
    ['is an address of IPv6', { headers: { host: '[::1]:3000' }, hostname: '[::1]' }, undefined, '[::1]:3000'],
  ])('%s', (_, request, trustProxy, host) => {
    expect(hostOf(request as SessionRequest, trustProxy)).toBe(host);
  });
});

describe('the option `csrf`', () => {
  const resolve = (option: unknown) => resolveOptions({ secret: SECRET, csrf: option as boolean | CsrfOptions }).csrf;

  it('is off unless it is asked for', () => {
    expect([undefined, false].map(resolve)).toEqual([false, false]);
    expect([true, {}].map(resolve)).toEqual([{ trustedOrigins: new Set() }, { trustedOrigins: new Set() }]);
  });

  it.each(['admin.example', 'https://admin.example/', 'https://admin.example/path', 'https://*.example', '*', 'null', '', 'https://', 5])(
    'refuses the trusted origin %o at start-up, and shows one',
    (origin) => {
      expect(() => resolve({ trustedOrigins: [origin] })).toThrow(SessionOptionsError);
      expect(() => resolve({ trustedOrigins: [origin] })).toThrow(/`csrf\.trustedOrigins` is .*It must be .*'https:\/\/admin\.example'/);
    },
  );

  it('says which name was probably meant', () => {
    expect(() => resolve({ trustedOrigin: [] })).toThrow(/"csrf\.trustedOrigin".*Did you mean `csrf\.trustedOrigins`/);
    expect(() => resolve({ trustedOrigins: 'https://admin.example' })).toThrow(/an array of origins/);
  });

  it('is refused where a store sees no requests', () => {
    expect(() => resolveStoreOptions({ csrf: true })).toThrow(/`csrf` is true.*createSessionMiddleware/);
  });
});
