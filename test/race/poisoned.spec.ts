import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { batched } from '../../lib/store/batching/batching-table.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionRow } from '../../lib/table/session-row.js';
import type { SessionChange, SessionTable } from '../../lib/table/session-table.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { interceptStatements } from '../support/intercept-statements.js';
import { openImpatientTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const ROUNDS = 200;
const NEIGHBOURS = 6;
const key = (name: string): string => createHash('sha256').update(name).digest('hex');
const TOO_LONG = 'u'.repeat(300);
const WITH_NUL = '{"a":"\0"}';

/** The outcome of a row: what the table answers, or the code of the error. */
const outcomeOf = async (answer: Promise<readonly string[]>): Promise<string> =>
  answer.then(
    ([outcome]) => outcome!,
    (error: { code: string }) => error.code,
  );

describeEachDatabase(`A bad row among ${NEIGHBOURS} good ones, ${ROUNDS} times`, (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);
  const nul = database.name === 'postgres' ? 'SESSION_SERIALIZATION' : 'saved';

  const open = async (): Promise<SessionTable> => {
    const table = openImpatientTable(dataSource(), entity);
    await table.fields();
    await table.clear();
    return batched(table, resolveOptions({ secret: 'a secret' }), () => performance.now());
  };

  /** Gives all rows to the table at once, the bad one in the middle, and counts the statements for several rows. */
  async function play<Item>(items: readonly Item[], bad: Item, write: (item: Item) => Promise<readonly string[]>) {
    const all = [...items.slice(0, NEIGHBOURS / 2), bad, ...items.slice(NEIGHBOURS / 2)];
    const outcomes = await Promise.all(all.map((item) => outcomeOf(write(item))));
    const [badOutcome] = outcomes.splice(NEIGHBOURS / 2, 1);
    return { bad: badOutcome, good: new Set(outcomes) };
  }

  const neighbours = (round: number): string[] => Array.from({ length: NEIGHBOURS }, (_, index) => key(`${round} ${index}`));
  const badKey = (round: number): string => key(`${round} bad`);

  const inserts: readonly (readonly [string, Partial<SessionRow>, string])[] = [
    ['is too large', { userId: TOO_LONG }, 'SESSION_TOO_LARGE'],
    ['holds a NUL', { data: WITH_NUL }, nul],
    ['is taken', {}, 'conflict'],
  ];
  it.each(inserts)('of an insert that %s fails alone', async (_, more, expected) => {
    const table = await open();
    const taken = newRow(badKey(0));
    for (let round = 0; round < ROUNDS; round++) {
      const bad = newRow(badKey(round), more);
      if (expected === 'conflict') await table.insert([{ ...taken, id: bad.id, handle: bad.handle }]);
      const result = await play(
        neighbours(round).map((id) => newRow(id)),
        bad,
        (row) => table.insert([row]),
      );
      expect(result).toEqual({ bad: expected, good: new Set(['saved']) });
    }
    expect((await table.find(neighbours(ROUNDS - 1), NOW)).every((row) => row?.version === 1)).toBe(true);
  });

  const updates: readonly (readonly [string, Partial<SessionChange>, string])[] = [
    ['is too large', { userId: TOO_LONG }, 'SESSION_TOO_LARGE'],
    ['holds a NUL', { data: WITH_NUL }, nul],
    ['is at another version', { version: 7 }, 'conflict'],
    ['is gone', { id: key('missing') }, 'gone'],
  ];
  it.each(updates)('of a save that %s fails alone', async (_, more, expected) => {
    const table = await open();
    const ids = [...neighbours(0), badKey(0)];
    await Promise.all(ids.map((id) => table.insert([newRow(id)])));
    for (let round = 0; round < ROUNDS; round++) {
      const change = (id: string) => newChange(id, { version: round + 1, data: `{"round":${round}}` });
      const result = await play(neighbours(0).map(change), { ...change(badKey(0)), ...more }, (each) => table.update([each]));
      expect(result).toEqual({ bad: expected, good: new Set(['saved']) });
    }
    const rows = await table.find(neighbours(0), NOW);
    expect(new Set(rows.map((row) => `${row?.version} ${row?.data}`))).toEqual(new Set([`${ROUNDS + 1} {"round":${ROUNDS - 1}}`]));
  });

  const upserts = inserts.slice(0, 2);
  it.each(upserts)('of a set that %s fails alone', async (_, more, expected) => {
    const table = await open();
    for (let round = 0; round < ROUNDS; round++) {
      // Every other row is there already.
      const rows = [...neighbours(round), ...neighbours(round + 1).slice(0, 2)].map((id) => newRow(id));
      const result = await play(rows, newRow(badKey(round), more), (row) => table.upsert([row]));
      expect(result).toEqual({ bad: expected, good: new Set(['saved']) });
    }
    expect((await table.find(neighbours(1), NOW)).map((row) => row?.version)).toEqual([2, 2, 1, 1, 1, 1]);
  });

  it('of a touch, and of a removal, that is gone fails alone, and rows go together at all', async () => {
    const table = await open();
    let together = 0;
    const restore = interceptStatements(dataSource(), (sql, send) => {
      if (/\bIN \(|\bv\(|\), \(/.test(sql)) together++;
      return send();
    });
    for (let round = 0; round < ROUNDS; round++) {
      const ids = neighbours(round);
      await Promise.all(ids.map((id) => table.insert([newRow(id)])));
      const touched = await play(
        ids.map((id) => newTouch(id)),
        newTouch(badKey(round)),
        (touch) => table.touch([touch], NOW),
      );
      const removed = await play(ids, badKey(round), (id) => table.remove([id]));
      expect([touched, removed]).toEqual([
        { bad: 'gone', good: new Set(['saved']) },
        { bad: 'gone', good: new Set(['removed']) },
      ]);
    }
    restore();
    expect(together).toBeGreaterThanOrEqual(3 * ROUNDS);
  });
});
