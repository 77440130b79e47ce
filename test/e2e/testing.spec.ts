import { Controller, Get, Inject, Module, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express from 'express';
import { createSessionMiddleware, createSessionStore, type SessionModuleOptions } from 'nestjs-typeorm-session/express';
import {
  defineSessionEntity,
  RequireSession,
  Session,
  SessionHandle,
  SessionLock,
  SessionModule,
  SessionOptionsError,
  SessionStore,
} from 'nestjs-typeorm-session';
import { FakeSessionModule, type FakeSessionOptions, signedInCookie } from 'nestjs-typeorm-session/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ADAPTERS, describeEachAdapterInBrief } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { embedded } from '../support/embedded.js';
import { startExpress } from '../support/express-app.js';
import { moduleOf, newAdapter, startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';

@Controller()
class CartController {
  constructor(@Inject(SessionStore) private readonly sessions: SessionStore) {}

  @Get('cart')
  cart(@Session() session: Session, @SessionHandle() handle: string | undefined) {
    return { userId: session.userId, views: session.views, handle };
  }

  @SessionLock()
  @Post('count')
  count(@Session() session: Session) {
    return { views: (session.views = (session.views ?? 0) + 1) };
  }

  @RequireSession({ user: true, fresh: '5m' })
  @Get('guarded')
  guarded(@Session() session: Session) {
    return { userId: session.userId };
  }

  @RequireSession({ level: 2 })
  @Get('strong')
  strong(@Session() session: Session) {
    return { userId: session.userId };
  }

  @Post('rotate')
  rotate(@Session() session: Session) {
    return session.rotate();
  }

  @Post('leave')
  leave(@Session() session: Session) {
    return session.destroy();
  }

  @Get('mine')
  async mine() {
    return (await this.sessions.list({ userId: 'ada' })).map(({ userId }) => userId);
  }
}

const cookieOnly = async (address: string, path: string, cookie: string) => (await fetch(address + path, { headers: { cookie } })).json();

describe.each(ADAPTERS)('FakeSessionModule under %s', (adapter) => {
  const start = async (options?: FakeSessionOptions) => {
    const root = moduleOf({ imports: [FakeSessionModule.forRoot(options)], controllers: [CartController] });
    const { address, log, store, app } = await startApp(root, undefined, adapter);
    return { browser: new Browser(address), log, store, app, address };
  };

  it('passes a guard that asks for a fresh sign-in, if the data has a user', async () => {
    const guarded = async (data: object) => (await fetch(`${(await start({ data })).address}/guarded`)).status;
    expect(await guarded({ userId: 'ada' })).toBe(200);
    expect(await guarded({ views: 1 })).toBe(401);
  });

  it('begins each session with its data, and needs no cookie', async () => {
    const { browser, address, log } = await start({ data: { userId: 'ada', views: 3 } });
    const handle = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
    await expect(cookieOnly(address, '/cart', '')).resolves.toEqual({ userId: 'ada', views: 3, handle });
    await expect(browser.json('/count', { method: 'POST' })).resolves.toEqual({ views: 4 });
    await expect(cookieOnly(address, '/cart', '')).resolves.toMatchObject({ views: 3 });
    expect(log.warnings).toEqual([]);
  });

  it('keeps the session of a client that keeps its cookie', async () => {
    const { browser, store } = await start({ data: { userId: 'ada' } });
    await browser.json('/count', { method: 'POST' });
    await browser.json('/count', { method: 'POST' });
    await browser.post('/rotate');
    await expect(browser.json('/cart')).resolves.toMatchObject({ userId: 'ada', views: 2 });
    await expect(browser.json('/mine')).resolves.toEqual(['ada']);
    const counted = Array.from({ length: 5 }, () => browser.clone().json('/count', { method: 'POST' }));
    await Promise.all(counted);
    await expect(browser.json('/cart')).resolves.toMatchObject({ views: 7 });
    await browser.post('/leave');
    expect(await store.count()).toBe(0);
    await expect(browser.json('/cart')).resolves.toMatchObject({ userId: 'ada' });
  });

  it('without data begins with an empty session, which is not stored', async () => {
    const { browser, store } = await start();
    await expect(browser.json('/cart')).resolves.toEqual({});
    expect(await store.count()).toBe(0);
    expect(browser.cookie).toBeUndefined();
  });

  it('takes the cookie of signedInCookie', async () => {
    const { app, address } = await start();
    const cookie = await signedInCookie(app, { userId: 'ada' });
    await expect(cookieOnly(address, '/cart', cookie)).resolves.toMatchObject({ userId: 'ada' });
  });

  it('takes the place of SessionModule only: a second one is an error', async () => {
    const imports = [FakeSessionModule.forRoot(), SessionModule.forRoot({ secret: SECRET, connection: embedded })];
    const module = Test.createTestingModule({ imports });
    await expect(module.compile()).rejects.toThrow('SessionModule is set up 2 times in this application.');
  });

  it('takes the place of the SessionModule of an application, by the constant that it is', async () => {
    const sessions = SessionModule.forRoot({ secret: SECRET, connection: embedded });
    @Module({ imports: [sessions], controllers: [CartController] })
    class AppModule {}
    const fake = await FakeSessionModule.forRoot({ data: { userId: 'ada' } });
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const module = await builder.overrideModule(sessions).useModule(fake).compile();
    const app = module.createNestApplication(newAdapter(adapter), { logger: false });
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    await expect(cookieOnly(await app.getUrl(), '/cart', '')).resolves.toMatchObject({ userId: 'ada' });
  });

  it('refuses a wrong option as SessionModule does', async () => {
    const module = Test.createTestingModule({ imports: [FakeSessionModule.forRoot({ idleTimeout: -1 })] });
    await expect(module.compile()).rejects.toThrow(SessionOptionsError);
    await expect(FakeSessionModule.forRoot({ idleTimeout: -1 })).rejects.toThrow('The session option `idleTimeout` is -1.');
    expect(newAdapter(adapter).getType()).toBe(adapter.toLowerCase());
  });
});

it.each([5, 'x', null, [[1]]])('FakeSessionModule refuses the data %j', async (data) => {
  await expect(FakeSessionModule.forRoot({ data: data as never })).rejects.toMatchObject({
    name: 'SessionOptionsError',
    message: `The option \`data\` of FakeSessionModule is ${JSON.stringify(data)}. It must be an object with keys of the session.`,
  });
});

describeEachAdapterInBrief('signedInCookie', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const start = async (options: Partial<SessionModuleOptions> = {}) => {
    const sessions = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
    return startApp({ imports: [sessions], controllers: [CartController] }, undefined, adapter);
  };

  it('signs a user in by a row of the application', async () => {
    const { app, address, store } = await start({ name: 'shop.sid', secret: [SECRET, 'an older secret, which signs nothing any more'] });
    const cookie = await signedInCookie(app, { userId: 'ada', data: { views: 4 } });
    expect(cookie).toMatch(/^shop\.sid=s%3A/);
    const [info] = await store.list({ userId: 'ada' });
    await expect(cookieOnly(address, '/cart', cookie)).resolves.toEqual({ userId: 'ada', views: 4, handle: info!.handle });
  });

  it('signs in as strongly as the test needs', async () => {
    const { app, address } = await start();
    const status = async (level?: number) => {
      const cookie = await signedInCookie(app, { userId: 'ada', ...(level !== undefined && { level }) });
      return (await fetch(`${address}/strong`, { headers: { cookie } })).status;
    };
    expect([await status(2), await status()]).toEqual([200, 403]);
  });

  it('signs in whom the option `userId` finds, and says so where it finds another', async () => {
    const { app, store } = await start({ userId: ({ theme }) => theme });
    await expect(signedInCookie(app, { userId: 7, data: { theme: '7' } })).resolves.toMatch(/^sid=/);
    expect((await store.list({ userId: 7 })).length).toBe(1);
    const before = await store.count();
    await expect(signedInCookie(app, { userId: 'ada' })).rejects.toThrow('finds undefined in the session of signedInCookie(), not "ada"');
    expect(await store.count()).toBe(before);
  });
});

describe('signedInCookie', () => {
  it('signs in where there is no Nest', async () => {
    const sessions = createSessionMiddleware({ secret: SECRET, connection: embedded });
    onTestFinished(() => sessions.store.close());
    const address = await startExpress((app) => {
      app.use(sessions).get('/cart', (req, res) => void res.json({ userId: req.session.userId }));
    });
    const cookie = await signedInCookie(sessions, { userId: 'ada' });
    await expect(cookieOnly(address, '/cart', cookie)).resolves.toEqual({ userId: 'ada' });
  });

  it('refuses what has no sessions, and a user who is nobody', async () => {
    const module = await Test.createTestingModule({}).compile();
    const app = module.createNestApplication<NestExpressApplication>();
    const store = createSessionStore({ connection: embedded });
    onTestFinished(() => store.close());
    const ada = { userId: 'ada' };
    await expect(signedInCookie(app, ada)).rejects.toThrow('This application has no SessionModule.');
    for (const other of [express(), store, {}] as never[]) {
      await expect(signedInCookie(other, ada)).rejects.toThrow('signedInCookie() needs a Nest application with SessionModule');
    }
    for (const userId of ['', NaN, undefined, null] as never[]) {
      await expect(signedInCookie(app, { userId })).rejects.toThrow(TypeError);
    }
    await expect(signedInCookie(app, undefined as never)).rejects.toThrow('The `userId` of signedInCookie() must be a number');
    await expect(signedInCookie(app, { ...ada, strength: 2 } as never)).rejects.toThrow(
      'signedInCookie() has no option `strength`. Remove it, or use one of: userId, data, level.',
    );
  });
});
