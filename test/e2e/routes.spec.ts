import { Controller, Get, type INestApplication, RequestMethod, VersioningType } from '@nestjs/common';
import { RequireSession, Session, SESSION_MIDDLEWARE, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import type { NextFunction, Request, Response as ExpressResponse } from 'express';
import { describe, expect, it } from 'vitest';
import { ADAPTERS, nodeRequest } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { embedded } from '../support/embedded.js';
import { startApp as startUnder, type Configure } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import '../support/session-data.js';

@Controller('shop')
class ShopController {
  @Get('cart/:id')
  cart(@Session() session: Session) {
    return { views: session.views };
  }

  @Get('health')
  health(@Session({ required: false }) session: Session | undefined, @Session('views') views: number | undefined) {
    return { session: typeof session, views: typeof views };
  }
}

@Controller()
class GuardedController {
  @RequireSession()
  @Get('guarded')
  guarded() {
    return {};
  }
}

@Controller('kind')
class KindController {
  @Get()
  kind(@Session() session: unknown) {
    return { session: String(session) };
  }
}

@Controller({ path: 'versioned', version: '2' })
class VersionedController {
  @Get('health')
  health(@Session({ required: false }) session: Session | undefined) {
    return { session: typeof session };
  }
}

describe.each(ADAPTERS)('Under %s', (adapter) => {
  const start = (options: Partial<SessionModuleOptions>, configure?: Configure) => {
    const imports = [SessionModule.forRoot({ secret: SECRET, connection: embedded, ...options })];
    return startUnder(
      { imports, controllers: [ShopController, GuardedController, KindController, VersionedController] },
      configure,
      adapter,
    );
  };
  const prefix = (app: INestApplication) => void app.setGlobalPrefix('api');
  const versions = (app: INestApplication) => void app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });

  describe('a path that matches no route', () => {
    it.each<[string, Partial<SessionModuleOptions>, Configure | undefined, RegExp]>([
      ['in exclude', { exclude: ['shop/helth'] }, undefined, /"shop\/helth".*`exclude`.*no route/],
      ['with a method', { exclude: [{ path: 'nowhere', method: RequestMethod.GET }] }, undefined, /"nowhere".*`exclude`/],
      ['in forRoutes', { forRoutes: ['cart', 'shop/health'] }, undefined, /"cart".*`forRoutes`.*no route/],
      ['with the global prefix', { exclude: ['api/shop/health'] }, prefix, /write "shop\/health"/],
      ['without its version', { exclude: ['versioned/health'] }, versions, /write "v2\/versioned\/health"/],
    ])('is a warning at start-up: %s', async (_, options, configure, sentence) => {
      const { log } = await start(options, configure);
      expect(log.warnings).toEqual([expect.stringMatching(sentence)]);
    });

    it.each<[string, Partial<SessionModuleOptions>, Configure | undefined]>([
      ['paths of routes', { exclude: ['shop/health', '/shop/cart/7', 'shop/{*any}'] }, undefined],
      ['a controller', { forRoutes: [ShopController] }, undefined],
      ['paths behind a prefix', { exclude: ['shop/health'] }, prefix],
      ['paths with a version', { exclude: ['v2/versioned/health', 'v1/shop/health'] }, versions],
      ['a default version', { forRoutes: ['shop/health'] }, versions],
    ])('is none of %s', async (_, options, configure) => {
      expect((await start(options, configure)).log.warnings).toEqual([]);
    });
  });

  describe('@Session() without a session', () => {
    it.each<[string, Partial<SessionModuleOptions>, RegExp]>([
      [
        'excluded',
        { exclude: ['shop/{*any}', 'guarded'] },
        /ShopController\.cart uses @Session\(\).*`exclude` and `forRoutes` leave this route out.*required: false/,
      ],
      ['not among forRoutes', { forRoutes: [VersionedController] }, /`exclude` and `forRoutes` leave this route out/],
      ['autoMount: false', { autoMount: false }, /with `autoMount: false`.*app\.use\(app\.get\(SESSION_MIDDLEWARE\)\)/],
      ['another cookie.path', { cookie: { path: '/admin' } }, /`cookie\.path` "\/admin"/],
    ])('is an error that says why: %s', async (_, options, sentence) => {
      const { address, log } = await start(options);
      const browser = new Browser(address);
      const response = await browser.get('/shop/cart/7');
      expect(response.status).toBe(500);
      // The reason is nobody's business outside.
      expect(await response.text()).not.toMatch(/Session/);
      expect(log.errors).toEqual([expect.stringMatching(sentence)]);
      await expect(browser.json('/shop/health')).resolves.toEqual({ session: 'undefined', views: 'undefined' });

      expect((await browser.get('/guarded')).status).toBe(500);
      const [, guarded] = log.errors;
      expect(guarded).toMatch(sentence.source.startsWith('ShopController') ? /`exclude`/ : sentence);
      expect(guarded).toMatch(/GuardedController\.guarded uses @RequireSession\(\).*remove `@RequireSession\(\)`/);
    });

    it('is a 401 of @RequireSession where the middleware has run, also when a handler has removed it', async () => {
      const { address, log } = await start({}, (app) => {
        app.use((req: Request, _res: ExpressResponse, next: NextFunction) => {
          if (req.headers['x-remove']) delete (nodeRequest(req) as Partial<Request>).session;
          next();
        });
      });
      const status = async (headers: Record<string, string>) => (await fetch(`${address}/guarded`, { headers })).status;
      expect([await status({}), await status({ 'x-remove': 'yes' })]).toEqual([401, 401]);
      expect(log.errors).toEqual([]);
    });

    it('says where SessionModule is missing', async () => {
      const { address, log } = await startUnder(
        { controllers: [ShopController], providers: [{ provide: (await import('nestjs-typeorm-session')).SessionStore, useValue: {} }] },
        undefined,
        adapter,
      );
      expect((await new Browser(address).get('/shop/cart/7')).status).toBe(500);
      expect(log.errors).toEqual([expect.stringMatching(/does not import SessionModule\. Import SessionModule\.forRoot/)]);
    });

    it('is no error where a middleware has removed it', async () => {
      const { address, log } = await start({}, (app) => {
        app.use((req: Request, _: ExpressResponse, next: NextFunction) => {
          nodeRequest(req).session = null as never;
          next();
        });
      });
      const browser = new Browser(address);
      await expect(browser.json('/kind')).resolves.toEqual({ session: 'null' });
      expect(log.errors).toEqual([]);
    });

    it('is none where the application has mounted the middleware by itself', async () => {
      const { address } = await start({ autoMount: false }, (app) => void app.use(app.get(SESSION_MIDDLEWARE)));
      await expect(new Browser(address).json('/shop/cart/7')).resolves.toEqual({});
    });
  });
});
