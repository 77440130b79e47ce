import { toPruneHour } from '../../table/session-row.js';
import type { SessionTable } from '../../table/session-table.js';
import { HOUR, newRow, newTouch, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

export function describeTouching({ describe, it }: Suite, table: () => SessionTable): void {
  const read = async (id: string, now = NOW) => (await table().find([id], now))[0];

  describe('touch', () => {
    it('moves the times forward and nothing else', async () => {
      const row = newRow('a', { userId: 'ann', version: 3, ipAddress: '192.0.2.7' });
      await table().insert([row]);
      expect(await table().touch([newTouch('a')], NOW)).toEqual(['saved']);
      const { expiresAt, pruneAfter, lastSeenAt } = newTouch('a');
      expect(await read('a')).toEqual({ ...row, expiresAt, pruneAfter, lastSeenAt });
    });

    it('never moves them backwards', async () => {
      const row = newRow('a');
      await table().insert([row]);
      const earlier = newTouch('a', { expiresAt: NOW + HOUR, lastSeenAt: NOW - HOUR });
      expect(await table().touch([earlier], NOW)).toEqual(['saved']);
      expect(await read('a')).toEqual(row);
    });

    it('moves each time for itself', async () => {
      const row = newRow('a');
      await table().insert([row]);
      await table().touch([newTouch('a', { expiresAt: NOW + HOUR, lastSeenAt: NOW + 5 })], NOW);
      expect(await read('a')).toEqual({ ...row, lastSeenAt: NOW + 5 });
      await table().touch([newTouch('a', { expiresAt: NOW + 48 * HOUR, lastSeenAt: NOW })], NOW);
      const expiresAt = NOW + 48 * HOUR;
      expect(await read('a')).toEqual({ ...row, lastSeenAt: NOW + 5, expiresAt, pruneAfter: toPruneHour(expiresAt) });
    });

    it('says "saved" of a live row that needs no move', async () => {
      await table().insert([newRow('a')]);
      await table().touch([newTouch('a')], NOW);
      expect(await table().touch([newTouch('a')], NOW)).toEqual(['saved']);
    });

    it('leaves the hour of pruning as it is where none is given', async () => {
      const row = newRow('a');
      await table().insert([row]);
      const touch = newTouch('a', { pruneAfter: undefined });
      expect(await table().touch([touch], NOW)).toEqual(['saved']);
      expect(await read('a')).toEqual({ ...row, lastSeenAt: touch.lastSeenAt, expiresAt: touch.expiresAt });
    });

    it('is a conflict where the row was seen since, and moves nothing', async () => {
      const row = newRow('a', { lastSeenAt: NOW });
      await table().insert([row]);
      expect(await table().touch([newTouch('a', { unseenSince: NOW - 1 })], NOW)).toEqual(['conflict']);
      expect(await read('a')).toEqual(row);
      expect(await table().touch([newTouch('a', { unseenSince: NOW })], NOW)).toEqual(['saved']);
    });

    it('is gone, and no conflict, where the row that was seen since is over', async () => {
      await table().insert([newRow('a', { expiresAt: NOW })]);
      expect(await table().touch([newTouch('a', { unseenSince: NOW - 1 })], NOW)).toEqual(['gone']);
    });

    it('is won by one of many at the same moment', async () => {
      for (let round = 0; round < 20; round++) {
        const id = `round-${round}`;
        await table().insert([newRow(id)]);
        const touch = newTouch(id, { unseenSince: NOW });
        const outcomes = await Promise.all(Array.from({ length: 8 }, async () => (await table().touch([touch], NOW))[0]));
        expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(7);
        expect(await read(id)).toMatchObject({ lastSeenAt: touch.lastSeenAt, expiresAt: touch.expiresAt });
      }
    });

    it('leaves an expired row expired', async () => {
      const row = newRow('a', { expiresAt: NOW });
      await table().insert([row]);
      expect(await table().touch([newTouch('a')], NOW)).toEqual(['gone']);
      expect(await read('a', NOW - 1)).toEqual(row);
    });

    it('adds no row', async () => {
      expect(await table().touch([newTouch('a')], NOW)).toEqual(['gone']);
      expect(await read('a')).toBeUndefined();
    });

    it('answers for each in order and touches no other row', async () => {
      const other = newRow('other');
      await table().insert([newRow('a'), newRow('old', { expiresAt: NOW }), other]);
      const outcomes = await table().touch([newTouch('missing'), newTouch('a'), newTouch('old')], NOW);
      expect(outcomes).toEqual(['gone', 'saved', 'gone']);
      expect(await read('other')).toEqual(other);
    });
  });
}
