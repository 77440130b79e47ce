import { once } from 'node:events';
import { connect } from 'node:http2';
import { Controller, Delete, Get, Post } from '@nestjs/common';
import { defineSessionEntity, Session, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { createSessionMiddleware, SessionCsrfError } from 'nestjs-typeorm-session/express';
import type { NextFunction, Request, Response as ExpressResponse } from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { describeEachAdapter, type Adapter } from '../support/adapters.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { startApp, type ServerOptions } from '../support/nest-app.js';
import { rawRequest } from '../support/raw-request.js';
import { SECRET } from '../support/secret.js';
import '../support/session-data.js';
import { StatementLog } from '../support/statement-log.js';

@Controller()
class CartController {
  @Get('cart')
  read(@Session('views') views: number | undefined) {
    return { views };
  }

  @Post('cart')
  add(@Session() session: Session) {
    session.views = (session.views ?? 0) + 1;
    return { views: session.views };
  }

  @Delete('cart')
  clear(@Session() session: Session) {
    delete session.views;
  }
}

const CROSS_SITE = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };

/** The cookie of a session with one view. */
async function signIn(address: string): Promise<string> {
  const { status, headers } = await rawRequest(address, '/cart', CROSS_SITE, 'POST');
  // Nobody's session can be misused before there is one.
  expect(status).toBeLessThan(300);
  return headers['set-cookie']![0]!.split(';')[0]!;
}

describeEachAdapter('S52: with csrf, a request of another site', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });

  async function start(csrf: SessionModuleOptions['csrf'], server?: ServerOptions, more: Partial<SessionModuleOptions> = {}) {
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), csrf: csrf ?? false, prune: false, ...more });
    const { address } = await startApp({ imports: [module], controllers: [CartController] }, undefined, adapter, server);
    const cookie = await signIn(address);
    statements.take();
    const send = (headers: Record<string, string>, method = 'POST') => rawRequest(address, '/cart', { cookie, ...headers }, method);
    return { address, send };
  }

  it('is a 403 before any SQL, and may still read', async () => {
    const { send } = await start(true);
    for (const method of ['POST', 'DELETE']) {
      for (const headers of [CROSS_SITE, { 'sec-fetch-site': 'same-site' }, { origin: 'null' }]) {
        const { status, headers: answered, body } = await send(headers, method);
        expect(status).toBe(403);
        expect(JSON.parse(body)).toMatchObject({ statusCode: 403, message: expect.stringMatching(/another site.*csrf\.trustedOrigins/) });
        expect(answered['set-cookie']).toBeUndefined();
      }
    }
    expect(statements.take()).toEqual([]);
    const { status, body } = await send(CROSS_SITE, 'GET');
    expect([status, body]).toEqual([200, '{"views":1}']);
  });

  it('passes where its origin is trusted, and so do those of the own site', async () => {
    const { address, send } = await start({ trustedOrigins: ['https://admin.example'] });
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://admin.example' },
      { 'sec-fetch-site': 'same-origin', origin: address },
      { 'sec-fetch-site': 'none' },
      { origin: address },
      {},
    ]) {
      expect((await send(headers as Record<string, string>)).status).toBe(201);
    }
  });

  it('passes without the option', async () => {
    const { send } = await start(undefined);
    expect((await send(CROSS_SITE)).status).toBe(201);
  });

  it('is known by the forwarded host only where the proxy is trusted', async () => {
    const proxied = { origin: 'https://shop.example', 'x-forwarded-host': 'shop.example', 'x-forwarded-proto': 'https' };
    const untrusted = await start(true);
    expect((await untrusted.send(proxied)).status).toBe(403);
    const trusted = await start(true, { trustProxy: true });
    expect((await trusted.send(proxied)).status).toBe(201);
    // The scheme that the proxy names counts, too.
    expect((await trusted.send({ ...proxied, origin: 'http://shop.example' })).status).toBe(403);
    const ours = await start(true, {}, { proxy: true });
    expect((await ours.send(proxied)).status).toBe(201);
    const refused = await start(true, { trustProxy: true }, { proxy: false });
    expect((await refused.send(proxied)).status).toBe(403);
  });

  it('with a cookie whose signature is wrong harms nobody, and is nobody’s', async () => {
    const { send } = await start(true);
    const { status, body } = await send({ ...CROSS_SITE, cookie: 'sid=s%3Asomething.else' });
    expect([status, body]).toEqual([201, '{"views":1}']);
  });
});

describeEachDatabase('S52: with csrf, under HTTP/2', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  it('a request names its own host by :authority', async () => {
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), csrf: true });
    const adapter: Adapter = 'Fastify';
    const { address } = await startApp({ imports: [module], controllers: [CartController] }, undefined, adapter, { http2: true });
    const client = connect(address);
    onTestFinished(() => client.close());
    const post = async (headers: Record<string, string>) => {
      const stream = client.request({ ':path': '/cart', ':method': 'POST', ...headers });
      stream.end();
      const [head] = (await once(stream, 'response')) as [{ ':status': number; 'set-cookie'?: string[] }];
      stream.resume();
      return head;
    };
    const cookie = (await post({}))['set-cookie']![0]!.split(';')[0]!;
    expect((await post({ cookie, origin: address }))[':status']).toBe(201);
    expect((await post({ cookie, origin: 'http://127.0.0.1:1' }))[':status']).toBe(403);
  });
});

describeEachDatabase('S52: with csrf, createSessionMiddleware', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });

  it('gives the error of another site to the error handler, before any SQL', async () => {
    const errors: unknown[] = [];
    const middleware = createSessionMiddleware({ secret: SECRET, entity, dataSource: dataSource(), csrf: true, prune: false });
    const address = await startExpress((app) => {
      app.use(middleware);
      app.post('/cart', (req, res) => res.json({ views: (req.session.views = (req.session.views ?? 0) + 1) }));
      app.use((error: SessionCsrfError, _: Request, res: ExpressResponse, _next: NextFunction) => {
        errors.push(error);
        res.status(error.status).json({ code: error.code });
      });
    });
    const cookie = await signIn(address);
    statements.take();
    const { status, body } = await rawRequest(address, '/cart', { cookie, ...CROSS_SITE }, 'POST');
    expect([status, body]).toEqual([403, '{"code":"SESSION_CSRF"}']);
    expect(errors).toEqual([expect.any(SessionCsrfError)]);
    expect(statements.take()).toEqual([]);
    expect((await rawRequest(address, '/cart', { cookie, origin: address }, 'POST')).body).toBe('{"views":2}');
  });
});
