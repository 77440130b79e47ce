import type { ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { nodeOf, replyTo } from '../http/fastify.js';
import { SessionOptionsError } from '../session.errors.js';

/** A request whose session may be missing: the route is excluded, or nothing has loaded it. */
export type HandlerRequest = Request & Pick<Partial<Request>, 'session' | 'sessionStore'>;

/** A request of Node or Express, or that of Fastify, which has Node's. */
type AnyRequest = HandlerRequest | { readonly raw: HandlerRequest };

/** What a resolver gets as its context: the drivers of Nest put `req` there, Mercurius alone `reply`. */
interface OperationContext {
  readonly req?: AnyRequest;
  readonly request?: AnyRequest;
  readonly reply?: { readonly request?: AnyRequest };
}

/** Where a socket of ws has the request that it was opened with. Those of Socket.IO have it as `request`. */
const OPENED_WITH = Symbol('opened with');

interface SocketClient {
  readonly request?: HandlerRequest;
  [OPENED_WITH]?: HandlerRequest;
}

/** Notes the request that a socket was opened with, for clients that do not know it themselves. */
export function attachRequest(client: object, request: object): void {
  (client as SocketClient)[OPENED_WITH] = request as HandlerRequest;
}

/** The request that a socket was opened with. */
export function requestOfSocket(client: object | undefined): HandlerRequest | undefined {
  const { request, [OPENED_WITH]: noted } = (client ?? {}) as SocketClient;
  return noted ?? request;
}

/**
 * The request of a handler, as Node knows it: the middleware puts the session there. In a gateway it is the request that the
 * socket was opened with. `undefined` if a GraphQL context or a socket has none. Throws `SessionOptionsError` in a microservice
 * handler, which has no request. No package of GraphQL or of sockets is imported for it.
 */
export function requestOf(context: ExecutionContext): HandlerRequest | undefined {
  switch (context.getType<string>()) {
    case 'rpc':
      throw new SessionOptionsError(
        `${nameOf(context)} is a microservice handler, which has no request and no session. ` +
          'Send what it needs, such as the user id, in the message.',
      );
    case 'ws':
      return requestOfSocket(context.switchToWs().getClient<object | undefined>());
    default:
      return toNode(rawRequestOf(context));
  }
}

/** The request of an HTTP handler or a resolver as its framework knows it. */
export function rawRequestOf(context: ExecutionContext): AnyRequest | undefined {
  if (context.getType<string>() !== 'graphql') return context.switchToHttp().getRequest<AnyRequest | undefined>();
  const { req, request, reply } = context.getArgByIndex<OperationContext | undefined>(2) ?? {};
  return req ?? request ?? reply?.request;
}

/** The response that a handler makes, as Node knows it. `undefined` in a gateway: the request that opened the socket was answered before. */
export function responseOf(context: ExecutionContext, req: HandlerRequest): Response | undefined {
  if (context.getType<string>() === 'ws') return undefined;
  return (req as Partial<Request>).res ?? (replyTo(req) as Response | undefined);
}

/** What messages call a handler, such as `CartController.checkout`. */
export const nameOf = (context: ExecutionContext): string => `${context.getClass().name}.${context.getHandler().name}`;

const toNode = (request: AnyRequest | undefined): HandlerRequest | undefined => request && nodeOf<HandlerRequest>(request);
