import type { IncomingMessage } from 'node:http';
import type { Request } from '../store/express-session.js';

/** A request as the exchange knows it: Node's own, and what a framework may have added. */
export interface SessionRequest extends IncomingMessage {
  /** The path as the client sent it, where a router has cut `url`. */
  readonly originalUrl?: string;
  /** Whether the framework takes the connection for a secure one (Express: `trust proxy`). */
  readonly secure?: boolean;
  /** The same, as Fastify says it on the requests that it gives to middleware (`trustProxy`). */
  readonly protocol?: string;
  /** The host that was asked, without its port, as the framework knows it (`trust proxy`, `trustProxy`). */
  readonly hostname?: string;
  session?: Request['session'] | null | undefined;
  sessionID?: string | undefined;
  sessionStore?: unknown;
}

/** Whether the browser reached us over TLS; `trustProxy` as in the option `proxy`. */
export function isSecure(req: SessionRequest, trustProxy: boolean | undefined): boolean {
  if ((req.socket as { encrypted?: boolean } | undefined)?.encrypted) return true;
  if (trustProxy === undefined) return req.secure ?? req.protocol === 'https';
  if (!trustProxy) return false;
  const [proto = ''] = String(req.headers['x-forwarded-proto'] ?? '').split(',');
  return proto.trim().toLowerCase() === 'https';
}

/** The host that the browser has asked, with its port; `trustProxy` as in the option `proxy`. */
export function hostOf({ headers, hostname }: SessionRequest, trustProxy: boolean | undefined): string | undefined {
  // HTTP/2 has this instead of the header `Host`.
  const own = (headers[':authority'] as string | undefined) ?? headers.host;
  const forwarded = String(headers['x-forwarded-host'] ?? '')
    .split(',')
    .map((host) => host.trim());
  if (trustProxy !== undefined) return (trustProxy && forwarded[0]) || own;
  // Of several forwarded hosts Express believes the first, Fastify the last.
  return [own, forwarded[0], forwarded.at(-1)].find((host) => host && nameIn(host) === hostname?.toLowerCase()) ?? own;
}

/** The name in `name:port`. */
const nameIn = (host: string): string => host.toLowerCase().replace(/:\d*$/, '');

/** The path that the client asked for, without its query. */
export function pathOf({ originalUrl, url }: SessionRequest): string {
  const target = (originalUrl ?? url) || '/';
  // A proxy may send the whole address.
  if (!target.startsWith('/')) return URL.canParse(target) ? new URL(target).pathname : target;
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}
