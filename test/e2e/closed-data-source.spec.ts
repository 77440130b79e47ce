import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { defineSessionEntity, SessionModule } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore } from 'nestjs-typeorm-session/express';
import type { SessionStore } from 'nestjs-typeorm-session';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { embedded } from '../support/embedded.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { dataOf } from '../support/store-data.js';

/** Nothing is waited for that long: what waits at all makes the test fail. */
const operationTimeout = '10m';

/** Everything that a request may ask of its store fails, and says that there is nothing any more to ask. */
async function expectClosed(store: SessionStore): Promise<void> {
  const operations = [store.get('a'), store.set('b', dataOf()), store.touch('a', dataOf()), store.destroy('a'), store.list(), store.ping()];
  for (const outcome of await Promise.allSettled(operations)) {
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { code: 'SESSION_UNAVAILABLE', message: expect.stringMatching(/was closed.*Do not use sessions after that/) as string },
    });
  }
}

// One for all, because TypeOrmModule loads each that was ever named.
const entity = defineSessionEntity({ tableName: uniqueTableName() });

describeEachDatabase('A data source that was closed', (database) => {
  // Drops the table afterwards.
  useDataSource(database, [entity]);
  const open = () => new DataSource({ ...database.options, entities: [entity], synchronize: true }).initialize();

  it('fails the end of a request that is still running, at once', async () => {
    const dataSource = await open();
    const middleware = createSessionMiddleware({ secret: 'secret', entity, dataSource, operationTimeout, prune: false });
    const barrier = new Barrier();
    const address = await startExpress((app) => {
      app.use(middleware);
      app.post('/login', (req, res) => res.json((req.session.userId = 'ada')));
      app.post('/hold', async (req, res) => {
        await barrier.wait();
        req.session.theme = 'dark';
        res.json({});
      });
      app.get('/me', (req, res) => res.json({ userId: req.session.userId }));
    });
    const browser = new Browser(address);
    await browser.post('/login');
    const held = browser.post('/hold');
    await barrier.reached;
    await dataSource.destroy();
    barrier.open();
    expect((await held).status).toBe(503);
    expect((await browser.get('/me')).status).toBe(503);
    await expectClosed(middleware.store);
    await middleware.store.close();
    await expectClosed(middleware.store);
  });

  it.each(['before', 'after'])('%s the store fails all that comes later, at once', async (order) => {
    const dataSource = await open();
    const store = createSessionStore({ entity, dataSource, operationTimeout, prune: false });
    await store.set('a', dataOf());
    if (order === 'before') await dataSource.destroy();
    await store.close();
    if (order === 'after') await dataSource.destroy();
    await expectClosed(store);
  });

  it('before it was ever used for sessions fails them, too', async () => {
    const dataSource = new DataSource({ ...database.options, entities: [entity], synchronize: true });
    const store = createSessionStore({ entity, dataSource, operationTimeout, prune: false });
    await dataSource.initialize();
    await dataSource.destroy();
    await expectClosed(store);
  });

  it('serves again when it is initialised again', async () => {
    const dataSource = await open();
    const store = createSessionStore({ entity, dataSource, operationTimeout, prune: false });
    await dataSource.destroy();
    await expectClosed(store);
    await dataSource.initialize();
    await store.set('again', dataOf({ views: 1 }));
    expect(await store.get('again')).toMatchObject({ views: 1 });
    await dataSource.destroy();
  });

  it.each([
    ['that Nest owns', false],
    ['of the module’s own', true],
  ])('with its application, %s, fails all that comes later, at once', async (_, isOwn) => {
    const options = { secret: 'secret', entity, operationTimeout, prune: false } as const;
    const imports = isOwn
      ? [SessionModule.forRoot({ ...options, connection: database.options })]
      : [TypeOrmModule.forRoot({ ...database.options, autoLoadEntities: true, synchronize: true }), SessionModule.forRoot(options)];
    const { app, store } = await startApp({ imports });
    await store.set('a', dataOf());
    const dataSource = isOwn ? undefined : app.get<DataSource>(getDataSourceToken());
    await app.close();
    expect(dataSource?.isInitialized ?? false).toBe(false);
    await expectClosed(store);
  });
});

describe('A data source that was never initialised', () => {
  it('is waited for, but not when the store is closed', async () => {
    const dataSource = new DataSource({ ...embedded, entities: [entity] });
    const store = createSessionStore({ entity, dataSource, operationTimeout, prune: false });
    await store.close();
    await expectClosed(store);
  });
});
