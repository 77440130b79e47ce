import { Logger } from '@nestjs/common';
import type { INestApplicationContext, WebSocketAdapter } from '@nestjs/common';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { SessionMiddleware } from '../../http/session-middleware.js';
import { textOf, SessionOptionsError } from '../../session.errors.js';
import { parseDuration, type Duration } from '../../store/options/checking/duration.js';
import { attachRequest } from '../request-of.js';
import { SESSION_MIDDLEWARE } from '../session.tokens.js';
import { SocketWatch, type WatchedClient } from './socket-watch.js';

/**
 * How the sockets of an application follow their sessions.
 *
 * @publicApi
 */
export interface SocketSessionOptions {
  /**
   * How often a socket checks whether another process has ended its session. If this process ends the session, the socket
   * is closed at once. @default '30s'
   */
  heartbeat?: Duration;
}

/** What of a server of Socket.IO, or of one of its namespaces, is needed. */
interface SocketIoServer {
  readonly engine?: { use(middleware: EngineMiddleware): unknown };
  readonly server?: SocketIoServer;
}

type EngineMiddleware = (req: IncomingMessage & { readonly _query?: { readonly sid?: string } }, res: unknown, next: () => void) => void;

/** What a server of ws calls back with whether a handshake may go on. */
type Verified = (isAllowed: boolean, code?: number, message?: string, headers?: object) => void;
type VerifyClient = (info: { readonly req: IncomingMessage }, done: Verified) => unknown;

/**
 * Gives each socket of an application the session of the request that opened it, for `@Session()` in gateways, and closes it
 * when that session ends. Works with the adapters of Socket.IO and ws, and returns the adapter. Throws `SessionOptionsError`
 * if there is no `SessionModule`, for a wrong duration, and for an adapter of another kind.
 *
 * @example
 * app.useWebSocketAdapter(withSessions(new IoAdapter(app), app));
 *
 * @publicApi
 */
export function withSessions<Adapter extends WebSocketAdapter>(
  adapter: Adapter,
  app: INestApplicationContext,
  { heartbeat = '30s' }: SocketSessionOptions = {},
): Adapter {
  const middleware = middlewareOf(app);
  const warn = (message: string): void => new Logger('SessionModule').warn(message);
  const watch = new SocketWatch(middleware.store, toMilliseconds(heartbeat), warn);
  const create = adapter.create.bind(adapter) as (port: number, options: { verifyClient: VerifyClient }) => unknown;
  const bindClientConnect = adapter.bindClientConnect.bind(adapter);
  const engines = new WeakSet<object>();
  return Object.assign(adapter, {
    create(port: number, options: { verifyClient?: VerifyClient } = {}) {
      const verifyClient = verifierOf(middleware, options.verifyClient, warn);
      const server: unknown = create(port, { ...options, verifyClient });
      const engine = engineOf(server);
      if (engine && !engines.has(engine)) engine.use(openAtHandshake(middleware));
      if (engine) engines.add(engine);
      else if (!isWs(server)) throw new SessionOptionsError(OTHER_KIND);
      return server;
    },
    bindClientConnect(server: unknown, callback: (...args: unknown[]) => unknown) {
      return bindClientConnect(server, (client: WatchedClient, request: unknown, ...rest: unknown[]) => {
        if (request) attachRequest(client, request);
        watch.add(client);
        callback(client, request, ...rest);
      });
    },
  });
}

const OTHER_KIND =
  'withSessions() needs an adapter of Socket.IO or ws. Use IoAdapter of @nestjs/platform-socket.io or WsAdapter of @nestjs/platform-ws.';

function middlewareOf(app: INestApplicationContext): SessionMiddleware {
  try {
    return app.get<SessionMiddleware>(SESSION_MIDDLEWARE, { strict: false });
  } catch (cause) {
    throw new SessionOptionsError('withSessions() found no SessionModule in the application. Import SessionModule.forRoot(…).', { cause });
  }
}

function toMilliseconds(heartbeat: Duration): number {
  const ms = parseDuration(heartbeat);
  if (ms && ms < 2 ** 31) return ms;
  throw new SessionOptionsError(
    `The option \`heartbeat\` of withSessions() is ${heartbeat}. It must be a duration of more than 0 and at most 24 days, such as '30s'.`,
  );
}

const engineOf = (server: unknown): SocketIoServer['engine'] => {
  const { engine, server: parent } = (server ?? {}) as SocketIoServer;
  return engine ?? parent?.engine;
};

const isWs = (server: unknown): boolean => typeof (server as { handleUpgrade?: unknown } | undefined)?.handleUpgrade === 'function';

/** Socket.IO keeps the request of the handshake; those that follow by long polling need no session. */
function openAtHandshake(middleware: RequestHandler): EngineMiddleware {
  return (req, res, next) => {
    if (req._query?.sid === undefined) middleware(req as Request, res as Response, next);
    else next();
  };
}

/** The check of a handshake that ws makes: that of the application, and then the session. ws waits for a function of two parameters. */
function verifierOf(middleware: RequestHandler, theirs: VerifyClient | undefined, warn: (message: string) => void): VerifyClient {
  return (info, done) => {
    const open = (): void => {
      openSession(middleware, info.req)
        .then(
          () => done(true),
          (error: { statusCode?: number } | undefined) => done(false, error?.statusCode ?? 500),
        )
        .catch((error: unknown) => {
          info.req.destroy();
          warn(`A socket could not be opened: ${textOf(error)}`);
        });
    };
    if (!theirs) return open();
    if (theirs.length > 1) return theirs(info, (isAllowed, ...refusal) => (isAllowed ? open() : done(false, ...refusal)));
    return theirs(info, done) ? open() : done(false, 401);
  };
}

/** Puts the session on the request of an upgrade. No response follows, so nothing is stored by itself. */
function openSession(middleware: RequestHandler, req: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (error?: unknown): void => {
      if (error === undefined) resolve();
      else reject(error);
    };
    void middleware(req as Request, new ServerResponse(req) as Response, next);
  });
}
