import { getDataSourceToken, TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { defineSessionEntity, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import type { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { createApp, startApp, type TestApp } from '../support/nest-app.js';
import { expectSessions, ViewsController } from '../support/views.js';
import { SECRET } from '../support/secret.js';

// One for the whole file, because @nestjs/typeorm remembers the entities of `autoLoadEntities` for the whole process.
const entity = defineSessionEntity({ tableName: uniqueTableName() });
const controllers = [ViewsController];

describeEachDatabase('the data source of the sessions', (database) => {
  useDataSource(database, [entity]);
  const options = (more: Partial<TypeOrmModuleOptions> = {}): TypeOrmModuleOptions =>
    ({ ...database.options, autoLoadEntities: true, synchronize: true, retryAttempts: 0, ...more }) as TypeOrmModuleOptions;
  const sessions = (more: Partial<SessionModuleOptions> = {}) => SessionModule.forRoot({ secret: SECRET, entity, ...more });

  const registered = ({ app }: Pick<TestApp, 'app'>, name?: string): DataSource => app.get(getDataSourceToken(name));
  const rowsIn = (dataSource: DataSource) => dataSource.getRepository(entity).count();

  it.each([
    ['before', () => [sessions(), TypeOrmModule.forRoot(options())]],
    ['after', () => [TypeOrmModule.forRoot(options()), sessions()]],
  ])('is the registered one, whether SessionModule is imported %s TypeOrmModule or not', async (_, imports) => {
    const app = await startApp({ imports: imports(), controllers });
    const before = await rowsIn(registered(app));
    await expectSessions(app.address);
    await expect(rowsIn(registered(app))).resolves.toBe(before + 1);
    expect(app.log.warnings).toEqual([]);
  });

  it.each([
    ['before', true],
    ['after', false],
  ])('is waited for where it is still connecting, with SessionModule imported %s TypeOrmModule', async (_, isFirst) => {
    const barrier = new Barrier();
    const useFactory = async () => {
      await barrier.wait();
      return options();
    };
    const modules = [sessions(), TypeOrmModule.forRootAsync({ useFactory })];
    const started = startApp({ imports: isFirst ? modules : modules.toReversed(), controllers });
    await barrier.reached;
    barrier.open();
    const app = await started;
    await expectSessions(app.address);
    expect(app.log.warnings).toEqual([]);
  });

  it('is found by its name', async () => {
    const imports = [
      sessions({ dataSource: 'sessions' }),
      TypeOrmModule.forRoot(options({ autoLoadEntities: false, synchronize: false })),
      TypeOrmModule.forRoot({ ...options(), name: 'sessions' }),
    ];
    const app = await startApp({ imports, controllers });
    const before = await rowsIn(registered(app, 'sessions'));
    await expectSessions(app.address);
    await expect(rowsIn(registered(app, 'sessions'))).resolves.toBe(before + 1);
    expect(registered(app).hasMetadata(entity)).toBe(false);
  });

  it('is found by its name beside a factory', async () => {
    const dataSource = 'sessions';
    const module = SessionModule.forRootAsync({ useFactory: () => ({ secret: SECRET }), entity, dataSource });
    const imports = [TypeOrmModule.forRoot({ ...options(), name: dataSource }), module];
    const { address } = await startApp({ imports, controllers });
    await expectSessions(address);
  });

  it('has to exist under the name that was given', async () => {
    const imports = [sessions({ dataSource: 'reports' }), TypeOrmModule.forRoot(options())];
    await expect(createApp({ imports })).rejects.toMatchObject({
      name: 'SessionOptionsError',
      message: expect.stringMatching(/No data source named "reports".*TypeOrmModule\.forRoot\(\{ name: 'reports'/),
    });
  });

  it.each<[string, Partial<SessionModuleOptions>, string[], RegExp]>([
    ['one that has a name', {}, ['reports'], /No unnamed data source is registered, only "reports"\. Set `dataSource: 'reports'`/],
    ['two that have names', {}, ['reports', 'shop'], /only "reports" and "shop"\. Set `dataSource: 'reports'` or `dataSource: 'shop'`/],
    ['the default one, of several', { dataSource: 'default' }, ['reports'], /No unnamed data source.*only "reports"/],
    ['another one', { dataSource: 'shop' }, ['reports'], /"shop" is registered, only "reports"\..*`dataSource: 'reports'`.*name: 'shop'/],
    ['the unnamed one', { dataSource: 'shop' }, ['default'], /only "default"\. Set `dataSource: 'default'`/],
    ['none', { dataSource: 'shop' }, [], /"shop" is registered\. Add TypeOrmModule\.forRoot\(\{ name: 'shop', … \}\), or correct/],
  ])('is not the one that was asked for, if there is only %s', async (_, asked, names, message) => {
    const closed = options({ manualInitialization: true });
    const imports = [sessions(asked), ...names.map((name) => TypeOrmModule.forRoot({ ...closed, name }))];
    await expect(createApp({ imports })).rejects.toMatchObject({ name: 'SessionOptionsError', message: expect.stringMatching(message) });
  });

  it('has to know the entity', async () => {
    const imports = [sessions(), TypeOrmModule.forRoot(options({ autoLoadEntities: false }))];
    await expect(createApp({ imports })).rejects.toMatchObject({
      name: 'SessionEntityError',
      message: expect.stringMatching(/`defineSessionEntity\(\{ tableName: '\w+' \}\)` is not registered.*autoLoadEntities: true/),
    });
  });

  it('takes no class that is no entity', async () => {
    const imports = [sessions({ entity: class Foo {} }), TypeOrmModule.forRoot(options())];
    await expect(createApp({ imports })).rejects.toMatchObject({
      name: 'SessionEntityError',
      message: expect.stringMatching(/"Foo" is not a TypeORM entity.*@Entity/),
    });
  });

  it('may know the entity without autoLoadEntities', async () => {
    const imports = [sessions(), TypeOrmModule.forRoot(options({ autoLoadEntities: false, entities: [entity] }))];
    const { address } = await startApp({ imports, controllers });
    await expectSessions(address);
  });

  it('may be initialised by the application, which requests wait for', async () => {
    const imports = [sessions(), TypeOrmModule.forRoot(options({ manualInitialization: true }))];
    const app = await startApp({ imports, controllers });
    const browser = new Browser(app.address);
    const [early] = await Promise.all([browser.json('/views'), registered(app).initialize()]);
    expect(early).toEqual({ views: 1 });
    await expect(browser.json('/views')).resolves.toMatchObject({ views: 2 });
  });

  it('is waited for until it knows its entities', async () => {
    const imports = [sessions(), TypeOrmModule.forRoot(options({ manualInitialization: true }))];
    const app = await startApp({ imports, controllers });
    const dataSource = registered(app) as unknown as { buildMetadatas: () => Promise<void> } & Pick<DataSource, 'initialize'>;
    const { buildMetadatas } = dataSource;
    const barrier = new Barrier();
    dataSource.buildMetadatas = async () => {
      await barrier.wait();
      await buildMetadatas.call(dataSource);
    };
    const initialized = dataSource.initialize();
    await barrier.reached;
    const early = new Browser(app.address).get('/views');
    // By the time that this one has been answered, the first has been to the store.
    await new Browser(app.address).get('/nowhere');
    barrier.open();
    await initialized;
    expect((await early).status).toBe(200);
  });

  it('that nobody initialises is a 503', async () => {
    const imports = [sessions({ operationTimeout: 50 }), TypeOrmModule.forRoot(options({ manualInitialization: true }))];
    const app = await startApp({ imports, controllers });
    const answer = await new Browser(app.address).get('/views');
    expect(answer.status).toBe(503);
    expect(app.log.errors.join()).toMatch(/SessionUnavailableError|initialize\(\)|longer than 50 ms/);
  });

  it('that was initialised late has to know the entity, too', async () => {
    const late = options({ manualInitialization: true, autoLoadEntities: false });
    const app = await startApp({ imports: [sessions(), TypeOrmModule.forRoot(late)], controllers });
    await registered(app).initialize();
    const answer = await new Browser(app.address).get('/views');
    expect(answer.status).toBe(500);
    expect(app.log.errors.join()).toMatch(/`defineSessionEntity\(\{ tableName: '\w+' \}\)` is not registered/);
  });
});
