import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSessionEntity, SessionEntity, SessionModule } from 'nestjs-typeorm-session';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { holdSessions } from '../support/held-session.js';
import { holdStatement } from '../support/held-statement.js';
import { startApp, type TestApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { embedded, hasBetterSqlite } from '../support/embedded.js';

/** The event loop goes round often enough for anything to happen that waits for nothing. */
async function goRound(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
}

const entity = defineSessionEntity({ tableName: uniqueTableName() });

describeEachAdapterInBrief('an application that is closed', (database, adapter) => {
  const dataSource = useDataSource(database, [entity]);

  async function start() {
    const { controller, newBarrier } = holdSessions();
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource() });
    const app = await startApp({ imports: [module], controllers: [controller] }, undefined, adapter);
    const browser = new Browser(app.address);
    await browser.post('/login');
    return { ...app, browser, newBarrier };
  }

  it('still stores the session of a request in flight', async () => {
    const { app, browser, newBarrier, store } = await start();
    const barrier = newBarrier();
    const held = browser.post('/hold/dark');
    await barrier.reached;
    const closed = app.close();
    await goRound();
    barrier.open();
    const answer = await held;
    expect(answer.status).toBe(201);
    await answer.text();
    // The client would keep its connection for some seconds.
    app.getHttpServer().closeIdleConnections();
    await closed;
    await expect(store.get(browser.id!)).resolves.toMatchObject({ userId: 'ada', theme: 'dark' });
  });

  it('leaves a data source open that it was given', async () => {
    const { app, browser } = await start();
    await app.close();
    expect(dataSource().isInitialized).toBe(true);
    await expect(dataSource().getRepository(entity).count()).resolves.toBeGreaterThan(0);
    expect(browser.id).toBeDefined();
  });

  it.each([
    ['first', true],
    ['last', false],
  ])('waits for a write that outlives its request before TypeOrmModule, imported %s, closes the data source', async (_, isFirst) => {
    const { controller, newBarrier } = holdSessions();
    const options = { ...database.options, autoLoadEntities: true, synchronize: true };
    const modules = [TypeOrmModule.forRoot(options), SessionModule.forRoot({ secret: SECRET, entity })];
    const app = await startApp({ imports: isFirst ? modules : modules.toReversed(), controllers: [controller] }, undefined, adapter);
    const used = app.app.get<DataSource>(getDataSourceToken());
    await expectWriteBeforeClose(app, used, newBarrier);
    if (database.isShared) await expect(dataSource().getRepository(entity).findOneBy({ userId: 'ada' })).resolves.not.toBeNull();
  });
});

/** A client goes away in the middle of its stream, and the application is closed while the session is being stored. */
async function expectWriteBeforeClose(
  { app, address, log }: TestApp,
  used: DataSource,
  newBarrier: () => { open(): void },
): Promise<string> {
  const browser = new Browser(address);
  await browser.post('/login');
  const stream = newBarrier();
  const abort = new AbortController();
  await browser.get('/stream/dark', { signal: abort.signal });
  const write = holdStatement(used, /^UPDATE/);
  const happened: string[] = [];
  const destroy = used.destroy.bind(used);
  used.destroy = () => {
    happened.push('closed');
    return destroy();
  };
  stream.open();
  await write.reached;
  abort.abort();

  const closed = app.close();
  await goRound();
  app.getHttpServer().closeAllConnections();
  happened.push('written');
  write.open();
  await closed;
  expect(happened).toEqual(['written', 'closed']);
  expect(used.isInitialized).toBe(false);
  expect(log.warnings).toEqual([]);
  return browser.id!;
}

describe('a connection of the module’s own', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sessions-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.for([
    ['better-sqlite3', { type: 'better-sqlite3', database: 'closed.sqlite' }],
    ['sql.js', { type: 'sqljs', location: 'closed.sqljs', autoSave: true }],
  ] as const)('is closed after the last write (%s)', async ([driver, options], { skip }) => {
    skip(driver === 'better-sqlite3' && !hasBetterSqlite);
    const place = 'database' in options ? { database: join(folder, options.database) } : { location: join(folder, options.location) };
    const connection = { ...options, ...place } as DataSourceOptions;
    const initialize = vi.spyOn(DataSource.prototype, 'initialize');
    onTestFinished(() => initialize.mockRestore());
    const { controller, newBarrier } = holdSessions();
    const app = await startApp({ imports: [SessionModule.forRoot({ secret: SECRET, connection })], controllers: [controller] });
    await app.store.ping();
    const used = initialize.mock.contexts[0] as DataSource;
    await expectWriteBeforeClose(app, used, newBarrier);

    const again = await new DataSource({ ...connection, entities: [SessionEntity] }).initialize();
    onTestFinished(() => again.destroy());
    const rows = await again.getRepository(SessionEntity).find();
    expect(rows.map(({ data }) => JSON.parse(data) as object)).toEqual([expect.objectContaining({ theme: 'dark' })]);
  });

  it('is not opened again by what comes too late', async () => {
    const { app, store } = await startApp({ imports: [SessionModule.forRoot({ secret: SECRET, connection: embedded })] });
    const initialize = vi.spyOn(DataSource.prototype, 'initialize');
    onTestFinished(() => initialize.mockRestore());
    await app.close();
    await expect(store.get('an id')).rejects.toMatchObject({ name: 'SessionUnavailableError' });
    await app.close();
    expect(initialize).not.toHaveBeenCalled();
  });
});
