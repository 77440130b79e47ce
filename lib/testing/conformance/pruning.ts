import type { SessionTable } from '../../table/session-table.js';
import { HOUR, newRow, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

const THIS_HOUR = NOW / HOUR;

export function describePruning({ describe, it }: Suite, table: () => SessionTable): void {
  const idsLeft = async () => (await table().scan({ limit: 100, now: 0 })).map(({ id }) => id);

  describe('prune', () => {
    it('removes rows where `pruneAfter` and `expiresAt` have both passed, and says how many', async () => {
      await table().insert([
        newRow('a-over', { expiresAt: NOW, pruneAfter: THIS_HOUR }),
        newRow('b-expired-only', { expiresAt: NOW, pruneAfter: THIS_HOUR + 1 }),
        newRow('c-hour-only', { expiresAt: NOW + 1, pruneAfter: THIS_HOUR }),
        newRow('d-live', { expiresAt: NOW + 1, pruneAfter: THIS_HOUR + 1 }),
        newRow('e-long-over', { expiresAt: NOW - 5 * HOUR, pruneAfter: THIS_HOUR - 5 }),
      ]);
      expect(await table().prune({ now: NOW, limit: 100 })).toBe(2);
      expect(await idsLeft()).toEqual(['b-expired-only', 'c-hour-only', 'd-live']);
    });

    it('waits for the full hour', async () => {
      await table().insert([newRow('a', { expiresAt: NOW - 10, pruneAfter: THIS_HOUR })]);
      expect(await table().prune({ now: NOW - 1, limit: 100 })).toBe(0);
      expect(await table().prune({ now: NOW, limit: 100 })).toBe(1);
    });

    it('removes no more than `limit`, the oldest first', async () => {
      const ages = { a: 2, b: 5, c: 1, d: 4, e: 3 };
      await table().insert(Object.entries(ages).map(([id, hours]) => newRow(id, { expiresAt: NOW - hours * HOUR })));
      expect(await table().prune({ now: NOW, limit: 2 })).toBe(2);
      expect(await idsLeft()).toEqual(['a', 'c', 'e']);
      expect(await table().prune({ now: NOW, limit: 2 })).toBe(2);
      expect(await idsLeft()).toEqual(['c']);
      expect(await table().prune({ now: NOW, limit: 2 })).toBe(1);
    });

    it('removes nothing from a table of live rows, nor from an empty one', async () => {
      expect(await table().prune({ now: NOW, limit: 100 })).toBe(0);
      await table().insert([newRow('a')]);
      expect(await table().prune({ now: NOW, limit: 100 })).toBe(0);
      expect(await idsLeft()).toEqual(['a']);
    });

    it('does not remove a row that was touched in time', async () => {
      await table().insert([newRow('a', { expiresAt: NOW })]);
      await table().touch([{ id: 'a', expiresAt: NOW + 1, pruneAfter: THIS_HOUR + 1, lastSeenAt: NOW - 1, unseenSince: NOW }], NOW - 1);
      expect(await table().prune({ now: NOW, limit: 100 })).toBe(0);
      expect(await idsLeft()).toEqual(['a']);
    });
  });
}
