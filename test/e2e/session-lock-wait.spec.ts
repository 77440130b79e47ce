import type { Response } from 'express';
import { defineSessionEntity, type Session } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { asksForLock, at, signIn, startHandlers } from '../support/lock-apps.js';
import type { TestApp } from '../support/nest-app.js';

describeEachAdapterInBrief('A request that waits for the lock of its session', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const second = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).count();

  /** Somebody whose session is held under its lock until `barrier` opens; then `end` is done with it. */
  async function start(end: (session: Session) => unknown = () => undefined) {
    const barrier = new Barrier();
    const handled: string[] = [];
    const hold = async (session: Session) => {
      await barrier.wait();
      await end(session);
    };
    const look = (session: Session) => {
      handled.push('look');
      return { keys: Object.keys(session).filter((key) => key !== 'cookie'), views: session.views };
    };
    const paint = (session: Session) => {
      session.theme = 'dark';
    };
    const launch = (from: typeof dataSource) => startHandlers({ entity, dataSource: from() }, { hold, look, paint }, adapter);
    await dataSource().getRepository(entity).clear();
    const here = await launch(dataSource);
    const browser = await signIn(here.address);
    const held = browser.clone().post('/locked/hold');
    await barrier.reached;
    return { barrier, handled, here, browser, held, there: () => launch(second) };
  }

  /** Sends a request, and returns its answer to come once the request waits. */
  async function waits(app: TestApp, answer: () => Promise<globalThis.Response>) {
    const asked = asksForLock(app);
    const answered = answer();
    await asked;
    return () => answered;
  }

  it('longer than it may gets 409, and its handler is not called', async () => {
    const { barrier, handled, browser, held } = await start();
    const late = await browser.clone().post('/hasty/look');
    expect(late.status).toBe(409);
    await expect(late.json()).resolves.toEqual({ statusCode: 409, message: expect.stringMatching(/held its lock for 200 ms/) });
    expect(setCookies(late)).toEqual([]);
    expect(handled).toEqual([]);
    barrier.open();
    expect((await held).status).toBe(201);
    await expect(browser.json('/hasty/look', { method: 'POST' })).resolves.toEqual({ keys: ['views'], views: 0 });
  });

  it('gets 409 as often as it tries, and keeps nobody behind it waiting', async () => {
    const { barrier, here, browser, held } = await start();
    const patient = await waits(here, () => browser.clone().post('/locked/count'));
    for (let round = 0; round < 3; round++) expect((await browser.clone().post('/hasty/count')).status).toBe(409);
    barrier.open();
    expect((await held).status).toBe(201);
    await expect((await patient()).json()).resolves.toEqual({ views: 1 });
    await expect(browser.json('/hasty/count', { method: 'POST' })).resolves.toEqual({ views: 2 });
  });

  it.each<[string, number, (session: Session) => Promise<unknown>]>([
    ['destroyed', 0, (session) => session.destroy()],
    ['given another id', 1, (session) => session.rotate()],
    ['replaced', 0, (session) => session.regenerate()],
  ])('finds a new, empty session where the one it waited for was %s', async (_, left, end) => {
    const { barrier, here, browser, held } = await start(end);
    const reader = await waits(here, () => browser.clone().post('/locked/look'));
    const painter = browser.clone();
    const painted = await waits(here, () => painter.post('/locked/paint'));
    barrier.open();
    expect((await held).status).toBe(201);

    const seen = await reader();
    await expect(seen.json()).resolves.toEqual({ keys: [] });
    expect(setCookies(seen)).toEqual([]);

    expect((await painted()).status).toBe(201);
    expect(painter.id).not.toBe(browser.id);
    await expect(painter.json('/look', { method: 'POST' })).resolves.toEqual({ keys: ['theme'] });
    await expect(rows()).resolves.toBe(left + 1);
    await expect(here.store.get(browser.id!)).resolves.toBeUndefined();
  });

  it('and whose client has gone is not handled, and keeps nobody behind it waiting', async () => {
    const { barrier, handled, here, browser, held } = await start();
    const gone = responseGone(here);
    const aborted = new AbortController();
    const impatient = await waits(here, () => browser.clone().post('/locked/look', { signal: aborted.signal }));
    const next = await waits(here, () => browser.clone().post('/locked/count'));
    aborted.abort();
    await expect(impatient()).rejects.toThrow(/abort/i);
    await gone;
    barrier.open();
    expect((await held).status).toBe(201);
    await expect((await next()).json()).resolves.toEqual({ views: 1 });
    expect(handled).toEqual([]);
  });

  if (database.isShared) {
    it('in another application longer than it may gets 409', async () => {
      const { barrier, handled, browser, held, there } = await start();
      const { address } = await there();
      for (let round = 0; round < 3; round++) expect((await at(address, browser).post('/hasty/look')).status).toBe(409);
      expect(handled).toEqual([]);
      barrier.open();
      expect((await held).status).toBe(201);
      await expect(at(address, browser).json('/locked/look', { method: 'POST' })).resolves.toEqual({ keys: ['views'], views: 0 });
    });

    it('in another application finds what the holder stored', async () => {
      const { barrier, browser, held, there } = await start((session) => (session.views = 7));
      const app = await there();
      const next = await waits(app, () => at(app.address, browser).post('/locked/count'));
      barrier.open();
      expect((await held).status).toBe(201);
      await expect((await next()).json()).resolves.toEqual({ views: 8 });
    });
  }
});

/** Resolves when the client of a later request has gone before its answer. */
function responseGone({ app }: TestApp): Promise<void> {
  const server = app.getHttpServer();
  return new Promise((resolve) => {
    server.on('request', (_, res: Response) => res.once('close', () => res.writableFinished || resolve()));
  });
}
