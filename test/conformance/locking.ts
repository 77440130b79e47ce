import { describe, expect, it } from 'vitest';
import type { SessionTable } from '../../lib/table/session-table.js';
import { newRow, NOW } from '../support/table-rows.js';

export function describeLocking(table: () => SessionTable): void {
  describe('lock', () => {
    const LONG = 20_000;

    it('lets one in at a time, in the order in which they came', async () => {
      const current = table();
      let inside = 0;
      const order: number[] = [];
      const enter = async (number: number) => {
        const release = await current.lock('a', LONG);
        expect(++inside).toBe(1);
        await current.ping();
        order.push(number);
        inside--;
        await release!();
      };
      const numbers = Array.from({ length: 30 }, (_, number) => number);
      await Promise.all(numbers.map(enter));
      expect(order).toEqual(numbers);
    });

    it('gives up in time, and leaves nothing behind', async () => {
      const current = table();
      const release = await current.lock('a', LONG);
      expect(await current.lock('a', 10)).toBeUndefined();
      await release!();
      const again = await current.lock('a', LONG);
      expect(again).toBeTypeOf('function');
      await again!();
    });

    it('keeps out nobody who locks another id', async () => {
      const current = table();
      const releases = await Promise.all(['a', 'A', 'b', 'c'].map((id) => current.lock(id, LONG)));
      expect(releases.map((release) => typeof release)).toEqual(['function', 'function', 'function', 'function']);
      await Promise.all(releases.map((release) => release!()));
    });

    it('keeps out no statement', async () => {
      const current = table();
      const release = await current.lock('a', LONG);
      expect(await current.insert([newRow('a')])).toEqual(['saved']);
      expect((await current.find(['a'], NOW))[0]?.id).toBe('a');
      expect(await current.remove(['a'])).toEqual(['removed']);
      await release!();
    });

    it('neither needs a row nor makes one', async () => {
      const current = table();
      const release = await current.lock('a', LONG);
      await release!();
      expect(await current.find(['a'], NOW)).toEqual([undefined]);
    });
  });
}
