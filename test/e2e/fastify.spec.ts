import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { text } from 'node:stream/consumers';
import { Body, Controller, Get, type MiddlewareConsumer, Post, Req, Res, StreamableFile } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Request, Response as ExpressResponse } from 'express';
import {
  defineSessionEntity,
  Session,
  SessionHandle,
  SessionModule,
  SessionStore,
  SessionUnavailableError,
  type SessionModuleOptions,
} from 'nestjs-typeorm-session';
import { expect, it, onTestFinished } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startFastify } from '../support/fastify-app.js';
import { failWrites, holdWrites } from '../support/held-store.js';
import type { ServerOptions } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import '../support/session-data.js';

@Controller()
class FastifyController {
  constructor(private readonly store: SessionStore) {}

  @Get('views')
  views(@Session() session: Session, @SessionHandle() handle: string | undefined) {
    return { views: (session.views = (session.views ?? 0) + 1), handle };
  }

  @Get('parts')
  parts(@Session() session: Session, @Res() reply: FastifyReply) {
    reply.hijack();
    reply.raw.write('{"views":');
    session.views = 7;
    reply.raw.end('7}');
  }

  @Get('theme')
  theme(@Req() req: FastifyRequest) {
    return { theme: req.session.theme, views: req.session.views, isSame: req.session === (req.raw as unknown as Request).session };
  }

  @Get('send')
  async send(@Req() req: FastifyRequest, @Res() reply: FastifyReply) {
    req.session.theme = 'dark';
    await Promise.resolve();
    void reply.header('x-answer', 'of the handler').send({ sent: true });
  }

  @Get('hijacked')
  hijacked(@Session() session: Session, @Res() reply: FastifyReply) {
    session.theme = 'dark';
    reply.hijack();
    setImmediate(() => reply.raw.writeHead(200, { 'x-answer': 'by hand' }).end('by hand'));
  }

  @Get('serialized')
  serialized(@Session() session: Session, @Res() reply: FastifyReply) {
    session.theme = 'dark';
    void reply
      .type('text/csv')
      .serializer(() => 'a;b')
      .send({ a: 'b' });
  }

  @Post('body')
  body(@Body() body: unknown) {
    return body;
  }

  @Post('renew')
  async renew(@Req() req: FastifyRequest) {
    await this.store.regenerate(req as unknown as Request);
    req.session.theme = 'light';
  }

  @Post('renew-and-leave')
  async renewAndLeave(@Req() req: FastifyRequest) {
    await this.store.regenerate(req as unknown as Request);
    await req.session.destroy();
  }

  @Post('null')
  setNull(@Req() req: FastifyRequest) {
    (req as { session: unknown }).session = null;
  }
}

const failure = () => new SessionUnavailableError('The database of this test is away.');

