import { expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { lock, take } from '../support/table-locks.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { NOW } from '../support/table-rows.js';

describeEachDatabase('A lock', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  if (database.isShared) {
    const otherSource = useDataSource(database, [entity]);
    const smallSource = useDataSource(database, [entity], { poolSize: 1 });

    it('keeps other processes out until it is released', async () => {
      const [ours, theirs] = [openTable(dataSource(), entity), openTable(otherSource(), entity)];
      const held = await take(ours, 'a');
      expect(await lock(theirs, 'a', { waitMs: 30 })).toBeUndefined();
      const waiting = take(theirs, 'a');
      await held.release();
      const theirHold = await waiting;
      expect(await lock(ours, 'a', { waitMs: 30 })).toBeUndefined();
      await theirHold.release();
    });

    it('lets one of many processes in at a time', async () => {
      const tables = [openTable(dataSource(), entity), openTable(otherSource(), entity)];
      let inside = 0;
      const enter = async (number: number) => {
        const held = await take(tables[number % 2]!, 'a');
        expect(++inside).toBe(1);
        await tables[number % 2]!.ping();
        inside--;
        await held.release();
      };
      await Promise.all(Array.from({ length: 20 }, (_, number) => enter(number)));
    });

    it('needs a pool of two connections, and says so', async () => {
      await expect(lock(openTable(smallSource(), entity), 'a')).rejects.toThrow(SessionOptionsError);
      await expect(lock(openTable(smallSource(), entity), 'a')).rejects.toThrow(/at least 2 connections/);
    });
  }

  it('leaves connections for statements, however many are held', async () => {
    const table = openTable(dataSource(), entity);
    const locks = Array.from({ length: 40 }, (_, number) => `id-${number}`).map(async (id) => {
      const held = await take(table, id);
      await table.find([id], NOW);
      await held.release();
      return id;
    });
    expect(await Promise.all(locks)).toHaveLength(40);
  });
});
