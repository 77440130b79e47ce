import type { EntitySchemaColumnOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { toPruneHour } from '../../lib/table/session-row.js';
import { describeEachDatabase, useDataSource, type TestDatabase } from '../support/databases.js';
import { variantOf } from '../support/table-entities.js';
import { openTable } from '../support/table-open.js';
import { HOUR, newRow, newTouch, NOW } from '../support/table-rows.js';

/** How exactly a column holds a moment. */
type TimeType = EntitySchemaColumnOptions & { unit: 1 | 1000; raw: unknown };

const SOME_TIME = NOW + HOUR + 7_000;
const date = new Date(SOME_TIME);

const TIMES: Record<TestDatabase['name'], TimeType[]> = {
  'better-sqlite3': [
    { type: 'bigint', unit: 1, raw: SOME_TIME },
    { type: 'integer', unit: 1, raw: SOME_TIME },
    { type: 'int', unit: 1, raw: SOME_TIME },
    { type: 'datetime', unit: 1, raw: '2026-01-01 01:00:07.000' },
  ],
  'sql.js': [
    { type: 'bigint', unit: 1, raw: SOME_TIME },
    { type: 'integer', unit: 1, raw: SOME_TIME },
    { type: 'datetime', unit: 1, raw: '2026-01-01 01:00:07.000' },
  ],
  postgres: [
    { type: 'bigint', unit: 1, raw: String(SOME_TIME) },
    { type: 'integer', unit: 1000, raw: SOME_TIME / 1000 },
    { type: 'numeric', unit: 1, raw: String(SOME_TIME) },
    { type: 'timestamp', unit: 1, raw: date },
    { type: 'timestamptz', unit: 1, raw: date },
    { type: 'timestamp with time zone', unit: 1, raw: date },
  ],
  mariadb: [
    { type: 'bigint', unit: 1, raw: String(SOME_TIME) },
    { type: 'integer', unit: 1000, raw: SOME_TIME / 1000 },
    { type: 'int', unsigned: true, unit: 1000, raw: SOME_TIME / 1000 },
    { type: 'timestamp', unit: 1000, raw: date },
    { type: 'datetime', unit: 1000, raw: date },
    { type: 'datetime', precision: 3, unit: 1, raw: date },
  ],
};

describeEachDatabase('Times', (database) => {
  describe.each(TIMES[database.name])('in columns of type $type', ({ unit, raw, ...column }) => {
    const times = { expiresAt: column, createdAt: column, lastSeenAt: column, pruneAfter: column };
    const entity = variantOf(times);
    const dataSource = useDataSource(database, [entity]);
    const open = async () => {
      const table = openTable(dataSource(), entity);
      await table.clear();
      return table;
    };

    it('come back as they were written', async () => {
      const table = await open();
      const row = newRow('a', { expiresAt: SOME_TIME, createdAt: NOW + 1_000, lastSeenAt: NOW + 2_000 });
      await table.insert([row]);
      expect(await table.find(['a'], NOW)).toEqual([row]);
    });

    it('lie in the database in the unit of the type', async () => {
      const table = await open();
      await table.insert([newRow('a', { expiresAt: SOME_TIME, pruneAfter: toPruneHour(SOME_TIME) })]);
      const name = dataSource().getMetadata(entity).tablePath;
      const [stored] = await dataSource().query<{ expires_at: unknown }[]>(`SELECT * FROM ${name}`);
      expect(stored?.expires_at).toEqual(raw);
    });

    it('decide whether a row is live, never late and early by less than the unit', async () => {
      const table = await open();
      for (const fraction of [0, 1, 499, 999]) {
        const expiresAt = SOME_TIME + fraction;
        await table.upsert([newRow('a', { expiresAt })]);
        expect(await table.find(['a'], expiresAt)).toEqual([undefined]);
        expect((await table.find(['a'], expiresAt - unit))[0]?.id).toBe('a');
        expect(await table.count({ now: expiresAt })).toBe(0);
        expect(await table.count({ now: expiresAt - unit })).toBe(1);
      }
    });

    it('move forward by a touch, never backwards', async () => {
      const table = await open();
      await table.insert([newRow('a', { expiresAt: SOME_TIME })]);
      await table.touch([newTouch('a', { expiresAt: SOME_TIME + 5_000, lastSeenAt: NOW + 3_000 })], NOW);
      await table.touch([newTouch('a', { expiresAt: SOME_TIME + 4_000, lastSeenAt: NOW })], NOW);
      expect((await table.find(['a'], NOW))[0]).toMatchObject({ expiresAt: SOME_TIME + 5_000, lastSeenAt: NOW + 3_000 });
    });

    it('tell what to prune', async () => {
      const table = await open();
      await table.insert([newRow('over', { expiresAt: NOW }), newRow('live', { expiresAt: NOW + HOUR })]);
      expect(await table.prune({ now: NOW - unit, limit: 9 })).toBe(0);
      expect(await table.prune({ now: NOW, limit: 9 })).toBe(1);
      expect((await table.scan({ limit: 9, now: NOW })).map(({ id }) => id)).toEqual(['live']);
    });
  });

  describe('without a `pruneAfter` column', () => {
    const { pruneAfter: _, ...columns } = variantOf({}).options.columns;
    const entity = variantOf({});
    Object.assign(entity.options, { columns, indices: [] });
    const dataSource = useDataSource(database, [entity]);

    it('tell by the expiry what to prune, the oldest first', async () => {
      const table = openTable(dataSource(), entity);
      await table.insert([newRow('a', { expiresAt: NOW }), newRow('b', { expiresAt: NOW - 1 }), newRow('c', { expiresAt: NOW + 1 })]);
      expect(await table.prune({ now: NOW, limit: 1 })).toBe(1);
      expect((await table.find(['a', 'b'], 0)).map((row) => row?.id)).toEqual(['a', undefined]);
      expect(await table.prune({ now: NOW, limit: 9 })).toBe(1);
      expect((await table.find(['c'], NOW))[0]?.id).toBe('c');
    });
  });
});
