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

/** The path that the client asked for, without its query. */
export function pathOf({ originalUrl, url }: SessionRequest): string {
  const target = (originalUrl ?? url) || '/';
  // A proxy may send the whole address.
  if (!target.startsWith('/')) return URL.canParse(target) ? new URL(target).pathname : target;
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}
