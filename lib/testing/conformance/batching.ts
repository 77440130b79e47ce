import { createHash } from 'node:crypto';
import { SplitBatchError, type MultiRowOperation, type SessionTable } from '../../table/session-table.js';
import { HOUR, newChange, newRow, newTouch, NOW } from '../rows.js';
import { expect } from '../expect.js';
import type { Suite } from '../suite.js';

/** Ids as they are in use: only hashes are put together. */
const key = (name: string): string => createHash('sha256').update(name).digest('hex');
const keys = (...names: string[]): string[] => names.map(key);
/** A count that fills a statement, and some that do not. */
const COUNTS = [2, 3, 5, 8, 33, 64];
const OPERATIONS: readonly MultiRowOperation[] = ['find', 'insert', 'update', 'upsert', 'touch', 'touchInHour', 'remove'];

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => key(`${count}.${index}`));

/** What the methods do for many rows under hashed ids, which go into one statement where the dialect has it; else into one each. */
export function describeBatching({ describe, it, beforeEach }: Suite, open: () => SessionTable, rowsPerStatement: number): void {
  describe('many rows', () => {
    let table: SessionTable;
    beforeEach(async () => {
      table = open();
      // Until it knows its columns, a table takes one row at a time.
      await table.fields();
    });

    it(`go into statements of ${rowsPerStatement}, whatever is done`, () => {
      expect(OPERATIONS.map((operation) => table.batchSize(operation, 100))).toEqual(OPERATIONS.map(() => rowsPerStatement));
    });

    it.each([1, 2, 5, 15, 63])('go into one statement where %d wait, or almost all of them', (count) => {
      for (const operation of OPERATIONS) {
        const size = table.batchSize(operation, count);
        expect(size, operation).toBeLessThanOrEqual(count);
        expect(size, operation).toBeGreaterThanOrEqual(rowsPerStatement === 1 ? 1 : count * 0.75);
      }
    });

    it.each(COUNTS)('are added, read, changed, touched and removed, %d at a time', async (count) => {
      const ids = numbered(count);
      expect(await table.insert(ids.map((id) => newRow(id)))).toEqual(ids.map(() => 'saved'));
      expect(await table.find(ids, NOW)).toEqual(ids.map((id) => newRow(id)));

      const changes = ids.map((id, index) => newChange(id, { data: `{"n":${index}}`, userId: index % 2 ? 'ann' : null }));
      expect(await table.update(changes)).toEqual(ids.map(() => 'saved'));
      const touches = ids.map((id, index) => newTouch(id, { expiresAt: NOW + (40 + index) * HOUR }));
      expect(await table.touch(touches, NOW)).toEqual(ids.map(() => 'saved'));
      const found = await table.find(ids, NOW);
      expect(found).toEqual(
        ids.map((id, index) => {
          const { expiresAt, pruneAfter } = touches[index]!;
          return newRow(id, { ...changes[index], expiresAt, pruneAfter, version: 2 });
        }),
      );

      expect(await table.remove(ids)).toEqual(ids.map(() => 'removed'));
      expect(await table.count({ now: NOW })).toBe(0);
    });

    it('that are found lie in the order that was asked for, without those that are missing or over', async () => {
      const [a, b, old, missing] = keys('a', 'b', 'old', 'missing');
      await table.insert([newRow(a!), newRow(b!), newRow(old!, { expiresAt: NOW })]);
      const found = await table.find([b!, missing!, old!, a!], NOW);
      expect(found.map((row) => row?.id)).toEqual([b, undefined, undefined, a]);
    });

    it('of which one is touched never go backwards, nor bring back what is over', async () => {
      const [a, b, old, missing] = keys('a', 'b', 'old', 'missing');
      await table.insert([newRow(a!), newRow(b!), newRow(old!, { expiresAt: NOW })]);
      const back = newTouch(b!, { expiresAt: NOW + HOUR, lastSeenAt: NOW - HOUR });
      const outcomes = await each(
        (id) => (id === b ? back : newTouch(id)),
        [a!, b!, old!, missing!],
        (touches) => table.touch(touches, NOW),
      );
      expect(outcomes).toEqual(['saved', 'saved', 'gone', 'gone']);
      expect(await table.find([a!, b!], NOW)).toEqual([
        newRow(a!, { expiresAt: NOW + 25 * HOUR, pruneAfter: NOW / HOUR + 25, lastSeenAt: NOW + HOUR }),
        newRow(b!),
      ]);
      expect((await table.find([old!], NOW - 1))[0]).toEqual(newRow(old!, { expiresAt: NOW }));
    });

    it.each(['some', 'none'])('of which %s say when to prune keep the hour of the others', async (which) => {
      const [a, b] = keys('a', 'b');
      await table.insert([newRow(a!), newRow(b!)]);
      const moved = newTouch(a!, which === 'some' ? {} : { pruneAfter: undefined });
      expect(await table.touch([moved, newTouch(b!, { pruneAfter: undefined })], NOW)).toEqual(['saved', 'saved']);
      const times = { expiresAt: NOW + 25 * HOUR, lastSeenAt: NOW + HOUR };
      expect(await table.find([a!, b!], NOW)).toEqual([
        newRow(a!, { ...times, pruneAfter: moved.pruneAfter ?? newRow(a!).pruneAfter }),
        newRow(b!, { ...times, pruneAfter: newRow(b!).pruneAfter }),
      ]);
    });

    it.each(COUNTS)('are changed in place, %d at a time', async (count) => {
      const ids = numbered(count);
      const rows = ids.map((id, index) => newRow(id, { userId: index % 2 ? 'ann' : null, expiresAt: NOW + (index + 0.5) * HOUR }));
      await table.insert(rows);
      const changed = rows.map(({ expiresAt }, index) => ({ data: `{"n":${index}}`, expiresAt: expiresAt! + 1, lastSeenAt: NOW + 1 }));
      const changes = rows.map(({ id, userId }, index) => newChange(id, { ...changed[index], userId, isInPlace: true }));
      expect(await table.update(changes)).toEqual(ids.map(() => 'saved'));
      expect(await table.find(ids, NOW)).toEqual(rows.map((row, index) => ({ ...row, ...changed[index], version: 2 })));
    });

    it('of which one is changed in place are changed each as it says', async () => {
      const [a, b] = keys('a', 'b');
      const rows = [newRow(a!), newRow(b!)];
      await table.insert(rows);
      const { userId, pruneAfter } = rows[0]!;
      const changes = [newChange(a!, { userId, expiresAt: NOW + 23.6 * HOUR }), newChange(b!)];
      expect(changes[0]).toMatchObject({ pruneAfter });
      expect(await table.update([{ ...changes[0]!, isInPlace: true }, changes[1]!])).toEqual(['saved', 'saved']);
      const written = rows.map((row, index) => ({ ...row, ...changes[index], version: 2 }));
      expect(await table.find([a!, b!], NOW)).toEqual(written);
    });

    it('in any order are written each with its own', async () => {
      const ids = numbered(9).toReversed();
      await table.insert(ids.map((id) => newRow(id)));
      const data = (id: string) => `{"of":"${id}"}`;
      expect(await table.update(ids.map((id) => newChange(id, { data: data(id) })))).toEqual(ids.map(() => 'saved'));
      expect((await table.find(ids, NOW)).map((row) => row?.data)).toEqual(ids.map(data));
    });

    it('of which some are gone or changed leave those alone and save the others', async () => {
      const [a, moved, missing, z] = keys('a', 'moved', 'missing', 'z');
      await table.insert([newRow(a!), newRow(moved!, { version: 7 }), newRow(z!)]);
      const outcomes = await each(
        (id) => newChange(id),
        [a!, moved!, missing!, z!],
        (changes) => table.update(changes),
      );
      expect(outcomes).toEqual(['saved', 'conflict', 'gone', 'saved']);
      const versions = (await table.find([a!, moved!, missing!, z!], NOW)).map((row) => row?.version);
      expect(versions).toEqual([2, 7, undefined, 2]);
    });

    it('of which one is taken leave that as it is and add the others', async () => {
      const [a, taken, z] = keys('a', 'taken', 'z');
      await table.insert([newRow(taken!)]);
      const row = (id: string) => newRow(id, { data: '{"new":1}', handle: createHash('md5').update(`new ${id}`).digest('hex') });
      const outcomes = await each(row, [a!, taken!, z!], (rows) => table.insert(rows));
      expect(outcomes).toEqual(['saved', 'conflict', 'saved']);
      const data = (await table.find([a!, taken!, z!], NOW)).map((found) => found?.data);
      expect(data).toEqual(['{"new":1}', newRow(taken!).data, '{"new":1}']);
    });

    it.each(COUNTS)('are added or replaced, %d at a time', async (count) => {
      const ids = numbered(count);
      const old = ids.filter((_, index) => index % 2);
      await table.insert(old.map((id) => newRow(id, { userId: 'ann' })));
      const rows = ids.map((id, index) =>
        newRow(id, {
          data: `{"n":${index}}`,
          userId: null,
          createdAt: NOW + 1,
          handle: createHash('md5').update(`new ${id}`).digest('hex'),
        }),
      );
      expect(await table.upsert(rows)).toEqual(ids.map(() => 'saved'));
      const written = rows.map((row) => {
        const { createdAt, handle } = newRow(row.id);
        return old.includes(row.id) ? { ...row, createdAt, handle, version: 2 } : row;
      });
      expect(await table.find(ids, NOW)).toEqual(written);
    });

    it('of which some have expired are replaced, too', async () => {
      const [a, old] = keys('a', 'old');
      await table.insert([newRow(old!, { expiresAt: NOW })]);
      expect(await table.upsert([newRow(a!), newRow(old!, { expiresAt: NOW + HOUR })])).toEqual(['saved', 'saved']);
      expect((await table.find([a!, old!], NOW)).map((row) => row?.version)).toEqual([1, 2]);
    });

    it('of which some are missing are removed', async () => {
      const [a, missing, z] = keys('a', 'missing', 'z');
      await table.insert([newRow(a!), newRow(z!)]);
      const outcomes = await each(
        (id) => id,
        [a!, missing!, z!],
        (ids) => table.remove(ids),
      );
      expect(outcomes).toEqual(['removed', 'gone', 'removed']);
    });
  });
}

/** The outcomes of many rows; where the database can only take them whole and refuses, of one after the other. */
async function each<Item, Outcome>(
  make: (id: string) => Item,
  ids: readonly string[],
  write: (items: Item[]) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const items = ids.map(make);
  try {
    return await write(items);
  } catch (error) {
    expect(error).toBeInstanceOf(SplitBatchError);
    const outcomes: Outcome[] = [];
    for (const item of items) outcomes.push(...(await write([item])));
    return outcomes;
  }
}
