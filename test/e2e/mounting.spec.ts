import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  Get,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  Post,
  Req,
  RequestMethod,
  VersioningType,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { NextFunction, Request, Response as ExpressResponse } from 'express';
import expressSession from 'express-session';
import {
  SESSION_MIDDLEWARE,
  SessionModule,
  SessionStore,
  SessionUnavailableError,
  type SessionData,
  type SessionModuleOptions,
} from 'nestjs-typeorm-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ADAPTERS, nodeRequest, type Adapter } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { failWrites } from '../support/held-store.js';
import { createApp, moduleOf, newAdapter, startApp as startUnder, type Configure } from '../support/nest-app.js';
import '../support/session-data.js';
import { embedded } from '../support/embedded.js';
import { SECRET } from '../support/secret.js';

const connection = embedded;
const sessions = (more: Partial<SessionModuleOptions> & { isGlobal?: boolean } = {}) =>
  SessionModule.forRoot({ secret: SECRET, connection, ...more });

/** Says on the request whether a session was there when it came by. */
const look = (where: string) => (req: Request & { seen?: string[] }, _: ExpressResponse, next: NextFunction) => {
  (req.seen ??= []).push(`${where}: ${req.session ? 'session' : 'none'}`);
  next();
};

const lookInside = (req: Request) => {
  const { seen = [] } = nodeRequest(req) as Request & { seen?: string[] };
  return [...seen, `handler: ${req.session ? 'session' : 'none'}`];
};

@Controller()
class OpenController {
  @Get('open')
  open(@Req() req: Request) {
    return lookInside(req);
  }

  @Post('open')
  post(@Req() req: Request) {
    if (req.session) req.session.views = 1;
    nodeRequest(req).res?.setHeader('x-answer', 'of the handler');
    return lookInside(req);
  }

  @Get('health/live')
  live(@Req() req: Request) {
    return lookInside(req);
  }
}

@Controller('account')
class AccountController {
  @Get()
  account(@Req() req: Request) {
    return lookInside(req);
  }
}

@Controller({ path: 'versioned', version: '2' })
class VersionedController {
  @Get()
  versioned(@Req() req: Request) {
    return lookInside(req);
  }
}

const controllers = [OpenController, AccountController, VersionedController];
const hasSession = ['handler: session'];
const hasNone = ['handler: none'];

/** Session middleware or plugins of somebody else's, as each server has them. */
const mountOther = (app: NestExpressApplication, adapter: Adapter): void => {
  const other = (fastify: { decorateRequest(name: string, value: unknown): void }, _: unknown, done: () => void) => {
    fastify.decorateRequest('session', null);
    done();
  };
  if (adapter === 'Express') app.use(someSession());
  else void (app as unknown as NestFastifyApplication).register(Object.assign(other, { [Symbol.for('skip-override')]: true }) as never);
};

const someSession = () =>
  expressSession({ secret: 'secret', resave: false, saveUninitialized: false, store: new expressSession.MemoryStore() });

