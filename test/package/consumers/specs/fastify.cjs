// Sessions on Fastify under the Nest that is installed here, without a compiler for decorators.
require('reflect-metadata');
const { deepStrictEqual: equal, match } = require('node:assert');
const { Controller, Get, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { FastifyAdapter } = require('@nestjs/platform-fastify');
const { Session, SessionLock, SessionModule, SessionStore, SessionUnavailableError } = require('nestjs-typeorm-session');

class ViewsController {
  views(session) {
    return { views: (session.views = (session.views ?? 0) + 1) };
  }
}
const views = Object.getOwnPropertyDescriptor(ViewsController.prototype, 'views');
Session()(ViewsController.prototype, 'views', 0);
for (const decorate of [Get('views'), SessionLock()]) decorate(ViewsController.prototype, 'views', views);
Controller()(ViewsController);

class AppModule {}
const secret = 'the secret of a consumer, which is nobody else’s';
Module({ imports: [SessionModule.forRoot({ secret, connection: { type: 'sqljs' } })], controllers: [ViewsController] })(AppModule);

async function main() {
  const app = await NestFactory.create(AppModule, new FastifyAdapter({ trustProxy: true }), { logger: false, abortOnError: false });
  const seen = [];
  app.use((req, _res, next) => {
    seen.push(req.session !== undefined);
    next();
  });
  await app.listen(0, '127.0.0.1');
  const address = `http://127.0.0.1:${app.getHttpServer().address().port}`;

  const first = await fetch(`${address}/views`, { headers: { 'x-forwarded-proto': 'https' } });
  const [line] = first.headers.getSetCookie();
  match(line, /^sid=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const second = await fetch(`${address}/views`, { headers: { cookie: line.split(';')[0] } });
  equal([await first.json(), await second.json()], [{ views: 1 }, { views: 2 }]);
  equal(seen, [true, true]);

  app.get(SessionStore).set = (_sid, _session, done) => process.nextTick(done, new SessionUnavailableError('The database is away.'));
  const failed = await fetch(`${address}/views`);
  equal([failed.status, failed.headers.getSetCookie()], [503, []]);
  await app.close();
}

void main();
