import { defineSessionEntity, SessionUnavailableError } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { operate, SERVERS, startGraphql } from '../support/graphql-app.js';
import { failWrites } from '../support/held-store.js';

describe.each(SERVERS)('resolvers under %s on %s', (server, adapter) => {
  describeEachDatabase(
    'have sessions',
    (database) => {
      const entity = defineSessionEntity({ tableName: uniqueTableName() });
      const dataSource = useDataSource(database, [entity]);
      const start = async () => {
        const { address, store } = await startGraphql(server, adapter, { entity, dataSource: dataSource() });
        return { browser: new Browser(address), store };
      };

      it('that are read, changed, and stored before the response', async () => {
        const { browser, store } = await start();
        await expect(operate(browser, '{ views handle }')).resolves.toEqual({ views: null, handle: null });
        expect(browser.cookie).toBeUndefined();
        await expect(operate(browser, 'mutation { count }')).resolves.toEqual({ count: 1 });
        await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 1 });
        await expect(operate(browser, 'mutation { one: count two: count }')).resolves.toEqual({ one: 2, two: 3 });
        await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 3 });
        const [info] = await store.list();
        await expect(operate(browser, '{ views handle }')).resolves.toEqual({ views: 3, handle: info!.handle });
      });

      it('that end', async () => {
        const { browser, store } = await start();
        await operate(browser, 'mutation { count }');
        const id = browser.id!;
        await operate(browser, 'mutation { leave }');
        await expect(store.get(id)).resolves.toBeUndefined();
        expect(browser.cookie).toBeUndefined();
      });

      it('that are locked: each of many mutations at once counts', async () => {
        const { browser } = await start();
        await operate(browser, 'mutation { count }');
        const counts = Array.from({ length: 10 }, () => operate(browser.clone(), 'mutation { lockedCount }'));
        expect((await Promise.all(counts)).map(({ lockedCount }) => Number(lockedCount)).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: 10 }, (_, index) => index + 2),
        );
      });

      it('that the resolvers of one operation lock together', async () => {
        const { browser } = await start();
        await operate(browser, 'mutation { count }');
        const together = operate(browser, '{ a: lockedViews b: lockedViews c: lockedViews }');
        await expect(together).resolves.toEqual({ a: 1, b: 1, c: 1 });
        const inTurn = operate(browser, 'mutation { a: lockedCount b: lockedCount }');
        await expect(inTurn).resolves.toEqual({ a: 2, b: 3 });
      });

      it('whose failed save is an error response', async () => {
        const { browser, store } = await start();
        await operate(browser, 'mutation { count }');
        const { cookie } = browser;
        failWrites(store, new SessionUnavailableError('The database of this test is away.'));
        const query = JSON.stringify({ query: 'mutation { count }' });
        const response = await browser.post('/graphql', { headers: { 'content-type': 'application/json' }, body: query });
        expect(response.status).toBe(503);
        expect(setCookies(response)).toEqual([]);
        expect(browser.cookie).toBe(cookie);
      });
    },
    ['better-sqlite3', 'postgres'],
  );
});
