// Sessions on the sockets of Socket.IO and of ws under the Nest that is installed here, without a compiler for decorators.
require('reflect-metadata');
const { deepStrictEqual: equal } = require('node:assert');
const { once } = require('node:events');
const { Controller, Module, Post } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { IoAdapter } = require('@nestjs/platform-socket.io');
const { WsAdapter } = require('@nestjs/platform-ws');
const { SubscribeMessage, WebSocketGateway } = require('@nestjs/websockets');
const { Session, SessionModule, SessionStore, withSessions } = require('nestjs-typeorm-session');
const { io } = require('socket.io-client');
const { WebSocket } = require('ws');

const decorate = (target, name, ...decorators) => {
  Session()(target.prototype, name, 0);
  for (const each of decorators) each(target.prototype, name, Object.getOwnPropertyDescriptor(target.prototype, name));
};

class AccountController {
  begin(session) {
    session.views = 1;
  }

  leave(session) {
    return session.destroy();
  }
}
decorate(AccountController, 'begin', Post('begin'));
decorate(AccountController, 'leave', Post('leave'));
Controller()(AccountController);

class ViewsGateway {
  async count(session) {
    session.views += 1;
    await session.save();
    return { event: 'reply', data: { views: session.views } };
  }
}
decorate(ViewsGateway, 'count', SubscribeMessage('count'));
WebSocketGateway()(ViewsGateway);

async function openIo(address, extraHeaders) {
  const socket = io(address, { extraHeaders, transports: ['websocket'], reconnection: false, forceNew: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return {
    count: () => new Promise((resolve) => socket.once('reply', resolve).emit('count', {})),
    closed: new Promise((resolve) => socket.once('disconnect', resolve)),
  };
}

async function openWs(address, headers) {
  const socket = new WebSocket(address.replace('http', 'ws'), { headers });
  await once(socket, 'open');
  const count = async () => {
    socket.send(JSON.stringify({ event: 'count', data: {} }));
    const [message] = await once(socket, 'message');
    return JSON.parse(String(message)).data;
  };
  return { count, closed: once(socket, 'close').then(([code]) => code) };
}

async function tryAdapter(Adapter, open, ending) {
  // Of its own for each application: Nest keeps what it made of a module that was given twice.
  class AppModule {}
  const secret = 'the secret of a consumer, which is nobody else’s';
  const imports = [SessionModule.forRoot({ secret, connection: { type: 'sqljs' } })];
  Module({ imports, controllers: [AccountController], providers: [ViewsGateway] })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  app.useWebSocketAdapter(withSessions(new Adapter(app), app));
  await app.listen(0, '127.0.0.1');
  const address = `http://127.0.0.1:${app.getHttpServer().address().port}`;

  const [line] = (await fetch(`${address}/begin`, { method: 'POST' })).headers.getSetCookie();
  const cookie = line.split(';')[0];
  const socket = await open(address, { cookie });
  equal(await socket.count(), { views: 2 });
  equal(await socket.count(), { views: 3 });
  equal((await app.get(SessionStore).list()).length, 1);
  await fetch(`${address}/leave`, { method: 'POST', headers: { cookie } });
  equal(await socket.closed, ending);
  await app.close();
}

async function main() {
  await tryAdapter(IoAdapter, openIo, 'io server disconnect');
  await tryAdapter(WsAdapter, openWs, 4401);
}

// A reply that never comes must not hold up everything else.
setTimeout(() => {
  throw new Error('A socket was not answered within a minute.');
}, 60_000).unref();
void main();
