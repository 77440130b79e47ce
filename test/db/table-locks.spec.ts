import { expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { NOW } from '../support/table-rows.js';

const LONG = 20_000;

describeEachDatabase('A lock', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  if (database.isShared) {
    const otherSource = useDataSource(database, [entity]);
    const smallSource = useDataSource(database, [entity], { poolSize: 1 });

    it('keeps other processes out until it is released', async () => {
      const [ours, theirs] = [openTable(dataSource(), entity), openTable(otherSource(), entity)];
      const release = await ours.lock('a', LONG);
      expect(await theirs.lock('a', 30)).toBeUndefined();
      const waiting = theirs.lock('a', LONG);
      await release!();
      const theirRelease = await waiting;
      expect(await ours.lock('a', 30)).toBeUndefined();
      await theirRelease!();
    });

    it('lets one of many processes in at a time', async () => {
      const tables = [openTable(dataSource(), entity), openTable(otherSource(), entity)];
      let inside = 0;
      const enter = async (number: number) => {
        const release = await tables[number % 2]!.lock('a', LONG);
        expect(++inside).toBe(1);
        await tables[number % 2]!.ping();
        inside--;
        await release!();
      };
      await Promise.all(Array.from({ length: 20 }, (_, number) => enter(number)));
    });

    it('needs a pool of two connections, and says so', async () => {
      await expect(openTable(smallSource(), entity).lock('a', LONG)).rejects.toThrow(SessionOptionsError);
      await expect(openTable(smallSource(), entity).lock('a', LONG)).rejects.toThrow(/at least 2 connections/);
    });
  }

  it('leaves connections for statements, however many are held', async () => {
    const table = openTable(dataSource(), entity);
    const locks = Array.from({ length: 40 }, (_, number) => `id-${number}`).map(async (id) => {
      const release = await table.lock(id, LONG);
      await table.find([id], NOW);
      await release!();
      return id;
    });
    expect(await Promise.all(locks)).toHaveLength(40);
  });
});
