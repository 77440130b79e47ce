import { describe, expect, it } from 'vitest';
import { CookieWarnings, findLostCookie } from '../../lib/http/cookie-warning.js';
import type { SessionRequest } from '../../lib/http/session-request.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionData } from '../../lib/store/express-session.js';
import { SECRET } from '../support/secret.js';

type Attributes = Partial<SessionData['cookie']>;

const lostFor = (headers: object, attributes: Attributes = {}, options: Partial<SessionModuleOptions> = {}, request: object = {}) =>
  findLostCookie(
    { headers: { host: 'shop.example', ...headers }, ...request } as SessionRequest,
    { secure: false, sameSite: 'lax', path: '/', ...attributes } as SessionData['cookie'],
    resolveOptions({ secret: SECRET, ...options }),
  );

const https = { secure: true };
const forwarded = { 'x-forwarded-proto': 'https' };
const crossSite = { origin: 'https://front.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };

describe('a browser will not keep a cookie', () => {
  it.each<[string, ReturnType<typeof lostFor>, RegExp]>([
    [
      'that is secure, over plain http',
      lostFor({}, { secure: true }),
      /is not sent: `cookie\.secure`.*plain http.*secure: 'auto'.*trust proxy/,
    ],
    [
      'that is secure, behind a proxy',
      lostFor(forwarded, { secure: true }),
      /is not sent: .*X-Forwarded-Proto: https.*not trusted.*`proxy: true`/,
    ],
    [
      'behind a proxy that is not to be trusted',
      lostFor(forwarded, { secure: true }, { proxy: false }),
      /is not sent: .*X-Forwarded-Proto/,
    ],
    ['of sameSite none, behind a proxy', lostFor(forwarded, { sameSite: 'none' }), /is dropped by browsers: .*X-Forwarded-Proto: https/],
    ['that could be secure, behind a proxy', lostFor(forwarded), /is sent without `Secure`: .*X-Forwarded-Proto: https/],
    ['of sameSite none, over plain http', lostFor({}, { sameSite: 'none' }), /drop.*`sameSite: 'none'` needs `Secure`.*Serve HTTPS/],
    [
      'of sameSite none that the handler set',
      lostFor({}, { sameSite: 'none' }, {}, https),
      /`sameSite: 'none'`.*Set `cookie\.secure` to true/,
    ],
    ['that is partitioned, over plain http', lostFor({}, { partitioned: true } as Attributes), /drop.*`partitioned` needs `Secure`/],
    ['of a name with __Http-', lostFor({}, {}, { name: '__Http-sid' }), /drop.*its name "__Http-sid" needs `Secure`/],
    ['of a name with __Host-', lostFor({}, {}, { name: '__Host-sid' }), /drop.*its name "__Host-sid" needs `Secure`/],
    [
      'of lax, for a page of another site',
      lostFor(crossSite),
      /drop.*`sameSite: 'lax'`.*https:\/\/front\.example.*sameSite: 'none', secure: true.*trustedOrigins/,
    ],
    ['of strict', lostFor(crossSite, { sameSite: 'strict' }), /drop.*`sameSite: 'strict'`.*another site/],
    ['of true, which is strict', lostFor(crossSite, { sameSite: true }), /drop.*`sameSite: 'strict'`/],
    ['for a page of a file or a sandbox', lostFor({ ...crossSite, origin: 'null' }), /a page of another site made the request/],
    ['where the browser says nothing but its Origin', lostFor({ origin: 'http://front.example' }), /drop.*http:\/\/front\.example/],
    ['from another machine', lostFor({ origin: 'http://10.0.0.5', host: '10.0.0.6:3000' }), /drop.*http:\/\/10\.0\.0\.5/],
    [
      'of another domain',
      lostFor({ host: 'localhost:3000' }, { domain: '.shop.example' }),
      /drop.*`domain` is "\.shop\.example".*"localhost"/,
    ],
  ])('%s', (_, lost, sentence) => {
    expect(lost?.sentence).toMatch(sentence);
  });

  it.each<[string, ReturnType<typeof lostFor>]>([
    ['over plain http', lostFor({})],
    ['over TLS', lostFor({}, { secure: true }, {}, https)],
    ['behind a proxy that is trusted', lostFor(forwarded, { secure: true }, { proxy: true })],
    ['behind a proxy that the framework trusts', lostFor(forwarded, { secure: true }, {}, { protocol: 'https' })],
    ['behind a proxy that is not to be trusted, and it need not be secure', lostFor(forwarded, {}, { proxy: false })],
    ['that is never secure, behind a proxy', lostFor(forwarded, {}, { cookie: { secure: false } })],
    ['of sameSite none over TLS', lostFor(crossSite, { sameSite: 'none', secure: true }, {}, https)],
    ['who comes by a link or a form', lostFor({ ...crossSite, 'sec-fetch-mode': 'navigate' })],
    ['of the same site', lostFor({ ...crossSite, 'sec-fetch-site': 'same-site' })],
    ['of a subdomain, as far as can be known', lostFor({ origin: 'https://www.shop.example', host: 'api.shop.example' })],
    ['of another port', lostFor({ origin: 'http://localhost:4200', host: 'localhost:3000' })],
    ['of IPv6', lostFor({ origin: 'http://[::1]:4200', host: '[::1]:3000' })],
    ['of the domain', lostFor({}, { domain: 'Shop.example' })],
    ['of a parent domain', lostFor({ host: 'www.shop.example' }, { domain: '.shop.example' })],
    ['of another domain than the proxy asked for', lostFor({ host: 'app', 'x-forwarded-for': '1.2.3.4' }, { domain: 'shop.example' })],
    ['without a host', lostFor({ host: undefined }, { domain: 'shop.example' })],
  ])('but keeps that %s', (_, lost) => {
    expect(lost).toBeUndefined();
  });

  it('and each cause is said once', () => {
    const said: string[] = [];
    const warnings = new CookieWarnings(resolveOptions({ secret: SECRET }), (message) => void said.push(message));
    for (let request = 0; request < 3; request++) {
      warnings.check({ headers: { host: 'shop.example' } } as SessionRequest, { secure: true, sameSite: 'lax' } as SessionData['cookie']);
      warnings.check({ headers: crossSite as object } as SessionRequest, { secure: false, sameSite: 'lax' } as SessionData['cookie']);
    }
    expect(said).toEqual([expect.stringMatching(/plain http/), expect.stringMatching(/another site/)]);
  });
});