describeEachDatabase('Fastify', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  async function start(
    options: Partial<SessionModuleOptions> = {},
    configure: (fastify: FastifyInstance) => void = () => {},
    server?: ServerOptions,
  ) {
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
    class RootModule {
      configure(consumer: MiddlewareConsumer) {
        const answer = ({ session }: Request, res: ExpressResponse) => {
          session.theme = 'dark';
          res.writeHead(200, { 'x-answer': 'of a middleware' }).end('done');
        };
        consumer.apply(answer).forRoutes('middleware');
      }
    }
    const app = await startFastify({ imports: [{ module: RootModule }, module], controllers: [FastifyController] }, configure, server);
    return { ...app, browser: new Browser(app.address) };
  }

  it('has the session on its own request, as on that of Node', async () => {
    const { browser } = await start();
    const { views, handle } = await browser.json<{ views: number; handle?: string }>('/views');
    expect([views, handle]).toEqual([1, undefined]);
    await expect(browser.json('/views')).resolves.toEqual({ views: 2, handle: expect.stringMatching(/^[0-9a-f]{32}$/) });
    await expect(browser.json('/theme')).resolves.toEqual({ views: 2, isSame: true });
  });

  it('has it in the hooks and routes of main.ts and of its plugins, too', async () => {
    const seen: unknown[] = [];
    const { browser } = await start({}, (fastify) => {
      fastify.addHook('onRequest', (req, _reply, done) => {
        seen.push(req.session.views);
        done();
      });
      void fastify.register((plugin, _options, done) => {
        plugin.get('/plugin', (req) => ({ views: req.session.views }));
        plugin.get('/early', { onRequest: async (req, reply) => reply.send({ views: (req.session.views = 7) }) }, () => 'never');
        done();
      });
    });
    await browser.json('/views');
    await expect(browser.json('/plugin')).resolves.toEqual({ views: 1 });
    await expect(browser.json('/early')).resolves.toEqual({ views: 7 });
    await expect(browser.json('/plugin')).resolves.toEqual({ views: 7 });
    expect(seen).toEqual([undefined, 1, 1, 7]);
  });

  it('stores what its 404 handler leaves', async () => {
    const { browser, store } = await start({}, (fastify) => {
      fastify.addHook('onRequest', (req, _reply, done) => {
        req.session.views = 3;
        done();
      });
    });
    expect((await browser.get('/nowhere')).status).toBe(404);
    await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 3 });
  });

  it.each(['/views', '/send', '/serialized', '/plugin', '/file'])('answers once, while the store is asked: %s', async (path) => {
    const sent: unknown[] = [];
    const { browser, log, store } = await start({}, (fastify) => {
      fastify.addHook('onSend', (req, _reply, payload, done) => {
        sent.push(req.url);
        done(null, payload);
      });
      fastify.get('/plugin', async (req, reply) => {
        req.session.theme = 'dark';
        await Promise.resolve();
        void reply.send('text');
      });
      fastify.get('/file', (req) => {
        req.session.theme = 'dark';
        return new StreamableFile(Buffer.from('file')).getStream();
      });
    });
    const held = holdWrites(store);
    const pending = browser.get(path);
    await held.barrier.reached;
    // The handler has returned by now, and Fastify has looked whether it has answered.
    await new Browser(browser.address).get('/theme');
    held.barrier.open();
    const answer = await pending;
    expect([answer.status, setCookies(answer).length]).toEqual([200, 1]);
    expect(await answer.text()).not.toBe('');
    expect(sent).toEqual([path, '/theme']);
    expect([log.warnings, log.errors]).toEqual([[], []]);
  });

  it.each(['/send', '/hijacked', '/serialized', '/middleware', '/plugin', '/early'])(
    'answers a failed save with a 503: %s',
    async (path) => {
      const { browser, store, log } = await start({}, (fastify) => {
        fastify.addHook('onRequest', (_req, reply, done) => {
          void reply.header('x-app', 'as before').header('set-cookie', ['a=1', 'b=2']);
          done();
        });
        fastify.get('/plugin', (req, reply) => {
          req.session.theme = 'dark';
          return reply.header('x-answer', 'of a route').header('set-cookie', 'c=3').send('text');
        });
        fastify.get('/early', { onRequest: async (req, reply) => reply.send({ theme: (req.session.theme = 'dark') }) }, () => 'never');
      });
      failWrites(store, failure());
      const answer = await browser.get(path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'application/json; charset=utf-8']);
      const body: unknown = await answer.json();
      // Routes that main.ts registers before Nest begins have the error handler of Fastify, which sends the message.
      if (path === '/plugin' || path === '/early') expect(body).toMatchObject({ statusCode: 503, code: 'SESSION_UNAVAILABLE' });
      else expect(body).toEqual({ statusCode: 503, message: expect.not.stringContaining('of this test') });
      expect(answer.headers.get('x-answer')).toBeNull();
      // Node's own response, which a middleware or a hijacking handler writes to, has none of the headers of the reply; and what
      // a hook has answered is not told from what hooks before it have set.
      const areKept = !['/hijacked', '/middleware', '/early'].includes(path);
      expect([answer.headers.get('x-app'), setCookies(answer)]).toEqual(areKept ? ['as before', ['a=1', 'b=2']] : [null, []]);
      expect(log.warnings).toEqual([]);
      // The connection goes on.
      expect((await browser.get('/theme')).status).toBe(200);
    },
  );

  it('answers a failed save in the place of an error of its own, too', async () => {
    const { browser, store } = await start({}, (fastify) => {
      fastify.addHook('onRequest', (req, _reply, done) => {
        if (req.method === 'POST') req.session.theme = 'dark';
        done();
      });
    });
    failWrites(store, failure());
    const answer = await browser.post('/body', { headers: { 'content-type': 'application/json' }, body: '{' });
    expect(answer.status).toBe(503);
    await expect(answer.json()).resolves.toMatchObject({ statusCode: 503 });
    expect(setCookies(answer)).toEqual([]);
  });

  it.each(['disk full', { code: 'NOPE' }, 7])('answers 500 to a save that fails with %j, and does not send that', async (thrown) => {
    const { browser, store } = await start({});
    failWrites(store, thrown as never);
    for (const path of ['/views', '/send', '/hijacked']) {
      const answer = await browser.get(path);
      expect(answer.status).toBe(500);
      const body = await answer.text();
      expect(JSON.parse(body)).toMatchObject({ statusCode: 500 });
      expect(body).not.toMatch(/disk full|NOPE|^7$/);
      expect(setCookies(answer)).toEqual([]);
    }
  });

  it('lets a session be replaced, ended and set to null on its request', async () => {
    const { browser, store } = await start({ unset: 'destroy' });
    await browser.json('/views');
    const { id } = browser;
    expect((await browser.post('/renew')).status).toBe(201);
    await expect(browser.json('/theme')).resolves.toEqual({ theme: 'light', isSame: true });
    await expect(store.get(id!)).resolves.toBeUndefined();
    await browser.post('/renew-and-leave');
    expect(browser.cookie).toBeUndefined();
    await browser.json('/views');
    const last = browser.id!;
    await browser.post('/null');
    await expect(store.get(last)).resolves.toBeUndefined();
  });

  it('serves requests that are injected', async () => {
    const { app, store } = await start();
    const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    const first = await fastify.inject('/views');
    const cookie = String(first.headers['set-cookie']).split(';')[0]!;
    const second = await fastify.inject({ url: '/views', headers: { cookie } });
    expect([first.json(), second.json()]).toMatchObject([{ views: 1 }, { views: 2 }]);
    expect(await store.count()).toBeGreaterThan(0);
  });

  it('speaks HTTP/2', async () => {
    const warned: Error[] = [];
    const warn = (warning: Error) => void warned.push(warning);
    process.on('warning', warn);
    onTestFinished(() => void process.off('warning', warn));
    const { address, store } = await start({}, undefined, { http2: true });
    const client = connect(address);
    onTestFinished(() => client.close());
    const get = async (path: string, headers = {}) => {
      const stream = client.request({ ':path': path, ...headers });
      const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & IncomingHttpStatusHeader];
      return { head, status: head[':status'], cookies: head['set-cookie'], body: JSON.parse(await text(stream)) as object };
    };
    const first = await get('/views');
    expect(first).toMatchObject({ status: 200, cookies: [expect.stringMatching(/^sid=/)], body: { views: 1 } });
    const cookie = first.cookies![0]!.split(';')[0]!;
    await expect(get('/views', { cookie })).resolves.toMatchObject({ status: 200, cookies: undefined, body: { views: 2 } });
    await expect(get('/parts', { cookie })).resolves.toMatchObject({ status: 200, body: { views: 7 } });
    failWrites(store, failure());
    for (const path of ['/views', '/send', '/hijacked']) {
      const failed = await get(path);
      expect(failed).toMatchObject({ status: 503, cookies: undefined, body: { statusCode: 503 } });
      expect(failed.head['x-answer']).toBeUndefined();
    }
    expect(warned).toEqual([]);
  });

  it('takes whole addresses, as proxies send them', async () => {
    const { address } = await start({ cookie: { path: '/' } });
    const { port } = new URL(address);
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path: `${address}/views` }, (res) => {
        res.resume();
        resolve(res.headers['set-cookie']?.length);
      })
        .on('error', reject)
        .end();
    });
    expect(answer).toBe(1);
  });
});
