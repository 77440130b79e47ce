import { beforeEach, describe, expect, it } from 'vitest';
import { SESSION_FIELDS } from '../../lib/table/session-row.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { fullRow, HOUR, newRow, NOW } from '../support/table-rows.js';

describeEachDatabase('A row that had another id before', (database) => {
  const columns = { previousId: 'id_before', previousUntil: 'before until' };
  const entity = ownSessionEntity(database, { renewal: true, columns });
  const dataSource = useDataSource(database, [entity]);
  const table = () => openTable(dataSource(), entity);
  const move = { id: 'old', newId: 'new', previousId: 'old', previousUntil: NOW + 30_000 };

  beforeEach(() => table().clear());

  it('is found by it until its end, and by its own id', async () => {
    const row = newRow('old', { userId: 'ann', version: 3 });
    await table().insert([row]);
    expect(await table().changeId([move])).toEqual(['saved']);
    const moved = { ...row, id: 'new', previousId: 'old', previousUntil: NOW + 30_000 };
    expect(await table().findPrevious('old', NOW + 29_999)).toEqual(moved);
    expect(await table().find(['new', 'old'], NOW)).toEqual([moved, undefined]);
    expect(await table().findPrevious('old', NOW + 30_000)).toBeUndefined();
    expect(await table().findPrevious('new', NOW)).toBeUndefined();
  });

  it('is written and read with every field of a session', async () => {
    const row = fullRow(SESSION_FIELDS);
    await table().insert([row]);
    expect(await table().find([row.id], NOW)).toEqual([row]);
  });

  it('is found by nothing but exactly that', async () => {
    await table().insert([newRow('old')]);
    await table().changeId([move]);
    for (const id of ['OLD', 'old ', ' old', 'o%', 'öld', '']) expect(await table().findPrevious(id, NOW), id).toBeUndefined();
  });

  it('is not found where it is over', async () => {
    await table().insert([newRow('old', { expiresAt: NOW })]);
    await table().changeId([move]);
    expect(await table().findPrevious('old', NOW)).toBeUndefined();
  });

  it('has none any more when it gets another without one', async () => {
    await table().insert([newRow('old')]);
    await table().changeId([move]);
    await table().changeId([{ id: 'new', newId: 'newer', previousUntil: NOW + 60_000 }]);
    expect(await table().findPrevious('old', NOW)).toBeUndefined();
    expect((await table().find(['newer'], NOW))[0]).toMatchObject({ previousId: null, previousUntil: NOW + 60_000 });
  });

  it('is written and touched without them', async () => {
    await table().insert([newRow('old')]);
    await table().changeId([move]);
    const moved = (await table().find(['new'], NOW))[0]!;
    const { previousId: _, previousUntil: __, ...change } = moved;
    await table().update([{ ...change, data: '{"changed":true}' }]);
    await table().touch([{ id: 'new', expiresAt: NOW + 48 * HOUR, pruneAfter: undefined, lastSeenAt: NOW + 1, unseenSince: NOW }], NOW);
    expect(await table().findPrevious('old', NOW)).toMatchObject({ id: 'new', data: '{"changed":true}', version: 2 });
  });

  describe('in the schema', () => {
    it('has an index of its own', async () => {
      const runner = dataSource().createQueryRunner();
      const found = await runner.getTable(dataSource().getMetadata(entity).tablePath);
      await runner.release();
      expect(found?.indices.map(({ columnNames }) => columnNames)).toContainEqual(['id_before']);
    });
  });
});
