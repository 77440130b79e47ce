import { defineSessionEntity, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { setCookies, type Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { at, signIn, startHandlers } from '../support/lock-apps.js';
import type { Handler } from '../support/lock-routes.js';
import { nextMillisecond } from '../support/next-millisecond.js';

const post = { method: 'POST' };

describeEachDatabase('A session that gets another id while a request holds it', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = async () => (await dataSource().getRepository(entity).find()).map(({ handle, version }) => ({ handle, version }));

  /** Two applications over one table, somebody signed in at both, and handlers that a barrier holds at the first. */
  async function start(options: Partial<SessionModuleOptions> = {}) {
    await dataSource().getRepository(entity).clear();
    let barrier = new Barrier();
    const held =
      (then: Handler): Handler =>
      async (...args) => {
        await barrier.wait();
        return then(...args);
      };
    const handlers: Record<string, Handler> = {
      login: (session) => void Object.assign(session, { userId: 'ada', views: 1 }),
      me: ({ userId, views, theme }) => ({ userId, views, theme }),
      rotate: (session) => session.rotate(),
      look: held(({ userId }) => ({ userId })),
      change: held((session) => ({ theme: (session.theme = 'dark') })),
      save: held((session) => ((session.theme = 'dark'), session.save())),
      reload: held((session) => session.reload()),
      destroy: held((session) => session.destroy()),
      regenerate: held((session, req) => session.regenerate().then(() => void (req.session.theme = 'dark'))),
      late: held((session) => session.rotate()),
    };
    const launch = () => startHandlers({ entity, dataSource: dataSource(), ...options }, handlers);
    const [here, there] = [await launch(), await launch()];
    const browser = await signIn(here.address);
    const events: unknown[] = [];
    for (const name of ['interrupted', 'destroyed'] as const) here.store.on(name, ({ handle }) => events.push([name, handle]));
    const [{ handle } = {}] = await rows();

    /** Sends a request, gives the session another id elsewhere while it is held, and returns its answer. */
    const during = async (path: string): Promise<{ answer: Response; old: Browser; now: Browser }> => {
      barrier = new Barrier();
      const old = browser.clone();
      const answer = old.post(path);
      await barrier.reached;
      const now = at(there.address, browser);
      expect((await now.post('/rotate')).status).toBe(201);
      await nextMillisecond();
      barrier.open();
      return { answer: await answer, old, now };
    };
    return { here, browser, during, handle, events };
  }

  describe('interrupts it: what the request', () => {
    it('changed is dropped, and its answer comes without a cookie', async () => {
      const { here, during, handle, events } = await start({ rolling: true });
      const { answer, now } = await during('/change');
      expect(answer.status).toBe(201);
      await expect(answer.json()).resolves.toEqual({ theme: 'dark' });
      expect(setCookies(answer)).toEqual([]);
      expect(events).toEqual([['interrupted', handle]]);
      await expect(rows()).resolves.toEqual([{ handle, version: 1 }]);
      await expect(now.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1 });
      expect([here.log.errors, here.log.warnings]).toEqual([[], []]);
    });

    it('only wanted to touch stays untouched by it', async () => {
      const { during, handle, events } = await start({ touchInterval: 0, rolling: true });
      const { answer, now } = await during('/look');
      expect(answer.status).toBe(201);
      await expect(answer.json()).resolves.toEqual({ userId: 'ada' });
      expect(setCookies(answer)).toEqual([]);
      expect(events).toEqual([['interrupted', handle]]);
      await expect(now.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1 });
    });

    it.each(['/save', '/reload', '/late'])('asks of it at %s is a 409 without a cookie', async (path) => {
      const { during, handle } = await start();
      const { answer, now } = await during(path);
      expect(answer.status).toBe(409);
      await expect(answer.json()).resolves.toMatchObject({ statusCode: 409, message: expect.stringMatching(/session was ended/) });
      expect(setCookies(answer)).toEqual([]);
      await expect(rows()).resolves.toEqual([{ handle, version: 1 }]);
      await expect(now.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1 });
    });

    it("changed is a 409 under onInterrupted: 'error'", async () => {
      const { during, handle } = await start({ onInterrupted: 'error' });
      const { answer } = await during('/change');
      expect([answer.status, setCookies(answer)]).toEqual([409, []]);
      await expect(rows()).resolves.toEqual([{ handle, version: 1 }]);
    });
  });

  it('is ended by a request that ends the old one: a logout finds it under whatever id', async () => {
    const { during, handle, events } = await start();
    const { answer, old, now } = await during('/destroy');
    expect(answer.status).toBe(201);
    expect(old.cookie).toBeUndefined();
    expect(events).toEqual([['destroyed', handle]]);
    await expect(rows()).resolves.toEqual([]);
    await expect(now.json('/me', post)).resolves.toEqual({});
  });

  it('gives nothing to the new session that the request puts in its place', async () => {
    const { during, handle, events } = await start();
    const { answer, old, now } = await during('/regenerate');
    expect(answer.status).toBe(201);
    expect(old.id).not.toBe(now.id);
    expect(events).toEqual([['destroyed', handle]]);
    await expect(old.json('/me', post)).resolves.toEqual({ theme: 'dark' });
    await expect(now.json('/me', post)).resolves.toEqual({});
    await expect(rows()).resolves.toHaveLength(1);
  });

  it('gets one of them, where two requests want to give it one', async () => {
    const { here, browser, handle, events } = await start();
    for (let round = 0; round < 20; round++) {
      const old = browser.id;
      const both = [browser.clone(), browser.clone()];
      const statuses = await Promise.all(both.map(async (one) => (await one.post('/rotate')).status));
      // Who comes when the id is dead already gets a new session without a row, and a 201.
      expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
      const winners = both.filter(({ id }) => id !== old);
      expect(winners).toHaveLength(1);
      browser.cookie = winners[0]!.cookie;
      await expect(browser.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1 });
      await expect(here.store.get(old!)).resolves.toBeUndefined();
    }
    await expect(rows()).resolves.toEqual([{ handle, version: 1 }]);
    expect(events.every((event) => String(event) === `interrupted,${handle}`)).toBe(true);
  });
});
