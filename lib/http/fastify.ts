import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { Stream } from 'node:stream';
import type { SessionMiddleware } from './session-middleware.js';

/** A request of Fastify, as far as it matters here. */
interface FastifyRequest {
  readonly raw: IncomingMessage;
}

/** A reply of Fastify. */
interface FastifyReply {
  readonly raw: ServerResponse;
  /** Whether it has ended, or the application has taken the response over. */
  readonly sent: boolean;
  getHeaders(): Record<string, string | string[] | number | undefined>;
  headers(headers: object): unknown;
  removeHeader(name: string): unknown;
  serializer(serialize: null): unknown;
  send(error: unknown): unknown;
}

/** An application of Fastify. */
export interface FastifyApp {
  /** Resolves when the plugins that were registered so far are loaded. */
  after(): PromiseLike<unknown>;
  hasRequestDecorator(name: string): boolean;
  decorateRequest(
    name: string,
    accessor: { getter(this: FastifyRequest): unknown; setter(this: FastifyRequest, value: unknown): void },
  ): unknown;
  addHook(name: 'onRoute', hook: (route: { readonly url: string }) => void): unknown;
  addHook(name: 'onRequest', hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void): unknown;
  addHook(name: 'preParsing', hook: (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: () => void) => void): unknown;
}

/** What the exchange puts on Node's own request, and Fastify's request shows. */
const SHOWN = ['session', 'sessionID', 'sessionStore'] as const;

/** Where a response has the reply that it belongs to, and the headers that stay where an error takes the place of the answer. */
const NOTED = Symbol('reply');

interface Noted {
  readonly reply: FastifyReply;
  readonly headers: ReturnType<FastifyReply['getHeaders']>;
}

type NotedResponse = ServerResponse & { [NOTED]?: Noted };

/** Where a request has its response, as those of Express have it as `res`. */
const RESPONSE = Symbol('response');

/** Node's own response to a request of Fastify, by Node's own request. */
export const replyTo = (req: object): ServerResponse | undefined => (req as { [RESPONSE]?: ServerResponse })[RESPONSE];

/**
 * Fastify runs middleware on Node's own request and response, and does not see errors after `next()`. So each response
 * keeps its reply: an error that replaces the response goes through the reply to Fastify's error handler, and so to the
 * exception filters of Nest.
 */
export function answerThroughReplies(app: FastifyApp, { answerErrors, store }: SessionMiddleware): void {
  store.requests.responseOf = replyTo;
  answerErrors(answerError);
  app.addHook('onRequest', (request, reply, done) => {
    (request.raw as { [RESPONSE]?: ServerResponse })[RESPONSE] = reply.raw;
    keepReply(reply);
    done();
  });
  // Once more when all hooks of that name have run: the headers that they have set belong to error responses, too.
  app.addHook('preParsing', (_request, reply, _payload, done) => {
    keepReply(reply);
    done();
  });
}

function keepReply(reply: FastifyReply): void {
  const headers = reply.getHeaders();
  // Fastify adds further cookies to the list that it has given out.
  if (Array.isArray(headers['set-cookie'])) headers['set-cookie'] = [...headers['set-cookie']];
  (reply.raw as NotedResponse)[NOTED] = { reply, headers };
}

function answerError(error: unknown, res: NotedResponse): void {
  const { reply, headers } = res[NOTED] ?? {};
  // Middleware has answered by itself, or the application has taken the response over from Fastify.
  if (!reply || reply.sent) return answerPlainly(error, res);
  for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
  reply.headers(headers ?? {});
  reply.serializer(null);
  reply.send(error);
}

/** Answers an error that no error handler can answer. */
function answerPlainly(error: unknown, res: ServerResponse): void {
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  res.statusCode = typeof statusCode === 'number' ? statusCode : 500;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(JSON.stringify({ statusCode: res.statusCode, message: STATUS_CODES[res.statusCode] }));
}

/** Shows the session of Node's request on that of Fastify. */
export function showSessions(app: FastifyApp): void {
  for (const name of SHOWN) {
    if (app.hasRequestDecorator(name)) continue;
    app.decorateRequest(name, {
      getter() {
        return Reflect.get(this.raw, name);
      },
      setter(value) {
        Reflect.set(this.raw, name, value);
      },
    });
  }
}

/** Node's own request or response, which those of Express are, and those of Fastify have. What is neither stays as it is. */
export const nodeOf = <Message extends object>(message: Message | { readonly raw: Message }): Message =>
  'raw' in message && message.raw instanceof Stream ? message.raw : (message as Message);