describe.each(ADAPTERS)('the middleware of SessionModule under %s', (adapter) => {
  const startApp = (root: Parameters<typeof startUnder>[0], configure?: Configure) => startUnder(root, configure, adapter);

  const start = async (options: Parameters<typeof sessions>[0], configure?: Configure) => {
    const { address } = await startApp({ imports: [sessions(options)], controllers }, configure);
    return new Browser(address);
  };

  it('comes before that of main.ts, of other modules and of the root module, though it is imported last', async () => {
    @Module({ controllers: [AccountController] })
    class FeatureModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(look('feature')).forRoutes('{*splat}');
      }
    }
    @Module({ imports: [FeatureModule, sessions()] })
    class RootModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(look('root')).forRoutes('{*splat}');
      }
    }

    const { address } = await startApp(RootModule, (app: INestApplication) => void app.use(look('app.use')));
    const seen = await new Browser(address).json('/account');
    expect(seen).toEqual(['app.use: session', 'root: session', 'feature: session', 'handler: session']);
  });

  it.each([
    ['exclude', { exclude: ['health/live'] }],
    ['forRoutes', { forRoutes: ['{*splat}', 'open'] }],
    ['isGlobal: false', { isGlobal: false }],
  ])('comes after main.ts with %s, which Nest matches', async (_, options) => {
    const browser = await start(options, (app) => void app.use(look('app.use')));
    await expect(browser.json('/account')).resolves.toEqual(['app.use: none', 'handler: session']);
  });

  it('comes first in a testing module, too', async () => {
    const testing = await Test.createTestingModule({ imports: [sessions()], controllers }).compile();
    const app = testing.createNestApplication(newAdapter(adapter));
    app.use(look('app.use'));
    await app.listen(0, '127.0.0.1');
    onTestFinished(() => app.close());
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    await expect(new Browser(`http://127.0.0.1:${port}`).json('/account')).resolves.toEqual(['app.use: session', 'handler: session']);
  });

  it('is not needed by an application without HTTP', async () => {
    const context = await NestFactory.createApplicationContext(moduleOf({ imports: [sessions()] }), { logger: false });
    const store = context.get(SessionStore);
    await store.set('a', { cookie: { originalMaxAge: null }, views: 1 } as SessionData);
    await expect(store.get('a')).resolves.toMatchObject({ views: 1 });
    await context.close();
  });

  it.each([true, false])(
    'leaves the headers that main.ts sets on the error that takes the place of an answer (mounted first: %s)',
    async (isFirst) => {
      const { address, store } = await startApp({ imports: [sessions(isFirst ? {} : { exclude: ['nowhere'] })], controllers }, (app) => {
        app.enableCors({ origin: 'https://shop.example' });
        app.use((_: Request, res: ExpressResponse, next: NextFunction) => {
          res.setHeader('x-frame-options', 'DENY');
          next();
        });
      });
      failWrites(store, new SessionUnavailableError('The database of this test is away.'));
      const answer = await new Browser(address).post('/open');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example');
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      expect(answer.headers.get('x-answer')).toBeNull();
    },
  );

  it.each([{}, { exclude: ['health/live'] }])('does not start beside another session middleware, with %o', async (options) => {
    const { app } = await createApp({ imports: [sessions(options)], controllers }, undefined, adapter);
    mountOther(app, adapter);
    await expect(app.init()).rejects.toThrow(
      expect.objectContaining({ name: 'SessionOptionsError', message: expect.stringMatching(/main\.ts/) }),
    );
    await app.close();
  });

  it('tells once that another middleware was first, where the application mounts it itself', async () => {
    const { address, log } = await startApp({ imports: [sessions({ autoMount: false })], controllers }, (app) => {
      app.use(someSession());
      app.use(app.get(SESSION_MIDDLEWARE));
    });
    await new Browser(address).get('/open');
    await new Browser(address).get('/open');
    expect(log.warnings).toEqual([expect.stringMatching(/Another middleware has put a session/)]);
  });

  it('covers routes that do not exist', async () => {
    @Module({ imports: [sessions()] })
    class RootModule {
      configure(consumer: MiddlewareConsumer) {
        const count = ({ session }: Request, _: ExpressResponse, next: NextFunction) => {
          session.views = 1;
          next();
        };
        consumer.apply(count).forRoutes('{*splat}');
      }
    }
    const { address, store } = await startApp(RootModule);
    const browser = new Browser(address);
    expect((await browser.get('/nowhere')).status).toBe(404);
    await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 1 });
  });

  it('works behind a global prefix, and routes that are excluded from it', async () => {
    const browser = await start({}, (app) => void app.setGlobalPrefix('api/v1', { exclude: ['health/live'] }));
    await expect(browser.json('/api/v1/open')).resolves.toEqual(hasSession);
    await expect(browser.json('/api/v1/account')).resolves.toEqual(hasSession);
    await expect(browser.json('/health/live')).resolves.toEqual(hasSession);
  });

  it.each([
    ['in the path', { type: VersioningType.URI, defaultVersion: VERSION_NEUTRAL }, '/v2/versioned', {}],
    [
      'in a header',
      { type: VersioningType.HEADER, header: 'x-version', defaultVersion: VERSION_NEUTRAL },
      '/versioned',
      { 'x-version': '2' },
    ],
  ] as const)('works with versions %s', async (_, versioning, path, headers) => {
    const browser = await start({}, (app) => void app.enableVersioning(versioning));
    await expect(browser.json(path, { headers })).resolves.toEqual(hasSession);
    await expect(browser.json('/open')).resolves.toEqual(hasSession);
  });

  it('leaves out what `exclude` names, without the global prefix', async () => {
    const exclude = ['health/{*any}', { path: 'open', method: RequestMethod.POST }];
    for (const prefix of ['', '/api']) {
      const browser = await start({ exclude }, (app) => void app.setGlobalPrefix(prefix));
      await expect(browser.json(`${prefix}/health/live`)).resolves.toEqual(hasNone);
      await expect(browser.json(`${prefix}/open`, { method: 'POST' })).resolves.toEqual(hasNone);
      await expect(browser.json(`${prefix}/open`)).resolves.toEqual(hasSession);
      await expect(browser.json(`${prefix}/account`)).resolves.toEqual(hasSession);
    }
  });

  it.each([
    ['a path', ['account']],
    ['a controller', [AccountController]],
    ['a path and a method', [{ path: 'account', method: RequestMethod.GET }]],
  ])('covers only what `forRoutes` names: %s', async (_, forRoutes) => {
    const browser = await start({ forRoutes });
    await expect(browser.json('/account')).resolves.toEqual(hasSession);
    await expect(browser.json('/open')).resolves.toEqual(hasNone);
    await expect(browser.json('/open', { method: 'POST' })).resolves.toEqual(hasNone);
  });

  it('tells methods apart', async () => {
    const browser = await start({ forRoutes: [{ path: 'open', method: RequestMethod.POST }] });
    await expect(browser.json('/open', { method: 'POST' })).resolves.toEqual(hasSession);
    await expect(browser.json('/open')).resolves.toEqual(hasNone);
  });

  it('is not mounted with autoMount: false', async () => {
    const browser = await start({ autoMount: false });
    await expect(browser.json('/open')).resolves.toEqual(hasNone);
  });

  it('is mounted by the application then, before its own app.use()', async () => {
    const browser = await start({ autoMount: false }, (app) => {
      app.use(app.get(SESSION_MIDDLEWARE));
      app.use(look('app.use'));
    });
    await expect(browser.json('/open')).resolves.toEqual(['app.use: session', 'handler: session']);
  });

  it('counts once where it is mounted twice', async () => {
    const { address, store } = await startApp({ imports: [sessions({ saveUninitialized: true })], controllers }, (app) => {
      app.use(app.get(SESSION_MIDDLEWARE));
    });
    let created = 0;
    store.on('created', () => created++);
    const response = await new Browser(address).get('/open');
    expect(response.headers.getSetCookie()).toHaveLength(1);
    expect(created).toBe(1);
  });

  it('with isGlobal: false comes behind that of the root module', async () => {
    @Module({ imports: [sessions({ isGlobal: false })], controllers: [AccountController] })
    class RootModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(look('root')).forRoutes('{*splat}');
      }
    }
    const { address } = await startApp(RootModule);
    await expect(new Browser(address).json('/account')).resolves.toEqual(['root: none', 'handler: session']);
  });
});
