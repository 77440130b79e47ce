import { defineSessionEntity, SessionModule } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { holdSessions } from '../support/held-session.js';
import { startApp } from '../support/nest-app.js';
import { nextMillisecond } from '../support/next-millisecond.js';

const ROUNDS = 200;

describeEachDatabase(`a session destroyed while a request holds it, ${ROUNDS} times`, (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).count();

  it.each([
    ['save', 'POST', '/hold/dark'],
    ['touch', 'GET', '/hold'],
  ])('does not come back by %s', async (_, method, path) => {
    const { controller, newBarrier } = holdSessions();
    const options = { secret: 'secret', entity, dataSource: dataSource(), touchInterval: 0, rolling: true };
    const launch = () => startApp({ imports: [SessionModule.forRoot(options)], controllers: [controller] });
    const [here, there] = [await launch(), await launch()];
    let interruptions = 0;
    here.store.on('interrupted', () => interruptions++);

    for (let round = 1; round <= ROUNDS; round++) {
      const browser = new Browser(here.address);
      await browser.post('/login');
      await expect(rows()).resolves.toBe(1);
      const barrier = newBarrier();
      const held = browser.clone().get(path, { method });
      await barrier.reached;
      const elsewhere = new Browser(there.address);
      elsewhere.cookie = browser.cookie;
      await elsewhere.post('/logout');
      expect(elsewhere.cookie).toBeUndefined();
      await nextMillisecond();
      barrier.open();

      const answer = await held;
      expect(answer.ok).toBe(true);
      await expect(answer.json()).resolves.toEqual({ userId: 'ada' });
      expect(setCookies(answer)).toEqual([]);
      await expect(rows()).resolves.toBe(0);
      await expect(browser.json('/me')).resolves.toEqual({});
      expect(interruptions).toBe(round);
    }
  });

  // The two statements run at once here, in whichever order the database takes them.
  it.each([
    ['save', 'POST', '/hold/dark'],
    ['touch', 'GET', '/hold'],
  ])('does not come back by a %s at the same moment', async (_, method, path) => {
    const { controller, newBarrier } = holdSessions();
    const options = { secret: 'secret', entity, dataSource: dataSource(), touchInterval: 0 };
    const imports = [SessionModule.forRoot(options)];
    const { address } = await startApp({ imports, controllers: [controller] });

    for (let round = 1; round <= ROUNDS; round++) {
      const browser = new Browser(address);
      await browser.post('/login');
      const barrier = newBarrier();
      const held = browser.clone().get(path, { method });
      await barrier.reached;
      barrier.open();
      const [answer, logout] = await Promise.all([held, browser.clone().post('/logout')]);
      expect([answer.ok, logout.ok]).toEqual([true, true]);
      await expect(rows()).resolves.toBe(0);
      await expect(browser.json('/me')).resolves.toEqual({});
    }
  });
});
