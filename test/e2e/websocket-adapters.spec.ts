import { Inject, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { RequestHandler } from 'express';
import { Session, SESSION_MIDDLEWARE, SessionModule, SessionOptionsError, withSessions } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { embedded } from '../support/embedded.js';
import { moduleOf, startApp, type Configure } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { openSocket } from '../support/socket-client.js';
import { ViewsController } from '../support/views.js';

const newSessions = () => SessionModule.forRoot({ secret: SECRET, connection: embedded });

/** A gateway that replies with the views of the session. */
function gatewayOf(options: object): Type {
  @WebSocketGateway(options)
  class ViewsGateway {
    @SubscribeMessage('read')
    read(@Session('views') views: number | undefined) {
      return { event: 'reply', data: { views } };
    }
  }
  return ViewsGateway;
}

async function start(gateway: Type, configure: Configure): Promise<Browser> {
  const root = { imports: [newSessions()], controllers: [ViewsController], providers: [gateway] };
  const browser = new Browser((await startApp(root, configure)).address);
  await browser.json('/views');
  return browser;
}

describe('withSessions on the adapter of ws', () => {
  const open = async (verifyClient: object) => {
    const withWs: Configure = (app) => void app.useWebSocketAdapter(withSessions(new WsAdapter(app), app));
    return openSocket('ws', await start(gatewayOf({ verifyClient }), withWs));
  };
  type Done = (isAllowed: boolean, code?: number) => void;

  it('reads the session after a check of the application, whether that calls back or returns', async () => {
    const calledBack = await open((_: unknown, done: Done) => setImmediate(done, true));
    await expect(calledBack.send('read')).resolves.toEqual({ views: 1 });
    const returned = await open(({ origin }: { origin?: string }) => origin === undefined);
    await expect(returned.send('read')).resolves.toEqual({ views: 1 });
  });

  it('refuses what the application refuses', async () => {
    await expect(open((_: unknown, done: Done) => done(false, 403))).rejects.toThrow('403');
    await expect(open(() => false)).rejects.toThrow('401');
  });
});

describe('withSessions on the adapter of Socket.IO', () => {
  const withIo: Configure = (app) => void app.useWebSocketAdapter(withSessions(new IoAdapter(app), app));

  it.each(['polling', 'websocket'])('reads the session of a handshake by %s', async (transport) => {
    const browser = await start(gatewayOf({}), withIo);
    const socket = await openSocket('Socket.IO', browser, transport);
    await expect(socket.send('read')).resolves.toEqual({ views: 1 });
  });

  it('reads the session in a namespace', async () => {
    const { address, cookie } = await start(gatewayOf({ namespace: 'carts' }), withIo);
    const socket = await openSocket('Socket.IO', { address: `${address}/carts`, cookie });
    await expect(socket.send('read')).resolves.toEqual({ views: 1 });
  });
});

it('SESSION_MIDDLEWARE gives the sockets of Socket.IO their sessions by itself', async () => {
  class MountingGateway extends gatewayOf({}) implements OnGatewayInit {
    constructor(@Inject(SESSION_MIDDLEWARE) private readonly sessions: RequestHandler) {
      super();
    }

    afterInit(io: { engine: { use(middleware: RequestHandler): void } }) {
      io.engine.use(this.sessions);
    }
  }
  WebSocketGateway()(MountingGateway);
  const browser = await start(MountingGateway, (app) => void app.useWebSocketAdapter(new IoAdapter(app)));
  await expect((await openSocket('Socket.IO', browser)).send('read')).resolves.toEqual({ views: 1 });
});

describe('withSessions refuses', () => {
  const create = (imports: NonNullable<Parameters<typeof moduleOf>[0]['imports']>) =>
    NestFactory.create(moduleOf({ imports }), { logger: false, abortOnError: false });

  it('an application without sessions', async () => {
    const app = await create([]);
    expect(() => withSessions(new IoAdapter(app), app)).toThrow(SessionOptionsError);
    expect(() => withSessions(new IoAdapter(app), app)).toThrow('withSessions() found no SessionModule in the application.');
  });

  it('a heartbeat that is no duration, and an adapter of another kind', async () => {
    const app = await create([newSessions()]);
    for (const heartbeat of [0, -1, 'often', '30d'] as never[]) {
      expect(() => withSessions(new IoAdapter(app), app, { heartbeat })).toThrow(
        `The option \`heartbeat\` of withSessions() is ${String(heartbeat)}.`,
      );
    }
    const other = { create: (port: number) => ({ port }), bindClientConnect() {}, bindMessageHandlers() {}, close() {} };
    expect(() => withSessions(other, app).create(0)).toThrow('needs an adapter of Socket.IO or ws');
    await app.close();
  });
});
