import { createHash } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { MAX_ROWS } from '../../lib/table/sql/statement.js';
import { describeEachServer, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const hash = (name: string): string => createHash('sha256').update(name).digest('hex');
const IDS = ['a', 'b', 'c'].map(hash);

describeEachServer('Statements that were prepared', (database) => {
  const entity = ownSessionEntity(database);
  // Of one connection each, so that it is known what the server keeps for it.
  const dataSource = useDataSource(database, [entity], { poolSize: 1 });
  const freshEntity = ownSessionEntity(database);
  const fresh = useDataSource(database, [freshEntity], { poolSize: 1 });
  const countedEntity = ownSessionEntity(database);
  const counted = useDataSource(database, [countedEntity], { poolSize: 1 });
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

  const countPrepared = async (on = dataSource()): Promise<number> => {
    const sql = isMariaDb
      ? `SELECT VARIABLE_VALUE AS count FROM information_schema.session_status WHERE VARIABLE_NAME = 'COM_STMT_PREPARE'`
      : 'SELECT count(*) AS count FROM pg_prepared_statements';
    const [{ count }] = (await on.query(sql)) as [{ count: unknown }];
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

  it('are at most 40 for each connection on MariaDB, and one for each text on PostgreSQL', async () => {
    const table = openTable(counted(), countedEntity);
    await table.fields();
    const before = await countPrepared(counted());
    for (let count = 1; count <= MAX_ROWS; count++) {
      const ids = Array.from({ length: count }, (_, index) => hash(`${count}.${index}`));
      await table.insert(ids.map((id) => newRow(id)));
      await table.find(ids, NOW);
      await table.update(ids.map((id) => newChange(id)));
      await table.touch(
        ids.map((id) => newTouch(id)),
        NOW,
      );
      await table.touch(
        ids.map((id) => newTouch(id, { pruneAfter: undefined })),
        NOW,
      );
      await table.remove(ids);
    }
    // MariaDB has 16,382 places, enough for forty processes with pools of ten. On PostgreSQL, reads and inserts are among them, in seven sizes each.
    expect((await countPrepared(counted())) - before).toBe(isMariaDb ? 40 : 42);
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

  it('of a page are the same for every limit', async () => {
    const table = openTable(counted(), countedEntity);
    await table.fields();
    const listed = (limit: number) => Promise.all([table.page({ limit, now: NOW }), table.scan({ limit, now: NOW })]);
    await listed(1);
    const before = await countPrepared(counted());
    for (let limit = 2; limit <= 41; limit++) await listed(limit);
    expect(await countPrepared(counted())).toBe(before);
  });
});
