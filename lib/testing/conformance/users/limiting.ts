import type { SessionTable } from '../../../table/session-table.js';
import { newChange, newRow, NOW } from '../../rows.js';
import { expect } from '../../expect.js';
import type { Suite } from '../../suite.js';

const limit = { sessions: 2, now: NOW };

export function describeLimiting({ describe, it, beforeEach }: Suite, table: () => SessionTable): void {
  describe('a write within a limit', () => {
    // One more of the user has expired, and one is of somebody whose name is much alike.
    let one: SessionTable;
    beforeEach(async () => {
      one = table();
      await one.insert([
        newRow('a', { userId: 'ann' }),
        newRow('expired', { userId: 'ann', expiresAt: NOW }),
        newRow('Ann', { userId: 'Ann' }),
        newRow('visitor'),
        newRow('other visitor'),
      ]);
    });
    const insert = (id: string, userId = 'ann') => one.insertWithin(newRow(id, { userId }), limit);
    const give = (id: string, version: number | undefined = 1, userId = 'ann') =>
      one.updateWithin(newChange(id, { userId, version, isInPlace: false }), limit);
    const count = () => one.count({ userId: 'ann', now: NOW });

    it('adds rows up to the limit, and each as it is', async () => {
      expect(await insert('b')).toBe('saved');
      expect((await one.find(['b'], NOW))[0]).toEqual(newRow('b', { userId: 'ann' }));
      expect(await insert('c')).toBe('full');
      expect(await one.find(['c'], NOW)).toEqual([undefined]);
      expect(await insert('d', 'bob')).toBe('saved');
    });

    it('adds no row whose id is taken', async () => {
      expect(await insert('visitor')).toBe('conflict');
      expect((await one.find(['visitor'], NOW))[0]).toEqual(newRow('visitor'));
    });

    it('gives a row to a user up to the limit', async () => {
      expect(await give('visitor')).toBe('saved');
      expect((await one.find(['visitor'], NOW))[0]).toMatchObject({ userId: 'ann', version: 2, data: '{"changed":true}' });
      expect(await give('other visitor')).toBe('full');
      expect((await one.find(['other visitor'], NOW))[0]).toEqual(newRow('other visitor'));
    });

    it('gives a row at any version, if none is asked for', async () => {
      expect(await one.updateWithin(newChange('visitor', { version: undefined }), limit)).toBe('saved');
      expect(await one.updateWithin(newChange('other visitor', { version: undefined }), limit)).toBe('full');
    });

    it('says whether a row is gone or at another version', async () => {
      expect(await give('nowhere')).toBe('gone');
      expect(await give('visitor', 7)).toBe('conflict');
      expect(await count()).toBe(1);
    });

    it('says what is wrong with the row before it says that the user has too many', async () => {
      await one.insert([newRow('b', { userId: 'ann' })]);
      expect(await insert('visitor')).toBe('conflict');
      expect(await give('nowhere')).toBe('gone');
      expect(await give('visitor', 7)).toBe('conflict');
      expect(await give('visitor')).toBe('full');
      expect(await count()).toBe(2);
    });

    it('does not count the row itself, which another request may have given to the user', async () => {
      await one.insert([newRow('b', { userId: 'ann' })]);
      expect(await give('a', 7)).toBe('conflict');
      expect(await give('a')).toBe('saved');
      expect(await one.updateWithin(newChange('b', { version: undefined }), limit)).toBe('saved');
      expect(await insert('a')).toBe('conflict');
      expect(await count()).toBe(2);
    });

    it('lets in as many as fit, however many come at the same moment', async () => {
      for (let round = 0; round < 5; round++) {
        const userId = `user ${round}`;
        const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => insert(`${userId} ${index}`, userId)));
        expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(2);
        expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(8);
        expect(await one.count({ userId, now: NOW })).toBe(2);
      }
    });
  });
}
