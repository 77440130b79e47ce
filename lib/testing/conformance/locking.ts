import type { SessionTable } from '../../table/session-table.js';
import { lock, pass, take, takeAndLose } from '../locks.js';
import { newRow, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

export function describeLocking({ describe, it }: Suite, table: () => SessionTable): void {
  describe('lock', () => {
    it('lets one in at a time, in the order in which they came', async () => {
      const current = table();
      let inside = 0;
      const order: number[] = [];
      const enter = async (number: number) => {
        const held = await take(current, 'a');
        expect(++inside).toBe(1);
        await current.ping();
        order.push(number);
        inside--;
        await held.release();
      };
      const numbers = Array.from({ length: 30 }, (_, number) => number);
      await Promise.all(numbers.map(enter));
      expect(order).toEqual(numbers);
    });

    it('gives up in time, and leaves nothing behind', async () => {
      const current = table();
      const held = await take(current, 'a');
      expect(await lock(current, 'a', { waitMs: 10 })).toBeUndefined();
      await held.release();
      await pass(current, 'a');
    });

    it('gives up when nobody needs it any more, and keeps nobody behind it waiting', async () => {
      const current = table();
      const held = await take(current, 'a');
      const [gone, goneBefore] = [new AbortController(), AbortSignal.abort()];
      const abandoned = lock(current, 'a', { signal: gone.signal });
      const next = take(current, 'a');
      gone.abort();
      expect(await abandoned).toBeUndefined();
      expect(await lock(current, 'a', { signal: goneBefore })).toBeUndefined();
      await held.release();
      await (await next).release();
    });

    it('is held until it is released, as often as that is said', async () => {
      const current = table();
      const held = await take(current, 'a');
      expect(held.isHeld).toBe(true);
      const released = held.release();
      expect(held.isHeld).toBe(false);
      await Promise.all([released, held.release()]);
      const next = await take(current, 'a');
      await held.release();
      expect(await lock(current, 'a', { waitMs: 10 })).toBeUndefined();
      await next.release();
    });

    it('ends at its longest age, and tells so once', async () => {
      const current = table();
      const reasons: string[] = [];
      const held = await take(current, 'a', { maxHoldMs: 20, onLost: (reason) => reasons.push(reason) });
      const next = await take(current, 'a');
      expect([held.isHeld, next.isHeld]).toEqual([false, true]);
      expect(reasons).toEqual(['expired']);
      await held.release();
      expect(await lock(current, 'a', { waitMs: 10 })).toBeUndefined();
      await next.release();
      expect(reasons).toEqual(['expired']);
    });

    it('leaves nothing behind of those that got too old', async () => {
      const current = table();
      const ids = Array.from({ length: 12 }, (_, number) => `id-${number}`);
      const lost = await Promise.all(ids.map((id) => takeAndLose(current, id, 20)));
      expect(await Promise.all(lost.map((each) => each.lost))).toEqual(ids.map(() => 'expired'));
      for (const id of ids) await pass(current, id);
    });

    it('keeps out nobody who locks another id', async () => {
      const current = table();
      const held = await Promise.all(['a', 'A', 'b', 'c'].map((id) => take(current, id)));
      await Promise.all(held.map((each) => each.release()));
    });

    it('keeps out no statement', async () => {
      const current = table();
      const held = await take(current, 'a');
      expect(await current.insert([newRow('a')])).toEqual(['saved']);
      expect((await current.find(['a'], NOW))[0]?.id).toBe('a');
      expect(await current.remove(['a'])).toEqual(['removed']);
      await held.release();
    });

    it('neither needs a row nor makes one', async () => {
      const current = table();
      await pass(current, 'a');
      expect(await current.find(['a'], NOW)).toEqual([undefined]);
    });
  });
}
