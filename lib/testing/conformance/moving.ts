import type { SessionTable } from '../../table/session-table.js';
import { newChange, newRow, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

export function describeMoving({ describe, it }: Suite, table: () => SessionTable): void {
  const read = async (id: string, now = NOW) => (await table().find([id], now))[0];

  describe('changeId', () => {
    it('gives a row another id and changes nothing else', async () => {
      const row = newRow('a', { userId: 'ann', version: 3, ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' });
      await table().insert([row]);
      expect(await table().changeId([{ id: 'a', newId: 'b' }])).toEqual(['saved']);
      expect(await read('b')).toEqual({ ...row, id: 'b' });
      expect(await read('a')).toBeUndefined();
    });

    it('fills in the user and what else is missing, and only that', async () => {
      const rows = [newRow('a', { userId: null }), newRow('b', { userId: 'ann' })];
      await table().insert(rows);
      const missing = { userId: 'bob', handle: 'f'.repeat(32), createdAt: 1, lastSeenAt: 2 };
      const moves = rows.map(({ id }) => ({ id, newId: `new ${id}`, missing }));
      expect(await table().changeId(moves)).toEqual(['saved', 'saved']);
      expect(await read('new a')).toEqual({ ...rows[0], id: 'new a', userId: 'bob' });
      expect(await read('new b')).toEqual({ ...rows[1], id: 'new b', userId: 'bob' });
    });

    it('is gone where there is no row, and adds none', async () => {
      expect(await table().changeId([{ id: 'a', newId: 'b' }])).toEqual(['gone']);
      expect(await table().find(['a', 'b'], NOW)).toEqual([undefined, undefined]);
    });

    it('is a conflict where the new id is taken, and changes neither row', async () => {
      const rows = [newRow('a'), newRow('b')];
      await table().insert(rows);
      expect(await table().changeId([{ id: 'a', newId: 'b' }])).toEqual(['conflict']);
      expect(await table().find(['a', 'b'], NOW)).toEqual(rows);
    });

    it('brings no expired row back', async () => {
      const row = newRow('a', { expiresAt: NOW });
      await table().insert([row]);
      await table().changeId([{ id: 'a', newId: 'b' }]);
      expect(await read('b')).toBeUndefined();
    });

    it('leaves the old id to nobody: a change under it is gone', async () => {
      await table().insert([newRow('a')]);
      await table().changeId([{ id: 'a', newId: 'b' }]);
      expect(await table().update([newChange('a')])).toEqual(['gone']);
      expect(await table().update([newChange('b')])).toEqual(['saved']);
    });

    it('answers for each in order', async () => {
      await table().insert([newRow('a'), newRow('b')]);
      const moves = [
        { id: 'a', newId: 'c' },
        { id: 'a', newId: 'd' },
        { id: 'b', newId: 'c' },
      ];
      expect(await table().changeId(moves)).toEqual(['saved', 'gone', 'conflict']);
    });
  });
}
