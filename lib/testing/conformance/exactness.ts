import type { SessionTable } from '../../table/session-table.js';
import { newChange, newRow, newTouch, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

export function describeExactness({ describe, it, beforeEach }: Suite, table: () => SessionTable): void {
  describe('an id', () => {
    const row = newRow('abc');

    beforeEach(async () => {
      await table().insert([row]);
    });

    describe.each(['ABC', 'Abc', 'abc ', ' abc', 'abcd', 'ab', 'ábc', 'ab_', 'ab%', '%', '*'])('like %j', (id) => {
      it('does not find the row of "abc"', async () => {
        expect(await table().find([id], NOW)).toEqual([undefined]);
      });

      it.each([1, undefined])('does not update it (version %s)', async (version) => {
        expect(await table().update([newChange(id, { version })])).toEqual(['gone']);
        expect(await table().find(['abc'], NOW)).toEqual([row]);
      });

      it('does not touch it', async () => {
        expect(await table().touch([newTouch(id)], NOW)).toEqual(['gone']);
        expect(await table().find(['abc'], NOW)).toEqual([row]);
      });

      it('does not remove it', async () => {
        expect(await table().remove([id])).toEqual(['gone']);
        expect(await table().find(['abc'], NOW)).toEqual([row]);
      });

      it('does not overwrite it by an insert or upsert, whether or not the database can hold both', async () => {
        const other = newRow(id, { data: '{"other":1}' });
        await Promise.allSettled([table().insert([other])]);
        await Promise.allSettled([table().upsert([other])]);
        expect(await table().find(['abc'], NOW)).toEqual([row]);
      });
    });
  });
}
