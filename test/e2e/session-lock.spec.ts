import { defineSessionEntity } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource, type TestDatabase } from '../support/databases.js';
import { asksForLock, at, signIn, startHandlers } from '../support/lock-apps.js';
import { useLockProcesses } from '../support/lock-process.js';
import { StatementLog } from '../support/statement-log.js';

const REQUESTS = 50;
const post = { method: 'POST' };

/** What it costs to take the lock of the database. */
const TAKING: Record<TestDatabase['name'], string[]> = {
  'better-sqlite3': [],
  'sql.js': [],
  postgres: ['START', 'SET', 'SELECT', 'SELECT'],
  mariadb: ['SELECT'],
};

const times = <Result>(count: number, work: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)));

describeEachDatabase('@SessionLock()', (database) => {
  const tableName = uniqueTableName();
  const entity = defineSessionEntity({ tableName });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });
  const second = useDataSource(database, [entity]);
  const start = (handlers = {}, options = {}) => startHandlers({ entity, dataSource: dataSource(), ...options }, handlers);

  it(`counts ${REQUESTS} of ${REQUESTS} requests at once`, async () => {
    const { address } = await start();
    const browser = await signIn(address);
    const counts = await times(REQUESTS, () => browser.clone().json<{ views: number }>('/locked/count', post));
    expect(counts.map(({ views }) => views).toSorted((a, b) => a - b)).toEqual(Array.from({ length: REQUESTS }, (_, i) => i + 1));
    await expect(browser.json('/views', post)).resolves.toEqual({ views: REQUESTS });
  });

  it('is what keeps them from losing one', async () => {
    const both = new Barrier();
    let arrived = 0;
    const gather = async (session: { views?: number }) => {
      const views = session.views ?? 0;
      if (++arrived === 2) both.open();
      await both.wait();
      session.views = views + 1;
    };
    const { address } = await start({ gather });
    const browser = await signIn(address);
    await times(2, () => browser.clone().post('/gather'));
    await expect(browser.json('/views', post)).resolves.toEqual({ views: 1 });
  });

  it('reads the session again: the handler sees what the one before stored', async () => {
    const barrier = new Barrier();
    const hold = async (session: { views?: number; theme?: string }) => {
      await barrier.wait();
      session.views = 7;
      session.theme = 'dark';
    };
    const app = await start({ hold });
    const browser = await signIn(app.address);
    const held = browser.clone().post('/locked/hold');
    await barrier.reached;
    const asked = asksForLock(app);
    const next = browser.clone().json('/locked/count', post);
    await asked;
    barrier.open();
    expect((await held).status).toBe(201);
    await expect(next).resolves.toEqual({ views: 8 });
    await expect(app.store.all()).resolves.toContainEqual(expect.objectContaining({ views: 8, theme: 'dark' }));
  });

  it('costs taking the lock and reading the session again', async () => {
    const { address } = await start();
    const browser = await signIn(address);
    statements.take();
    await browser.post('/locked/views');
    // The lock is released after the response.
    const words = statements.take().filter((word) => word !== 'COMMIT' && word !== 'DO');
    expect(words).toEqual(['SELECT', ...TAKING[database.name], 'SELECT']);
  });

  it('costs nothing where nobody has a session', async () => {
    const { address } = await start();
    statements.take();
    const answers = await times(10, () => new Browser(address).post('/locked/views'));
    for (const answer of answers) expect([answer.status, setCookies(answer)]).toEqual([201, []]);
    expect(statements.take()).toEqual([]);
  });

  it('costs a new session no more than its INSERT', async () => {
    const { address } = await start();
    statements.take();
    const browser = new Browser(address);
    await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
    expect(statements.take()).toEqual(['INSERT']);
    await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 2 });
  });

  it('lets other sessions pass', async () => {
    const barrier = new Barrier();
    const { address } = await start({ hold: () => barrier.wait() });
    const [ada, bob] = [await signIn(address), await signIn(address)];
    const held = ada.clone().post('/locked/hold');
    await barrier.reached;
    await expect(bob.json('/hasty/count', post)).resolves.toEqual({ views: 1 });
    barrier.open();
    expect((await held).status).toBe(201);
  });

  it('lets requests of the same session pass that want no lock', async () => {
    const barrier = new Barrier();
    const { address } = await start({ hold: () => barrier.wait() });
    const browser = await signIn(address);
    const held = browser.clone().post('/locked/hold');
    await barrier.reached;
    await expect(browser.json('/count', post)).resolves.toEqual({ views: 1 });
    barrier.open();
    expect((await held).status).toBe(201);
  });

  it('lets a handler pass whose route has no session', async () => {
    const { address } = await start({ look: (session: unknown) => ({ isThere: session !== undefined }) }, { exclude: ['locked/*path'] });
    const browser = await signIn(address);
    await expect(browser.json('/locked/look', post)).resolves.toEqual({ isThere: false });
  });

  if (database.isShared) {
    describe('in two applications', () => {
      it(`counts ${REQUESTS} of ${REQUESTS} requests at once`, async () => {
        const [here, there] = [await start(), await start({}, { dataSource: second() })];
        const browser = await signIn(here.address);
        const statuses = await times(REQUESTS, async (index) => {
          const { address } = index % 2 ? here : there;
          return (await at(address, browser).post('/locked/count')).status;
        });
        expect(statuses).toEqual(Array(REQUESTS).fill(201));
        await expect(browser.json('/views', post)).resolves.toEqual({ views: REQUESTS });
      });
    });

    describe('in two processes', () => {
      const startProcess = useLockProcesses(database.options, tableName);

      it(`counts ${REQUESTS} of ${REQUESTS} requests at once`, async () => {
        const [one, two] = await Promise.all([startProcess(), startProcess()]);
        const browser = await signIn(one.address);
        const statuses = await times(REQUESTS, async (index) => {
          const { address } = index % 2 ? one : two;
          return (await at(address, browser).post('/locked/count')).status;
        });
        expect(statuses).toEqual(Array(REQUESTS).fill(201));
        await expect(at(two.address, browser).json('/views', post)).resolves.toEqual({ views: REQUESTS });
      });

      it('is released when the process that holds it is killed', async () => {
        const doomed = await startProcess();
        const here = await start();
        const browser = await signIn(here.address);
        const held = Promise.allSettled([at(doomed.address, browser).post('/locked/hold')]);
        await doomed.held();
        expect((await browser.clone().post('/hasty/count')).status).toBe(409);

        const asked = asksForLock(here);
        const next = browser.json('/locked/count', post);
        await asked;
        await doomed.kill();
        expect(await held).toMatchObject([{ status: 'rejected' }]);
        await expect(next).resolves.toEqual({ views: 1 });
      });
    });
  }
});
