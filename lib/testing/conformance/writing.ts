import type { SessionTable } from '../../table/session-table.js';
import { HOUR, newChange, newRow, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

export function describeWriting({ describe, it }: Suite, table: () => SessionTable): void {
  const read = async (id: string, now = NOW) => (await table().find([id], now))[0];

  describe('insert', () => {
    it('adds rows and says so', async () => {
      expect(await table().insert([newRow('a'), newRow('b')])).toEqual(['saved', 'saved']);
      expect(await table().count({ now: NOW })).toBe(2);
    });

    it('is a conflict where the id is taken, and leaves the row there as it is', async () => {
      const row = newRow('a', { userId: 'ann' });
      await table().insert([row]);
      const other = newRow('a', { data: '{"other":1}', userId: 'bob', version: 9, handle: 'f'.repeat(32) });
      expect(await table().insert([other])).toEqual(['conflict']);
      expect(await read('a')).toEqual(row);
    });

    it('is a conflict where the id is taken by a row that has expired', async () => {
      await table().insert([newRow('a', { expiresAt: NOW })]);
      const other = newRow('a', { data: '{"other":1}', handle: 'f'.repeat(32) });
      expect(await table().insert([other])).toEqual(['conflict']);
      expect((await read('a', NOW - 1))?.data).toBe('{"of":"a"}');
    });

    it('answers for each row in order, whatever becomes of its neighbours', async () => {
      await table().insert([newRow('b')]);
      expect(await table().insert([newRow('a'), newRow('b'), newRow('c')])).toEqual(['saved', 'conflict', 'saved']);
    });
  });

  describe('update', () => {
    it('replaces what a save replaces, raises the version and keeps the rest', async () => {
      const row = newRow('a', { userId: 'bob', ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' });
      await table().insert([row]);
      const { version: _, ...change } = newChange('a');
      expect(await table().update([newChange('a')])).toEqual(['saved']);
      expect(await read('a')).toEqual({ ...row, ...change, version: 2 });
    });

    it('raises the version each time', async () => {
      await table().insert([newRow('a')]);
      for (const version of [1, 2, 3]) expect(await table().update([newChange('a', { version })])).toEqual(['saved']);
      expect((await read('a'))?.version).toBe(4);
    });

    it.each([0, 2])('is a conflict at version %d of a row at version 1, which stays as it is', async (version) => {
      const row = newRow('a');
      await table().insert([row]);
      expect(await table().update([newChange('a', { version })])).toEqual(['conflict']);
      expect(await read('a')).toEqual(row);
    });

    it('takes any version where none is given', async () => {
      await table().insert([newRow('a', { version: 7 })]);
      expect(await table().update([newChange('a', { version: undefined })])).toEqual(['saved']);
      expect(await read('a')).toMatchObject({ data: '{"changed":true}', version: 8 });
    });

    it.each([1, undefined])('is gone where there is no row, and adds none (version %s)', async (version) => {
      expect(await table().update([newChange('a', { version })])).toEqual(['gone']);
      expect(await read('a')).toBeUndefined();
    });

    it('saves a row that has expired, and so brings it back', async () => {
      await table().insert([newRow('a', { expiresAt: NOW - 5 * HOUR })]);
      expect(await table().update([newChange('a')])).toEqual(['saved']);
      expect(await read('a')).toMatchObject({ data: '{"changed":true}', version: 2 });
    });

    it('may bring the end nearer, and take the user away', async () => {
      await table().insert([newRow('a', { userId: 'ann' })]);
      await table().update([newChange('a', { expiresAt: NOW + 1, userId: null })]);
      expect(await read('a')).toMatchObject({ expiresAt: NOW + 1, userId: null });
      expect(await read('a', NOW + 1)).toBeUndefined();
    });

    it('in place replaces all but the user and the hour after which the row is pruned', async () => {
      const row = newRow('a', { userId: 'bob', expiresAt: NOW + 23.5 * HOUR });
      await table().insert([row]);
      const moved = { expiresAt: NOW + 23.6 * HOUR, lastSeenAt: NOW + 0.1 * HOUR };
      expect(await table().update([newChange('a', { ...moved, userId: 'bob', isInPlace: true })])).toEqual(['saved']);
      expect(await read('a')).toEqual({ ...row, ...moved, data: '{"changed":true}', version: 2 });
    });

    it.each([
      ['gone where there is no row', 'b', 1],
      ['a conflict at another version', 'a', 2],
    ])('in place is %s', async (outcome, id, version) => {
      const row = newRow('a');
      await table().insert([row]);
      const [answer] = await table().update([newChange(id, { version, isInPlace: true })]);
      expect(outcome).toContain(answer);
      expect(await table().find(['a', 'b'], NOW)).toEqual([row, undefined]);
    });

    it('touches no other row', async () => {
      const other = newRow('b');
      await table().insert([newRow('a'), other]);
      await table().update([newChange('a')]);
      expect(await read('b')).toEqual(other);
    });

    it('answers for each change in order', async () => {
      await table().insert([newRow('a'), newRow('b')]);
      const changes = [newChange('b', { version: 5 }), newChange('c'), newChange('a'), newChange('a')];
      expect(await table().update(changes)).toEqual(['conflict', 'gone', 'saved', 'conflict']);
    });
  });

  describe('upsert', () => {
    it('adds a row where there is none', async () => {
      const row = newRow('a', { userId: 'ann' });
      expect(await table().upsert([row])).toEqual(['saved']);
      expect(await read('a')).toEqual(row);
    });

    it('replaces the data of a row, raises its version, and keeps what was created with it', async () => {
      const row = newRow('a', { version: 4 });
      await table().insert([row]);
      const saved = { data: '{"new":1}', expiresAt: NOW + 30 * HOUR, pruneAfter: NOW / HOUR + 30, lastSeenAt: NOW + 9 };
      const later = { createdAt: NOW + HOUR, handle: 'f'.repeat(32), version: 1 };
      expect(await table().upsert([newRow('a', { ...saved, ...later, userId: 'ann' })])).toEqual(['saved']);
      expect(await read('a')).toEqual({ ...row, ...saved, userId: 'ann', version: 5 });
      expect(await table().count({ now: NOW })).toBe(1);
    });

    it('brings back a row that has expired', async () => {
      await table().insert([newRow('a', { expiresAt: NOW - HOUR })]);
      expect(await table().upsert([newRow('a', { data: '{"new":1}' })])).toEqual(['saved']);
      expect(await read('a')).toMatchObject({ data: '{"new":1}', version: 2 });
    });

    it('answers for each row', async () => {
      await table().insert([newRow('b')]);
      expect(await table().upsert([newRow('a'), newRow('b'), newRow('a')])).toEqual(['saved', 'saved', 'saved']);
      const found = await table().find(['a', 'b'], NOW);
      expect(found.map((row) => row?.version)).toEqual([2, 2]);
    });
  });

  describe('remove', () => {
    it('removes rows, live or not, and says which were there', async () => {
      await table().insert([newRow('a'), newRow('old', { expiresAt: NOW }), newRow('kept')]);
      expect(await table().remove(['old', 'missing', 'a', 'a'])).toEqual(['removed', 'gone', 'removed', 'gone']);
      const left = await table().find(['a', 'old', 'kept'], NOW - 1);
      expect(left.map((row) => row?.id)).toEqual([undefined, undefined, 'kept']);
    });
  });

  describe('clear', () => {
    it('removes all rows, live or not', async () => {
      await table().insert([newRow('a'), newRow('old', { expiresAt: NOW })]);
      await table().clear();
      expect(await table().find(['a', 'old'], NOW - 1)).toEqual([undefined, undefined]);
    });
  });
}
