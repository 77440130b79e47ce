import type { SessionTable } from '../../../table/session-table.js';
import { newRow, NOW } from '../../rows.js';
import { expect } from '../../expect.js';
import type { Suite } from '../../suite.js';

const handleOf = (number: number): string => number.toString(16).padStart(32, '0');

export function describeListing({ describe, it, beforeEach }: Suite, table: () => SessionTable): void {
  describe('of rows', () => {
    // Ids, handles and users each have an order of their own.
    beforeEach(async () => {
      await table().insert([
        newRow('d', { handle: handleOf(1), userId: 'ann' }),
        newRow('b', { handle: handleOf(3), userId: 'Bob' }),
        newRow('e', { handle: handleOf(2), userId: 'ann' }),
        newRow('a', { handle: handleOf(4), userId: null }),
        newRow('c', { handle: handleOf(5), userId: 'ann', expiresAt: NOW }),
      ]);
    });

    const handles = async (page: Omit<Parameters<SessionTable['page']>[0], 'now'>) =>
      (await table().page({ ...page, now: NOW })).map(({ handle }) => Number.parseInt(handle!, 16));

    it('pages live ones by handle, the newest first', async () => {
      expect(await handles({ limit: 10 })).toEqual([4, 3, 2, 1]);
    });

    it('pages from one handle to the next, with no more than `limit` at a time', async () => {
      expect(await handles({ limit: 3 })).toEqual([4, 3, 2]);
      expect(await handles({ limit: 3, after: handleOf(2) })).toEqual([1]);
      expect(await handles({ limit: 3, after: handleOf(1) })).toEqual([]);
    });

    it('goes on after a handle whose row is gone', async () => {
      await table().remove(['b']);
      expect(await handles({ limit: 10, after: handleOf(3) })).toEqual([2, 1]);
    });

    it('pages those of one user', async () => {
      expect(await handles({ limit: 10, userId: 'ann' })).toEqual([2, 1]);
      expect(await handles({ limit: 10, userId: 'ann', after: handleOf(2) })).toEqual([1]);
      expect(await handles({ limit: 1, userId: 'ann' })).toEqual([2]);
      expect(await handles({ limit: 10, userId: 'nobody' })).toEqual([]);
    });

    it.each(['bob', 'BOB', 'Bob ', ' Bob', 'B_b', '%', ''])('takes user %j for another than "Bob"', async (userId) => {
      expect(await handles({ limit: 10, userId })).toEqual([]);
      expect(await table().count({ userId, now: NOW })).toBe(0);
    });

    it('fills the pages of a user whatever the rows of another whose name differs in case only', async () => {
      const row = newRow('f', { handle: handleOf(0), userId: 'bob' });
      await table().insert([row]);
      expect(await handles({ limit: 1, userId: 'bob' })).toEqual([0]);
      expect(await handles({ limit: 1, userId: 'Bob' })).toEqual([3]);
    });

    it('shows what a list shows, and no data', async () => {
      const [row] = await table().page({ userId: 'Bob', limit: 1, now: NOW });
      const { handle, userId, createdAt, lastSeenAt, expiresAt } = newRow('b', { handle: handleOf(3), userId: 'Bob' });
      expect(row).toMatchObject({ handle, userId, createdAt, lastSeenAt, expiresAt, data: '' });
    });

    it('counts live ones, all or one user’s', async () => {
      expect(await table().count({ now: NOW })).toBe(4);
      expect(await table().count({ now: NOW - 1 })).toBe(5);
      expect(await table().count({ userId: 'ann', now: NOW })).toBe(2);
      expect(await table().count({ userId: 'Bob', now: NOW })).toBe(1);
    });

    it('scans live ones with their data in the order of their ids', async () => {
      const rows = await table().scan({ limit: 10, now: NOW });
      expect(rows.map(({ id }) => id)).toEqual(['a', 'b', 'd', 'e']);
      expect(rows[0]).toEqual(newRow('a', { handle: handleOf(4) }));
    });

    it('scans from one id to the next, with no more than `limit` at a time', async () => {
      const ids = async (limit: number, after?: string) => (await table().scan({ limit, after, now: NOW })).map(({ id }) => id);
      expect(await ids(3)).toEqual(['a', 'b', 'd']);
      expect(await ids(3, 'd')).toEqual(['e']);
      expect(await ids(3, 'c')).toEqual(['d', 'e']);
      expect(await ids(3, 'e')).toEqual([]);
    });
  });
}
