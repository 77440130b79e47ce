import { createHash } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { describeEachServer, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const IDS = ['a', 'b', 'c'].map((name) => createHash('sha256').update(name).digest('hex'));

describeEachServer('Statements that were prepared', (database) => {
  const entity = ownSessionEntity(database);
  // Of one connection each, so that it is known what the server keeps for it.
  const dataSource = useDataSource(database, [entity], { poolSize: 1 });
  const freshEntity = ownSessionEntity(database);
  const fresh = useDataSource(database, [freshEntity], { poolSize: 1 });
  const isMariaDb = database.name === 'mariadb';

  /** All that requests do, for one row and for several. */
  async function useEachStatement(table = openTable(dataSource(), entity)) {
    await table.fields();
    for (const ids of [IDS.slice(0, 1), IDS]) {
      expect(await table.insert(ids.map((id) => newRow(id)))).toEqual(ids.map(() => 'saved'));
      expect(await table.update(ids.map((id) => newChange(id)))).toEqual(ids.map(() => 'saved'));
      expect(
        await table.touch(
          ids.map((id) => newTouch(id)),
          NOW,
        ),
      ).toEqual(ids.map(() => 'saved'));
      expect((await table.find(ids, NOW)).map((row) => row?.version)).toEqual(ids.map(() => 2));
      expect(await table.remove(ids)).toEqual(ids.map(() => 'removed'));
    }
  }

  const countPrepared = async (): Promise<number> => {
    const sql = isMariaDb
      ? `SELECT VARIABLE_VALUE AS count FROM information_schema.session_status WHERE VARIABLE_NAME = 'COM_STMT_PREPARE'`
      : 'SELECT count(*) AS count FROM pg_prepared_statements';
    const [{ count }] = (await dataSource().query(sql)) as [{ count: unknown }];
    return Number(count);
  };

  afterEach(async () => {
    if (isMariaDb) await dataSource().query('SET GLOBAL max_prepared_stmt_count = DEFAULT');
  });

  it('are on the server, and a second use prepares nothing more', async () => {
    await useEachStatement();
    const before = await countPrepared();
    expect(before).toBeGreaterThan(4);
    await useEachStatement();
    expect(await countPrepared()).toBe(before);
  });

  it('are sent as texts where the server has forgotten them, or has no room for them', async () => {
    const table = openTable(fresh(), freshEntity);
    if (isMariaDb) await dataSource().query('SET GLOBAL max_prepared_stmt_count = 0');
    else {
      await useEachStatement(table);
      await fresh().query('DEALLOCATE ALL');
    }
    await useEachStatement(table);
  });
});
