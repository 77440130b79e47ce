import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SESSION_MIDDLEWARE, SessionModule, SessionStore, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { createApp, moduleOf, startApp } from '../support/nest-app.js';
import { expectSessions, ViewsController } from '../support/views.js';
import { SECRET } from '../support/secret.js';
import { embedded } from '../support/embedded.js';

const memory = embedded;
const sessions = (more: Partial<SessionModuleOptions> & { isGlobal?: boolean } = {}) =>
  SessionModule.forRoot({ secret: SECRET, connection: memory, ...more });

describe('SessionModule in one application', () => {
  it.each([
    ['with the same options', () => [sessions(), sessions()]],
    ['with other options', () => [sessions(), sessions({ name: 'other' })]],
    ['in a module of a module', () => [sessions(), moduleOf({ imports: [sessions()] })]],
    ['from a factory', () => [sessions(), SessionModule.forRootAsync({ useFactory: () => ({ secret: SECRET, connection: memory }) })]],
  ])('stands alone: a second one is refused %s', async (_, imports) => {
    await expect(createApp({ imports: imports() })).rejects.toMatchObject({
      name: 'SessionOptionsError',
      message: expect.stringMatching(/set up 2 times/),
    });
  });

  it('may be imported twice where it is the same module', async () => {
    const shared = sessions();
    const { address } = await startApp({
      imports: [shared, moduleOf({ imports: [shared] })],
      controllers: [ViewsController],
    });
    await expectSessions(address);
  });

  it('gives its store and middleware to every module', async () => {
    @Injectable()
    class Admin {
      constructor(
        readonly store: SessionStore,
        @Inject(SESSION_MIDDLEWARE) readonly middleware: unknown,
      ) {}
    }

    const { app } = await createApp({ imports: [moduleOf({ providers: [Admin] }), sessions()] });
    const admin = app.get(Admin, { strict: false });
    expect(admin.store).toBeInstanceOf(SessionStore);
    expect(admin.middleware).toEqual(expect.any(Function));
    await app.close();
  });

  it('gives them with isGlobal: false only to modules that import it, and mounts its middleware all the same', async () => {
    @Injectable()
    class Admin {
      constructor(readonly store: SessionStore) {}
    }

    const local = sessions({ isGlobal: false });
    const stranger = moduleOf({ providers: [Admin] });
    await expect(createApp({ imports: [local, stranger] })).rejects.toThrow(/can't resolve dependencies/i);

    const friend = moduleOf({ imports: [local], providers: [Admin] });
    const { app, address } = await startApp({ imports: [friend], controllers: [ViewsController] });
    expect(app.get(Admin, { strict: false }).store).toBeInstanceOf(SessionStore);
    await expectSessions(address);
  });

  it('works in a testing module, where its store can be replaced', async () => {
    class FakeStore {}
    const imports = [sessions({ autoMount: false })];
    const testing = await Test.createTestingModule({ imports })
      .overrideProvider(SessionStore)
      .useValue(Object.assign(new FakeStore(), { quiesce: async () => {}, close: async () => {}, on: () => {} }))
      .compile();
    expect(testing.get(SessionStore)).toBeInstanceOf(FakeStore);
    await testing.close();
  });
});

describe('two applications in one process', () => {
  it('do not notice each other', async () => {
    const launch = (name: string) => startApp({ imports: [sessions({ name })], controllers: [ViewsController] });
    const [one, two] = [await launch('sid'), await launch('sid')];
    const browser = await expectSessions(one.address);
    await expectSessions(two.address);
    await expect(one.store.count()).resolves.toBe(1);
    await expect(two.store.count()).resolves.toBe(1);
    const events: string[] = [];
    two.store.on('saved', () => events.push('saved at two'));

    const stranger = new Browser(two.address);
    stranger.cookie = browser.cookie;
    await expect(stranger.json('/views')).resolves.toEqual({ views: 1 });

    await one.app.close();
    await expect(stranger.json('/views')).resolves.toMatchObject({ views: 2 });
    expect(events).toEqual(['saved at two']);
  });

  it('do not notice each other with TypeOrmModule either, nor one after the other', async () => {
    for (let boot = 0; boot < 3; boot++) {
      const launch = () =>
        startApp({
          imports: [
            TypeOrmModule.forRoot({ ...memory, autoLoadEntities: true, synchronize: true }),
            SessionModule.forRoot({ secret: SECRET }),
          ],
          controllers: [ViewsController],
        });
      const [one, two] = [await launch(), await launch()];
      await expectSessions(one.address);
      await expect(one.store.count()).resolves.toBe(1);
      await expect(two.store.count()).resolves.toBe(0);
      await one.app.close();
      await expectSessions(two.address);
      await two.app.close();
    }
  });

  it('may lie in one another’s paths: only the first session counts', async () => {
    @Controller()
    class HandleController {
      constructor(private readonly store: SessionStore) {}

      @Get('handles')
      async handles() {
        return (await this.store.list()).map(({ handle }) => handle);
      }
    }
    @Module({ imports: [sessions()], controllers: [HandleController, ViewsController] })
    class InnerModule {}

    const inner = await createApp(InnerModule);
    await inner.app.init();
    const outer = await startApp({ imports: [sessions()] }, (app) => {
      app.use('/inner', app.get(SESSION_MIDDLEWARE), inner.app.getHttpAdapter().getInstance());
    });
    const browser = new Browser(outer.address);
    const first = await browser.get('/inner/views');
    expect(setCookies(first)).toHaveLength(1);
    await expect(browser.json('/inner/views')).resolves.toMatchObject({ views: 2 });
    await expect(browser.json('/inner/handles')).resolves.toEqual([]);
    await expect(outer.store.count()).resolves.toBe(1);
    await inner.app.close();
  });
});
