import { SessionEntity, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Barrier } from '../support/barrier.js';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { createApp, startApp } from '../support/nest-app.js';
import { expectSessions, ViewsController } from '../support/views.js';
import { SECRET } from '../support/secret.js';
import { embedded } from '../support/embedded.js';

const launch = (options: Partial<SessionModuleOptions>) =>
  startApp({ imports: [SessionModule.forRoot({ secret: SECRET, ...options })], controllers: [ViewsController] });

/** The data sources that are initialised from now on. */
function watchDataSources(): readonly unknown[] {
  const initialize = vi.spyOn(DataSource.prototype, 'initialize');
  onTestFinished(() => initialize.mockRestore());
  return initialize.mock.contexts;
}

const areOpen = (dataSources: readonly unknown[]) => dataSources.map((one) => (one as DataSource).isInitialized);

describeEachDatabase('a connection of the module’s own', (database) => {
  let connection: DataSourceOptions;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sessions-'));
  });
  // A table, or a file, that nobody else has.
  beforeEach(() => {
    const entityPrefix = `${uniqueTableName()}_`;
    const file = join(folder, `${entityPrefix}.sqlite`);
    const place = {
      'better-sqlite3': { database: file },
      'sql.js': { location: file, autoSave: true },
      postgres: { entityPrefix },
      mariadb: { entityPrefix },
    }[database.name];
    connection = { ...database.options, ...place } as DataSourceOptions;
    onTestFinished(async () => {
      const dataSource = new DataSource({ ...connection, entities: [SessionEntity] });
      const runner = (await dataSource.initialize()).createQueryRunner();
      await runner.dropTable(dataSource.getMetadata(SessionEntity).tablePath, true);
      await runner.release();
      await dataSource.destroy();
    });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is opened while the application starts, once, and makes its table', async () => {
    const opened = watchDataSources();
    const { address, log } = await launch({ connection });
    expect(opened).toHaveLength(1);
    const browsers = Array.from({ length: 10 }, () => new Browser(address));
    await expect(Promise.all(browsers.map((browser) => browser.json('/views')))).resolves.toHaveLength(10);
    expect(opened).toHaveLength(1);
    expect(log.warnings).toEqual([]);
  });

  it('is waited for until its table is there', async () => {
    const barrier = new Barrier();
    const { synchronize } = DataSource.prototype;
    const held = vi.spyOn(DataSource.prototype, 'synchronize').mockImplementation(async function (this: DataSource) {
      await barrier.wait();
      await synchronize.call(this);
    });
    onTestFinished(() => held.mockRestore());
    const { address } = await launch({ connection });
    const first = new Browser(address).get('/views');
    await barrier.reached;
    const second = new Browser(address).get('/views');
    // By the time that this one has been answered, the second has been to the store.
    await new Browser(address).get('/nowhere');
    barrier.open();
    const answers = await Promise.all([first, second]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('is closed with the application, and keeps its sessions across a restart', async () => {
    const opened = watchDataSources();
    const first = await launch({ connection });
    const { cookie } = await expectSessions(first.address);
    expect(areOpen(opened)).toEqual([true]);
    await first.app.close();
    expect(areOpen(opened)).toEqual([false]);
    await expect(first.store.count()).rejects.toMatchObject({ name: 'SessionUnavailableError', status: 503 });

    const second = await launch({ connection });
    const browser = new Browser(second.address);
    browser.cookie = cookie;
    await expect(browser.json('/views')).resolves.toMatchObject({ views: 3 });
    expect(setCookies(await browser.get('/views'))).toEqual([]);
  });

  it('makes no table where it is told not to', async () => {
    const { address, log } = await launch({ connection: { ...connection, synchronize: false } });
    expect(log.warnings).toEqual([expect.stringMatching(/missing.*createSessionMigration/)]);
    const answer = await new Browser(address).get('/views');
    expect(answer.status).toBe(500);
    expect(setCookies(answer)).toEqual([]);
    expect(log.errors.join()).toMatch(/missing.*createSessionMigration/);
  });

  it('that cannot be opened is a warning at start-up, then a 503, and tried again by the next request', async () => {
    const initialize = vi.spyOn(DataSource.prototype, 'initialize').mockRejectedValueOnce(new Error('still booting'));
    initialize.mockRejectedValueOnce(new Error('still booting'));
    onTestFinished(() => initialize.mockRestore());
    const { address, log } = await launch({ connection });
    expect(log.warnings).toEqual([expect.stringMatching(/does not answer yet.*first use.*`connection`/)]);
    const answer = await new Browser(address).get('/views');
    expect(answer.status).toBe(503);
    expect(setCookies(answer)).toEqual([]);
    await expectSessions(address);
  });

  it('holds a large session with all of Unicode', async () => {
    const { address, store } = await launch({ connection });
    const browser = await expectSessions(address);
    const data = (await store.get(browser.id!))!;
    data.locale = '🦉'.repeat(50_000);
    await store.set(browser.id!, data);
    expect((await store.get(browser.id!))?.locale).toBe(data.locale);
  });
});

describe('no data source at all', () => {
  it('means memory, and a warning that names the remedy', async () => {
    const { address, log } = await launch({});
    await expectSessions(address);
    expect(log.warnings).toEqual([expect.stringMatching(/kept in memory.*`dataSource`.*`connection`/)]);
  });

  it('is an error in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(createApp({ imports: [SessionModule.forRoot({ secret: SECRET })] })).rejects.toMatchObject({
      name: 'SessionOptionsError',
      message: expect.stringMatching(/no data source.*memory is refused in production.*`connection`/),
    });
  });

  it('is an error beside a connection that TypeORM does not know', async () => {
    const connection = { type: 'better-sqlite4' } as never;
    const module = SessionModule.forRoot({ secret: SECRET, connection });
    await expect(createApp({ imports: [module] })).rejects.toMatchObject({
      name: 'SessionOptionsError',
      message: expect.stringMatching(/`connection`/),
    });
  });

  it('is not the same as two', async () => {
    const connection = embedded;
    const module = SessionModule.forRoot({ secret: SECRET, connection, dataSource: new DataSource(connection) });
    await expect(createApp({ imports: [module] })).rejects.toMatchObject({
      name: 'SessionOptionsError',
      message: expect.stringMatching(/`dataSource` and `connection` are both set/),
    });
  });
});
