import { Inject, Injectable, Module } from '@nestjs/common';
import {
  defineSessionEntity,
  SessionModule,
  SessionOptionsError,
  SessionStore,
  type SessionModuleAsyncOptions,
  type SessionModuleOptions,
  type SessionModuleOptionsFactory,
} from 'nestjs-typeorm-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { createApp, startApp } from '../support/nest-app.js';
import { expectSessions, ViewsController } from '../support/views.js';
import { SECRET } from '../support/secret.js';
import { embedded } from '../support/embedded.js';

describe('SessionModule refuses by name', () => {
  const useFactory = () => ({ secret: SECRET });

  it.each([
    [{ isGlobal: 'false' }, /`isGlobal` of SessionModule\.forRoot\(\) is "false"\. It must be true or false/],
    [{ isGlobal: null }, /`isGlobal` .* is null/],
  ])('%o in forRoot', (options, message) => {
    const forRoot = () => SessionModule.forRoot({ secret: SECRET, ...options } as never);
    expect(forRoot).toThrow(SessionOptionsError);
    expect(forRoot).toThrow(message);
  });

  it.each([
    [{ useFactory, isGlobal: 'false' }, /`isGlobal` of SessionModule\.forRootAsync\(\) is "false"/],
    [{ useFactory: 5 }, /`useFactory` .* is 5\. It must be a function that returns the options/],
    [{ useClass: 5 }, /`useClass` .* is 5\. It must be a class with a method `createSessionOptions`/],
    [{ useFactory, inject: 'x' }, /`inject` .* is "x"\. It must be an array of the tokens/],
    [{ useFactory, imports: 'x' }, /`imports` .* is "x"\. It must be an array of modules/],
    [{ useFactory, extraProviders: {} }, /`extraProviders` .* is an object\. It must be an array of providers/],
  ])('%o in forRootAsync', (options, message) => {
    const forRootAsync = () => SessionModule.forRootAsync(options as never);
    expect(forRootAsync).toThrow(SessionOptionsError);
    expect(forRootAsync).toThrow(message);
  });
});

const OPTIONS = Symbol('options that another module provides');

describeEachDatabase('the options of SessionModule', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const options = (): SessionModuleOptions => ({ secret: SECRET, name: 'told', dataSource: dataSource() });

  /** What a factory makes works when the cookie has the name that it said, and the row lies in the table that was said. */
  async function expectOptionsUsed(module: ReturnType<typeof SessionModule.forRoot>) {
    const { address } = await startApp({ imports: [module], controllers: [ViewsController] });
    const before = await dataSource().getRepository(entity).count();
    const browser = new Browser(address, 'told');
    await expect(browser.json('/views')).resolves.toEqual({ views: 1 });
    await expect(browser.json('/views')).resolves.toMatchObject({ views: 2 });
    await expect(dataSource().getRepository(entity).count()).resolves.toBe(before + 1);
  }

  it('are given to forRoot', async () => {
    await expectOptionsUsed(SessionModule.forRoot({ ...options(), entity }));
  });

  it('are made by a factory, with what it injects from imported modules', async () => {
    @Module({ providers: [{ provide: OPTIONS, useFactory: options }], exports: [OPTIONS] })
    class ConfigModule {}

    const useFactory = async (given: SessionModuleOptions) => given;
    await expectOptionsUsed(SessionModule.forRootAsync({ imports: [ConfigModule], inject: [OPTIONS], useFactory, entity }));
  });

  it('are made by a class, with what extraProviders provide', async () => {
    @Injectable()
    class Factory implements SessionModuleOptionsFactory {
      constructor(@Inject(OPTIONS) private readonly given: SessionModuleOptions) {}

      createSessionOptions() {
        return this.given;
      }
    }

    const extraProviders = [{ provide: OPTIONS, useFactory: options }];
    await expectOptionsUsed(SessionModule.forRootAsync({ useClass: Factory, extraProviders, entity }));
  });

  it('are made by a provider that exists', async () => {
    let made = 0;
    @Injectable()
    class Factory implements SessionModuleOptionsFactory {
      constructor() {
        made++;
      }

      async createSessionOptions() {
        return options();
      }
    }
    @Module({ providers: [Factory], exports: [Factory] })
    class ConfigModule {}

    await expectOptionsUsed(SessionModule.forRootAsync({ imports: [ConfigModule], useExisting: Factory, entity }));
    expect(made).toBe(1);
  });

  it('may name the data source beside the factory, as an object', async () => {
    const useFactory = () => ({ secret: SECRET, name: 'told' });
    await expectOptionsUsed(SessionModule.forRootAsync({ useFactory, entity, dataSource: dataSource() }));
  });
});

