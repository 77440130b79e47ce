import { beforeEach, describe, expect, it } from 'vitest';
import type { SessionSearch, SessionTable } from '../../lib/table/session-table.js';
import { newRow, NOW } from '../support/table-rows.js';

const handleOf = (number: number): string => number.toString(16).padStart(32, '0');

export function describeLocating(table: () => SessionTable): void {
  describe('locate', () => {
    beforeEach(async () => {
      await table().insert([
        newRow('d', { handle: handleOf(1), userId: 'ann', createdAt: NOW - 2 }),
        newRow('b', { handle: handleOf(3), userId: 'Bob', createdAt: NOW - 1 }),
        newRow('e', { handle: handleOf(2), userId: 'ann' }),
        newRow('a', { handle: handleOf(4), userId: null }),
        newRow('c', { handle: handleOf(5), userId: 'ann', expiresAt: NOW }),
      ]);
    });

    const ids = async (search: Partial<SessionSearch> = {}) => (await table().locate({ limit: 10, ...search })).map(({ id }) => id);

    it('finds rows in the order of their handles, expired ones included', async () => {
      expect(await ids()).toEqual(['d', 'e', 'b', 'a', 'c']);
      expect(await ids({ limit: 2 })).toEqual(['d', 'e']);
      expect(await ids({ limit: 2, after: { id: 'e', handle: handleOf(2) } })).toEqual(['b', 'a']);
      expect(await ids({ after: { id: 'c', handle: handleOf(5) } })).toEqual([]);
    });

    it('finds those of one user', async () => {
      expect(await ids({ userId: 'ann' })).toEqual(['d', 'e', 'c']);
      expect(await ids({ userId: 'ann', limit: 1, after: { id: 'd', handle: handleOf(1) } })).toEqual(['e']);
      expect(await ids({ userId: 'nobody' })).toEqual([]);
    });

    it.each(['bob', 'BOB', 'Bob ', ' Bob', 'B_b', '%', ''])('takes user %j for another than "Bob"', async (userId) => {
      expect(await ids({ userId })).toEqual([]);
    });

    it('fills its pages whatever the rows of another user whose name differs in case only', async () => {
      await table().insert([newRow('f', { handle: handleOf(0), userId: 'bob' })]);
      expect(await ids({ userId: 'bob', limit: 1 })).toEqual(['f']);
    });

    it('finds that of one handle, if it is the user’s', async () => {
      expect(await ids({ handle: handleOf(3) })).toEqual(['b']);
      expect(await ids({ handle: handleOf(3), userId: 'Bob' })).toEqual(['b']);
      expect(await ids({ handle: handleOf(3), userId: 'ann' })).toEqual([]);
      expect(await ids({ handle: handleOf(9) })).toEqual([]);
    });

    it('finds those that were made until a moment', async () => {
      expect(await ids({ createdUntil: NOW - 3 })).toEqual([]);
      expect(await ids({ createdUntil: NOW - 2 })).toEqual(['d']);
      expect(await ids({ createdUntil: NOW - 1 })).toEqual(['d', 'b']);
      expect(await ids({ createdUntil: NOW, userId: 'ann' })).toEqual(['d', 'e', 'c']);
    });

    it('reads what it says, and no data', async () => {
      const [row] = await table().locate({ userId: 'Bob', limit: 1 });
      const { id, userId, handle, createdAt, expiresAt } = newRow('b', { handle: handleOf(3), userId: 'Bob', createdAt: NOW - 1 });
      expect(row).toEqual({ id, userId, handle, createdAt, expiresAt, data: '' });
    });
  });
}
