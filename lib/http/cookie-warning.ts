import type { SessionData } from '../store/express-session.js';
import { needsSecureName } from '../store/options/cookie-options.js';
import { toOrigin } from '../store/options/csrf-options.js';
import type { ResolvedSessionOptions } from '../store/options/session-options.js';
import { hostOf, isSecure, type SessionRequest } from './session-request.js';

type SessionCookie = SessionData['cookie'];

/** Each is warned of once. */
type Cause = 'proxy' | 'plain http' | 'no Secure' | 'another site' | 'another domain';

/** Why a browser will not keep a cookie, with the remedy. */
export interface LostCookie {
  readonly cause: Cause;
  readonly sentence: string;
}

const TRUST_PROXY =
  "`app.set('trust proxy', 1)` under Express, `new FastifyAdapter({ trustProxy: true })` under Fastify, or the session option `proxy: true`";

/** Warns once per cause if browsers will not keep the session cookie. Only outside production, because it checks each cookie that is sent. */
export class CookieWarnings {
  private readonly known = new Set<Cause>();

  constructor(
    private readonly options: ResolvedSessionOptions,
    private readonly warn: (message: string) => void,
  ) {}

  /** Looks at a cookie that is due, whether or not it can be sent. */
  check(req: SessionRequest, cookie: SessionCookie): void {
    const lost = findLostCookie(req, cookie, this.options);
    if (!lost || this.known.has(lost.cause)) return;
    this.known.add(lost.cause);
    this.warn(lost.sentence);
  }
}

/** Why the browser behind a request will not keep this cookie; `undefined` if it will. */
export function findLostCookie(req: SessionRequest, cookie: SessionCookie, options: ResolvedSessionOptions): LostCookie | undefined {
  return findInsecure(req, cookie, options) ?? findOtherSite(req, cookie, options) ?? findOtherDomain(req, cookie, options);
}

function findInsecure(req: SessionRequest, cookie: SessionCookie, options: ResolvedSessionOptions): LostCookie | undefined {
  const needs = needsSecure(cookie, options.name);
  const isEncrypted = isSecure(req, options.proxy);
  if (!isEncrypted && isForwardedHttps(req)) {
    // Without a need for it, a cookie that is sent without Secure is kept. That is what `proxy: false` asks for.
    const isAuto = typeof options.cookie === 'object' && options.cookie.secure === 'auto' && options.proxy !== false;
    const consequence = cookie.secure
      ? 'is not sent'
      : needs !== undefined
        ? 'is dropped by browsers'
        : isAuto && 'is sent without `Secure`';
    const sentence = `The session cookie ${consequence}: the request has \`X-Forwarded-Proto: https\`, but its proxy is not trusted. Set ${TRUST_PROXY}.`;
    return consequence ? { cause: 'proxy', sentence } : undefined;
  }
  if (!isEncrypted && cookie.secure) {
    return {
      cause: 'plain http',
      sentence: `The session cookie is not sent: \`cookie.secure\` is true, and the request came over plain http. Set \`secure: 'auto'\`, or serve HTTPS; if a proxy does, it must send \`X-Forwarded-Proto\` and be trusted: ${TRUST_PROXY}.`,
    };
  }
  if (cookie.secure || needs === undefined) return undefined;
  const remedy = isEncrypted
    ? 'Set `cookie.secure` to true.'
    : `Serve HTTPS; if a proxy does, it must send \`X-Forwarded-Proto\` and be trusted: ${TRUST_PROXY}.`;
  return { cause: 'no Secure', sentence: `Browsers drop the session cookie: ${needs} needs \`Secure\`, which it has not. ${remedy}` };
}

/** What of a cookie makes browsers drop it without `Secure`. */
function needsSecure({ sameSite, partitioned }: SessionCookie & { partitioned?: boolean | undefined }, name: string): string | undefined {
  if (String(sameSite).toLowerCase() === 'none') return "`sameSite: 'none'`";
  if (partitioned) return '`partitioned`';
  return needsSecureName(name) ? `its name "${name}"` : undefined;
}

const isForwardedHttps = ({ headers }: SessionRequest): boolean => /^\s*https\b/i.test(String(headers['x-forwarded-proto'] ?? ''));

/** With `lax` or `strict`, a request of another site's script cannot set the cookie; following a link or sending a form can. */
function findOtherSite(req: SessionRequest, { sameSite }: SessionCookie, options: ResolvedSessionOptions): LostCookie | undefined {
  const value = sameSite === true ? 'strict' : String(sameSite).toLowerCase();
  const { origin = '', 'sec-fetch-site': site, 'sec-fetch-mode': mode } = req.headers;
  if ((value !== 'lax' && value !== 'strict') || mode === 'navigate') return undefined;
  if (site ? site !== 'cross-site' : !isOtherSite(origin, hostOf(req, options.proxy))) return undefined;
  const named = toOrigin(origin);
  const trusted = named === undefined ? '' : ` and \`csrf: { trustedOrigins: ['${named}'] }\``;
  return {
    cause: 'another site',
    sentence: `Browsers drop the session cookie: it has \`sameSite: '${value}'\`, and a page of another site${named === undefined ? '' : `, ${named},`} made the request. Serve both from one site, or set \`cookie: { sameSite: 'none', secure: true }\`${trusted}.`,
  };
}

/** Without the list of public suffixes, two names that end in the same two labels may be of one site. */
function isOtherSite(origin: string, host: string | undefined): boolean {
  const [theirs, ours] = [origin, `http://${host}`].map((url) => (URL.canParse(url) ? siteOf(new URL(url).hostname) : undefined));
  return theirs !== undefined && ours !== undefined && theirs !== ours;
}

const siteOf = (name: string): string => (/^[\d.]+$|:/.test(name) ? name : name.split('.').slice(-2).join('.'));

function findOtherDomain(req: SessionRequest, { domain }: SessionCookie, options: ResolvedSessionOptions): LostCookie | undefined {
  // A proxy may ask for another host than the browser did.
  const isProxied = Object.keys(req.headers).some((name) => name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'via');
  const host = hostOf(req, options.proxy);
  if (typeof domain !== 'string' || domain === '' || isProxied || host === undefined || !URL.canParse(`http://${host}`)) return undefined;
  const { hostname } = new URL(`http://${host}`);
  const wanted = domain.toLowerCase().replace(/^\./, '');
  if (hostname === wanted || hostname.endsWith(`.${wanted}`)) return undefined;
  return {
    cause: 'another domain',
    sentence: `Browsers drop the session cookie: its \`domain\` is "${domain}", and the request was sent to "${hostname}". Leave \`cookie.domain\` out, or open the application under that domain.`,
  };
}
