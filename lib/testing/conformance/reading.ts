import { FIELD_FACTS, SESSION_FIELDS } from '../../table/session-row.js';
import type { SessionTable } from '../../table/session-table.js';
import { fullRow, newRow, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

export function describeReading({ describe, it }: Suite, table: () => SessionTable): void {
  describe('find', () => {
    it('reads the row as it was written, all fields', async () => {
      const row = newRow('a', { userId: 'ann', ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' });
      await table().insert([row]);
      expect(await table().find(['a'], NOW)).toEqual([row]);
    });

    it('reads every field that there is a column for', async () => {
      const row = fullRow(await table().fields());
      await table().insert([row]);
      expect(await table().find([row.id], NOW)).toEqual([row]);
    });

    it('finds nothing under an id that is not there', async () => {
      await table().insert([newRow('a')]);
      expect(await table().find(['b'], NOW)).toEqual([undefined]);
    });

    it('finds nothing under an empty id, and nothing where nothing is asked for', async () => {
      await table().insert([newRow('a')]);
      expect(await table().find([''], NOW)).toEqual([undefined]);
      expect(await table().find([], NOW)).toEqual([]);
    });

    it('takes a row for expired at its `expiresAt`, and for live a millisecond before', async () => {
      await table().insert([newRow('over', { expiresAt: NOW }), newRow('live', { expiresAt: NOW + 1 })]);
      const [over, live] = await table().find(['over', 'live'], NOW);
      expect(over).toBeUndefined();
      expect(live?.id).toBe('live');
    });

    it('answers for each of many ids in their order, for an id asked for twice both times', async () => {
      await table().insert([newRow('a'), newRow('b'), newRow('c', { expiresAt: NOW })]);
      const found = await table().find(['c', 'b', 'missing', 'a', 'b'], NOW);
      expect(found.map((row) => row?.id)).toEqual([undefined, 'b', undefined, 'a', 'b']);
    });
  });

  describe('fields', () => {
    it('are all that the entity has columns for', async () => {
      const usual = SESSION_FIELDS.filter((field) => FIELD_FACTS[field].feature !== 'renewal');
      expect([...(await table().fields())].toSorted()).toEqual(usual.toSorted());
    });
  });

  describe('ping', () => {
    it('resolves while the database answers, whether or not there are rows', async () => {
      expect(await table().ping()).toBeUndefined();
      await table().insert([newRow('a')]);
      expect(await table().ping()).toBeUndefined();
    });
  });
}
