import type { EntitySchemaColumnOptions } from 'typeorm';
import { beforeEach, describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { batched } from '../../lib/store/batching/batching-table.js';
import { describeExactness } from '../conformance/session-table.js';
import { describeEachDatabase, useDataSource, type TestDatabase } from '../support/databases.js';
import { variantOf } from '../support/table-entities.js';
import { openImpatientTable, openTable } from '../support/table-open.js';
import { HOUR, newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

type Ids = Record<string, EntitySchemaColumnOptions>;

/** Types of an id column under which ids that differ may compare as equal. */
const IDS: Record<TestDatabase['name'], Ids> = {
  'better-sqlite3': {
    'that ignores case': { type: 'varchar', length: 128, collation: 'NOCASE' },
    'that ignores spaces at the end': { type: 'varchar', length: 128, collation: 'RTRIM' },
  },
  'sql.js': {
    'that ignores case': { type: 'varchar', length: 128, collation: 'NOCASE' },
    'that ignores spaces at the end': { type: 'varchar', length: 128, collation: 'RTRIM' },
  },
  postgres: {
    'of fixed length': { type: 'char', length: 128 },
  },
  mariadb: {
    'that ignores case and accents': { type: 'varchar', length: 128, charset: 'utf8mb4', collation: 'utf8mb4_general_ci' },
    'that ignores case, in latin1': { type: 'varchar', length: 128, charset: 'latin1', collation: 'latin1_swedish_ci' },
    'that ignores spaces at the end': { type: 'varchar', length: 128, charset: 'utf8mb4', collation: 'utf8mb4_bin' },
    'of fixed length': { type: 'char', length: 128, charset: 'utf8mb4', collation: 'utf8mb4_general_ci' },
    'that puts "aa" after "z"': { type: 'varchar', length: 128, charset: 'utf8mb4', collation: 'utf8mb4_danish_ci' },
  },
};

describeEachDatabase('An id', (database) => {
  describe.each(Object.entries(IDS[database.name]))('in a column %s', (_, column) => {
    const entity = variantOf({ id: column });
    const dataSource = useDataSource(database, [entity]);
    const open = () => openTable(dataSource(), entity);
    beforeEach(() => open().clear());

    describeExactness(open);

    it('of several rows at once never picks the values of another row', async () => {
      const table = openImpatientTable(dataSource(), entity);
      await table.fields();
      const together = batched(table, resolveOptions({ secret: 'a secret' }), () => performance.now());
      const ids = ['0', 'a', 'aa', 'aaa', 'aab', 'ab', 'b', 'baa', 'c', 'f', 'fa', 'faa'].map((start) => start.padEnd(64, '0'));
      await Promise.all(ids.map((id) => together.insert([newRow(id)])));
      const later = (id: string) => NOW + (50 + ids.indexOf(id)) * HOUR;
      const updated = await Promise.all(ids.map((id) => together.update([newChange(id, { data: `{"of":"${id}"}` })])));
      const touched = await Promise.all(ids.map((id) => together.touch([newTouch(id, { expiresAt: later(id) })], NOW)));
      expect([...updated, ...touched].flat()).toEqual([...ids, ...ids].map(() => 'saved'));
      const rows = await table.find(ids, NOW);
      expect(rows.map((row) => [row?.id, row?.data, row?.expiresAt])).toEqual(ids.map((id) => [id, `{"of":"${id}"}`, later(id)]));
    });
  });
});
