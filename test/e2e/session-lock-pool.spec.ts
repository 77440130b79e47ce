import { defineSessionEntity } from 'nestjs-typeorm-session';
import type { DataSourceOptions } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { describeEachDatabase, uniqueTableName, useDataSource, type TestDatabase } from '../support/databases.js';
import { signIn, startHandlers } from '../support/lock-apps.js';
import type { Handler } from '../support/lock-routes.js';

const post = { method: 'POST' };
const newEntity = () => defineSessionEntity({ tableName: uniqueTableName() });

/** Pools, and how many locks they have room for. */
function poolsOf({ name, isShared }: TestDatabase): [string, Partial<DataSourceOptions>, number][] {
  if (!isShared) return [['no pool', {}, Infinity]];
  const extra = (size: number) => ({ extra: name === 'postgres' ? { max: size } : { connectionLimit: size } });
  return [
    ['the default pool', {}, 5],
    ['a pool of 4', { poolSize: 4 }, 2],
    ['a pool of 5', { poolSize: 5 }, 2],
    ['a pool of 4 by `extra`', extra(4), 2],
    ['a pool of 4 by `extra`, which the driver prefers', { poolSize: 20, ...extra(4) }, 2],
  ];
}

describeEachDatabase('The locks of sessions', (database) => {
  describe.each(poolsOf(database))('in %s', (_, options, room) => {
    const entity = newEntity();
    const dataSource = useDataSource(database, [entity], options);
    const start = (handlers: Record<string, Handler>) => startHandlers({ entity, dataSource: dataSource() }, handlers);

    it('take no more than half of it, and leave the other half to the rest', async () => {
      const [all, barrier] = [new Barrier(), new Barrier()];
      const held = Math.min(room, 8);
      let inside = 0;
      const hold = () => {
        if (++inside === held) all.open();
        return barrier.wait();
      };
      const { address } = await start({ hold });
      const holders = await Promise.all(Array.from({ length: held }, () => signIn(address)));
      const one = await signIn(address);
      const answers = holders.map((holder) => holder.post('/locked/hold'));
      onTestFinished(async () => {
        barrier.open();
        await Promise.allSettled(answers);
      });
      await all.wait();

      const more = await one.clone().post('/hasty/count');
      expect(more.status).toBe(held < room ? 201 : 409);
      const free = await Promise.all(Array.from({ length: 20 }, async () => (await one.clone().post('/views')).status));
      expect(free).toEqual(Array(20).fill(201));

      barrier.open();
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(held).fill(201));
      expect((await one.post('/hasty/count')).status).toBe(201);
    });

    it('let many sessions through at once, with all that their handlers ask of the database', async () => {
      let [inside, peak] = [0, 0];
      const work: Handler = async (session) => {
        peak = Math.max(peak, ++inside);
        session.theme = 'dark';
        await session.save();
        await session.rotate();
        await session.reload();
        inside--;
      };
      const { address } = await start({ work });
      const browsers = await Promise.all(Array.from({ length: 20 }, () => signIn(address)));
      const statuses = await Promise.all(browsers.map(async (browser) => (await browser.post('/locked/work')).status));
      expect(statuses).toEqual(Array(20).fill(201));
      expect(peak).toBeLessThanOrEqual(room);
      for (const browser of browsers) await expect(browser.json('/locked/count', post)).resolves.toEqual({ views: 1 });
    });
  });

  describe('in a pool of one connection', () => {
    const entity = newEntity();
    const dataSource = useDataSource(database, [entity], { poolSize: 1 });

    it('are refused and say what to do, where they need one', async () => {
      const { address, log } = await startHandlers({ entity, dataSource: dataSource() });
      const browser = await signIn(address);
      const statuses = [];
      for (let round = 0; round < 3; round++) statuses.push((await browser.post('/locked/count')).status);
      expect(statuses).toEqual(Array(3).fill(database.isShared ? 500 : 201));
      const refusal = expect.stringMatching(
        /^SessionOptionsError: .* pool of at least 2 connections, and this one has 1\. Raise its `poolSize`/,
      );
      expect(log.errors).toEqual(database.isShared ? Array(3).fill(refusal) : []);
      await expect(browser.json('/views', post)).resolves.toEqual({ views: database.isShared ? 0 : 3 });
    });
  });
});
