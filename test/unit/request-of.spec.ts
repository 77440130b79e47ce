import { ExecutionContextHost } from '@nestjs/core/internal';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { SessionOptionsError } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { attachRequest, requestOf, requestOfSocket } from '../../lib/nest/request-of.js';

class CartHandlers {
  checkout(): void {}
}

function contextOf(type: string, ...args: unknown[]): ExecutionContextHost {
  const context = new ExecutionContextHost(args, CartHandlers, CartHandlers.prototype.checkout);
  context.setType(type);
  return context;
}

const newRequest = (): IncomingMessage => new IncomingMessage(new Socket());

describe('the request of a handler', () => {
  const req = newRequest();

  it.each([
    ['HTTP on Express', contextOf('http', req)],
    ['HTTP on Fastify', contextOf('http', { raw: req })],
    ['GraphQL, by the drivers of Nest on Express', contextOf('graphql', {}, {}, { req })],
    ['GraphQL, by the drivers of Nest on Fastify', contextOf('graphql', {}, {}, { req: { raw: req } })],
    ['GraphQL, by a context with `request`', contextOf('graphql', {}, {}, { request: req })],
    ['GraphQL, by Mercurius alone', contextOf('graphql', {}, {}, { reply: { request: { raw: req } } })],
    ['a gateway of Socket.IO', contextOf('ws', { request: req }, 'data')],
  ])('is that of Node in %s', (_, context) => {
    expect(requestOf(context)).toBe(req);
  });

  it('is the one that a socket of ws was opened with', () => {
    const client = {};
    expect(requestOf(contextOf('ws', client))).toBeUndefined();
    attachRequest(client, req);
    expect(requestOf(contextOf('ws', client))).toBe(req);
    expect(Object.keys(client)).toEqual([]);
  });

  it.each([
    ['GraphQL without a context', contextOf('graphql', {}, {})],
    ['GraphQL whose context has no request', contextOf('graphql', {}, {}, { user: 'ada' })],
    ['a gateway without a client', contextOf('ws')],
  ])('is missing in %s', (_, context) => {
    expect(requestOf(context)).toBeUndefined();
  });

  it('is an error in a microservice handler, which names it and the remedy', () => {
    const ask = () => requestOf(contextOf('rpc', {}, {}));
    expect(ask).toThrow(SessionOptionsError);
    expect(ask).toThrow('CartHandlers.checkout is a microservice handler, which has no request and no session. Send what it needs');
  });

  it('is missing where there is no socket', () => {
    expect(requestOfSocket(undefined)).toBeUndefined();
  });
});