describe('options that SessionModule refuses', () => {
  const connection = embedded;
  const entity = defineSessionEntity();
  const good: SessionModuleOptions = { secret: SECRET, connection };
  const given = (useFactory: () => unknown) => ({ useFactory }) as unknown as SessionModuleAsyncOptions;

  it.each([
    ['an entity', { ...good, entity }],
    ['the name of a data source', { secret: SECRET, dataSource: 'reports' }],
    ['the name of the default data source', { secret: SECRET, dataSource: 'default' }],
  ])('are %s from a factory', async (_, options) => {
    const module = SessionModule.forRootAsync({ useFactory: () => options });
    await expect(createApp({ imports: [module] })).rejects.toMatchObject({
      name: 'SessionOptionsError',
      code: 'SESSION_OPTIONS',
      message: expect.stringMatching(/`entity`.*`dataSource`.*beside `useFactory`/),
    });
  });

  it.each([
    ['no secret', { connection }, /`secret` is missing/],
    ['an empty secret', { ...good, secret: '' }, /`secret` is empty/],
    ['an unknown option', { ...good, ttl: 60 }, /no session option "ttl"/],
    ['nothing', undefined, /missing/],
    ['a promise of nothing', Promise.resolve(undefined), /missing/],
  ])('are %s, from forRoot as from a factory', async (_, options, message) => {
    const error = { name: 'SessionOptionsError', message: expect.stringMatching(message) };
    await expect(createApp({ imports: [SessionModule.forRootAsync(given(() => options))] })).rejects.toMatchObject(error);
    if (options instanceof Promise || options === undefined) return;
    const module = () => SessionModule.forRoot(options as SessionModuleOptions);
    await expect((async () => createApp({ imports: [module()] }))()).rejects.toMatchObject(error);
  });

  it.each<[string, SessionModuleOptions]>([
    ['a connection', { secret: SECRET, connection }],
    ['memory', { secret: SECRET }],
  ])('name no class that is no entity, with %s', async (_, kept) => {
    const options = { ...kept, entity: class Foo {} };
    const error = { name: 'SessionEntityError', message: expect.stringMatching(/"Foo" is not a TypeORM entity.*@Entity/) };
    await expect(createApp({ imports: [SessionModule.forRoot(options)] })).rejects.toMatchObject(error);
    expect(() => createSessionMiddleware(options)).toThrow(expect.objectContaining(error));
  });

  it('are none at all', () => {
    const error = (message: string) => expect.objectContaining({ name: 'SessionOptionsError', message }) as Error;
    expect(() => SessionModule.forRoot(undefined as never)).toThrow(
      error('SessionModule.forRoot() got no options. Pass an object with at least a `secret`.'),
    );
    for (const options of [undefined, {}, { isGlobal: false }] as never[]) {
      expect(() => SessionModule.forRootAsync(options)).toThrow(
        error('SessionModule.forRootAsync() got no factory. Pass `useFactory`, `useClass` or `useExisting`.'),
      );
    }
  });

  it('stand beside a factory, which would be ignored', () => {
    const options = { secret: SECRET, useFactory: () => good };
    expect(() => SessionModule.forRootAsync(options)).toThrow(
      expect.objectContaining({
        name: 'SessionOptionsError',
        message: expect.stringMatching(
          /would ignore `secret`\. Return it from the factory\. Only these may stand beside the factory: imports, inject/,
        ),
      }) as Error,
    );
  });

  it.each(['useClass', 'useExisting'] as const)('come from a class of %s without its method', async (source) => {
    class Factory {
      createOptions() {
        return good;
      }
    }
    const module = SessionModule.forRootAsync({ [source]: Factory, extraProviders: [Factory] });
    await expect(createApp({ imports: [module] })).rejects.toMatchObject({
      name: 'SessionOptionsError',
      message: `The \`${source}\` of SessionModule.forRootAsync() has no method \`createSessionOptions\`. Add it: it returns the options.`,
    });
  });

  it('leave the data source of a factory that may be an object alone', async () => {
    const { app } = await createApp({ imports: [SessionModule.forRootAsync({ useFactory: () => good })] });
    await expect(app.get(SessionStore).count()).resolves.toBe(0);
    await app.close();
  });

  it('are not shared by two factories', async () => {
    const launch = (name: string) => {
      const module = SessionModule.forRootAsync({ useFactory: () => ({ ...good, name }) });
      return startApp({ imports: [module], controllers: [ViewsController] });
    };
    const [first, second] = [await launch('first'), await launch('second')];
    const browser = new Browser(second.address, 'second');
    await browser.json('/views');
    expect(browser.id).toBeDefined();
    await expect(first.store.count()).resolves.toBe(0);
    await expect(expectSessions(first.address)).rejects.toThrow();
  });
});
