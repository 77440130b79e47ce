import { isIP } from 'node:net';
import { SessionOptionsError } from '../../session.errors.js';
import { isPlainObject } from '../../table/checking/rules.js';
import { atOnce } from '../callback.js';
import type { Request } from '../express-session.js';
import { wrongOption } from '../options/checking/option-error.js';
import type { ResolvedSessionOptions, SessionMetadata } from '../options/session-options.js';

/** What is known of the client of a session. */
export interface Client {
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

/** More of a value than any client has a reason to send. Columns are shorter, most often. */
const MAX_LENGTH = 1_024;

/** Control characters, and what changes the direction or the lines of the text around it where people read a list of sessions. */
const UNREADABLE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu;

/** The form of an IPv4 address among the IPv6 addresses. */
const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/** What is to be kept of the client of a request; `undefined` where nothing is. Throws what the option `metadata` throws. */
export function readClient(req: Request, metadata: ResolvedSessionOptions['metadata']): Client | undefined {
  if (!metadata) return undefined;
  if (typeof metadata === 'function') return toClient(atOnce(metadata(req), 'metadata'));
  const { ip = req.socket?.remoteAddress, headers } = req as Partial<Request>;
  const address = normalizeAddress(ip);
  return {
    ipAddress: address !== null && metadata.ip === 'prefix' ? prefixOf(address) : address,
    userAgent: readable(headers?.['user-agent']),
  };
}

/** What a function of the application returned, checked: it may come from untyped code. */
function toClient(given: SessionMetadata): Client {
  const { ipAddress, userAgent } = (given as Partial<SessionMetadata> | null | undefined) ?? {};
  const isText = (value: unknown) => value == null || typeof value === 'string';
  const expected = 'a function that returns { ipAddress, userAgent }, each a string, null or undefined';
  if (!isPlainObject(given) || !isText(ipAddress) || !isText(userAgent)) throw wrongOption('metadata', given, expected);
  const unknown = Object.keys(given).find((name) => name !== 'ipAddress' && name !== 'userAgent');
  if (unknown === undefined) return { ipAddress: readable(ipAddress), userAgent: readable(userAgent) };
  throw new SessionOptionsError(`The session option \`metadata\` returned the unknown key "${unknown}". It must be ${expected}.`);
}

/** A string as it may be stored and shown: valid Unicode, without control characters, of bounded length. */
function readable(text: string | null | undefined): string | null {
  const cut = (text ?? '').toWellFormed().replaceAll(UNREADABLE, ' ').trim().slice(0, MAX_LENGTH);
  return cut.toWellFormed() || null;
}

/**
 * An IP address in its shortest form, an IPv4 address as such. `null` for what is none: behind `trust proxy: true` a client may
 * send anything for its address. Some proxies send the port, too.
 */
export function normalizeAddress(text: string | undefined): string | null {
  const [, ipv4, ipv6 = text] = /^(?:(\d+\.\d+\.\d+\.\d+):\d+|\[([^\]]+)\](?::\d+)?)$/.exec(text ?? '') ?? [];
  const address = (ipv4 ?? ipv6 ?? '').replace(/%.*$/, '');
  if (isIP(address) !== 6) return isIP(address) === 4 ? address : null;
  const shortest = toShortest(address);
  const [, high, low] = MAPPED.exec(shortest) ?? [];
  if (high === undefined || low === undefined) return shortest;
  const bits = [high, low].map((group) => Number.parseInt(group, 16));
  return bits.flatMap((group) => [group >> 8, group & 255]).join('.');
}

/** An IPv6 address as RFC 5952 writes it. */
const toShortest = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);

/** The network of an address: /24 of IPv4, /48 of IPv6. What is no address stays as it is. */
export function prefixOf(address: string): string {
  if (isIP(address) === 4) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  if (isIP(address) !== 6) return address;
  const [before = '', after] = toShortest(address).split('::');
  const groups = before === '' ? [] : before.split(':');
  const last = after ? after.split(':') : [];
  const missing = after === undefined ? 0 : 8 - groups.length - last.length;
  const network = [...groups, ...Array.from({ length: missing }, () => '0'), ...last].slice(0, 3);
  return `${toShortest(`${network.join(':')}::`)}/48`;
}
