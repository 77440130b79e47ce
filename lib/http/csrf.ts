import { SessionCsrfError } from '../session.errors.js';
import { toOrigin, type ResolvedCsrf } from '../store/options/csrf-options.js';
import { hostOf, isSecure, type SessionRequest } from './session-request.js';

/** The methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** What a browser says about the page that a request comes from, and what is known about its target. */
export interface RequestSource {
  readonly method: string | undefined;
  /** The header `Sec-Fetch-Site`. */
  readonly fetchSite: string | undefined;
  /** The header `Origin`. */
  readonly origin: string | undefined;
  /** The host that the browser has asked, with its port unless that is the default. */
  readonly host: string | undefined;
  /** Whether the browser is known to have come over TLS. */
  readonly isSecure: boolean;
}

/**
 * Whether a request that carries a session may come from another site. `Sec-Fetch-Site` decides; browsers send it over TLS and to
 * localhost. Without it `Origin` must name this host. Without both, no page in a browser has sent the request.
 */
export function isForged(source: RequestSource, { trustedOrigins }: ResolvedCsrf): boolean {
  const { method, fetchSite, origin } = source;
  if (SAFE.has(method)) return false;
  if (origin !== undefined && trustedOrigins.has(toOrigin(origin) ?? '')) return false;
  if (fetchSite) return fetchSite !== 'same-origin' && fetchSite !== 'none';
  return origin !== undefined && !isOwn(origin, source);
}

/** An https origin may be ours though the request came over http, because a proxy may end TLS. Over TLS, an http origin is not ours. */
function isOwn(given: string, source: RequestSource): boolean {
  const origin = toOrigin(given);
  const scheme = origin?.split(':', 1)[0];
  if (source.host === undefined || (scheme !== 'https' && (scheme !== 'http' || source.isSecure))) return false;
  return toOrigin(`${scheme}://${source.host}`) === origin;
}

/** Throws `SessionCsrfError` (403) for a request that may come from another site. */
export function refuseForged(req: SessionRequest, csrf: ResolvedCsrf, trustProxy: boolean | undefined): void {
  const { method, headers } = req;
  const source: RequestSource = {
    method,
    fetchSite: headers['sec-fetch-site'],
    origin: headers.origin,
    host: hostOf(req, trustProxy),
    isSecure: isSecure(req, trustProxy),
  };
  if (isForged(source, csrf)) throw new SessionCsrfError();
}
