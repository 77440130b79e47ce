import type { Response } from 'express';
import { defineSessionEntity, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMiddleware } from '../../lib/http/session-middleware.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { Barrier } from '../support/barrier.js';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { failStatements } from '../support/store-gate.js';
import { START } from '../support/store-fixture.js';

const MINUTE = 60_000;

describeEachDatabase('an id that is renewed', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName(), renewal: true });
  const dataSource = useDataSource(database, [entity]);

  /** An application with a session that is due for another id. */
  async function start(options: Partial<SessionModuleOptions> = {}) {
    const clock = { now: START };
    const resolved = resolveOptions({ secret: 'secret', entity, renewAfter: '15m', prune: false, ...options });
    const store = composeStore(resolved, { dataSource: dataSource(), now: () => clock.now });
    onTestFinished(() => store.close());
    let barrier = new Barrier();
    const address = await startExpress((app) => {
      app.use(createMiddleware(store, resolved, () => undefined));
      app.get('/views', (req, res) => void res.send({ views: req.session.views }));
      app.post('/views', (req, res) => void res.send({ views: (req.session.views = (req.session.views ?? 0) + 1) }));
      app.get('/hold', (req, res: Response) => void barrier.wait().then(() => res.send({ views: req.session.views })));
      app.get('/stream', (req, res) => {
        res.write('begun');
        res.end(String(req.session.views));
      });
      app.get('/broken', (_req, res) => void res.sendStatus(500));
    });
    const browser = new Browser(address);
    await browser.post('/views');
    clock.now += 15 * MINUTE;
    return { browser, clock, store, newBarrier: () => (barrier = new Barrier()) };
  }

  it.each([
    ['read', 'GET'],
    ['changed', 'POST'],
  ] as const)('goes out with the answer to a request that only %s the session', async (_, method) => {
    const { browser, clock } = await start();
    const old = browser.clone();
    expect(setCookies(await browser.get('/views', { method }))).toHaveLength(1);
    expect(browser.id).not.toBe(old.id);
    const views = method === 'GET' ? 1 : 2;
    await expect(browser.json('/views')).resolves.toEqual({ views });
    clock.now += 30_000 - 1;
    const late = await old.get('/views');
    expect([await late.json(), setCookies(late)]).toEqual([{ views }, []]);
    clock.now += 1;
    await expect(old.json('/views')).resolves.toEqual({});
    await expect(browser.json('/views')).resolves.toEqual({ views });
  });

  it('stays where it is young enough', async () => {
    const { browser, clock } = await start();
    await browser.get('/views');
    clock.now += 15 * MINUTE - 1;
    expect(setCookies(await browser.get('/views'))).toEqual([]);
    clock.now += 1;
    expect(setCookies(await browser.get('/views'))).toHaveLength(1);
  });

  it.each([{}, { rolling: true, cookie: { maxAge: 86_400_000 } }] as const)(
    'goes out once where several requests meet, and no cookie with the old one overtakes it, with %o',
    async (options) => {
      const { browser, newBarrier } = await start(options);
      const barrier = newBarrier();
      const old = browser.clone();
      const held = old.get('/hold');
      await barrier.reached;
      expect(setCookies(await browser.get('/views'))).toHaveLength(1);
      barrier.open();
      const answers = [await held, await old.get('/views'), await old.post('/views')];
      expect(answers.flatMap(setCookies)).toEqual([]);
      expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([{ views: 1 }, { views: 1 }, { views: 2 }]);
      await expect(browser.json('/views')).resolves.toEqual({ views: 2 });
    },
  );

  it('goes out once where many requests meet at the same moment', async () => {
    for (let round = 0; round < 20; round++) {
      const { browser } = await start();
      const answers = await Promise.all(Array.from({ length: 8 }, () => browser.clone()).map((tab) => tab.get('/views')));
      expect(answers.flatMap(setCookies)).toHaveLength(1);
      expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(answers.map(() => ({ views: 1 })));
    }
  });

  it('goes out with the head of a stream, too', async () => {
    const { browser } = await start();
    const { id } = browser;
    expect(setCookies(await browser.get('/stream'))).toHaveLength(1);
    expect(browser.id).not.toBe(id);
    await expect(browser.json('/views')).resolves.toEqual({ views: 1 });
  });

  it('stays where the database fails to change it, and the answer is what it was', async () => {
    const { browser } = await start();
    const restore = failStatements(dataSource(), /^UPDATE .*previous_id/i);
    const answer = await browser.post('/views');
    expect([answer.status, setCookies(answer)]).toEqual([200, []]);
    restore();
    await expect(browser.json('/views')).resolves.toEqual({ views: 2 });
  });

  describe('after an answer that failed', () => {
    it('stays with saveOnError: false', async () => {
      const { browser } = await start({ saveOnError: false });
      expect(setCookies(await browser.get('/broken'))).toEqual([]);
      await expect(browser.json('/views')).resolves.toEqual({ views: 1 });
    });
  });
});
