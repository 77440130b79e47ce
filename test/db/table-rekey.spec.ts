import { beforeEach, describe, expect, it } from 'vitest';
import { SessionTooLargeError } from '../../lib/session.errors.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { standardDialect } from '../../lib/table/sql/standard.dialect.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { StatementLog } from '../support/statement-log.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const ROUNDS = Array.from({ length: 20 }, (_, round) => `round-${round}`);
const WRITERS = [0, 1, 2, 3, 4, 5];

const timesIn = (outcomes: readonly string[], outcome: string): number => outcomes.filter((one) => one === outcome).length;

describeEachDatabase('Another id for a row', (database) => {
  const entity = ownSessionEntity(database);
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });

  describe.each([
    ['in its own dialect', {}, ['UPDATE']],
    // It cannot compare exactly, so it looks at the row first.
    ['in the standard dialect', { dialect: standardDialect }, ['SELECT', 'UPDATE']],
  ])('%s', (_, options, cost) => {
    const open = (): SessionTable => openTable(dataSource(), entity, options);
    const read = async (id: string, now = NOW) => (await open().find([id], now))[0];
    const changeId = (id: string, newId: string) => open().changeId([{ id, newId }]);
    beforeEach(() => open().clear());

    it('is given in one statement that changes nothing else', async () => {
      const row = newRow('a', { userId: 'ann', version: 7, ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' });
      await open().insert([row]);
      statements.take();
      expect(await changeId('a', 'b')).toEqual(['saved']);
      expect(statements.take()).toEqual(cost);
      expect(await read('b')).toEqual({ ...row, id: 'b' });
      expect(await read('a')).toBeUndefined();
    });

    it('touches no other row', async () => {
      const other = newRow('c');
      await open().insert([newRow('a'), other]);
      await changeId('a', 'b');
      expect(await read('c')).toEqual(other);
      expect(await open().count({ now: NOW })).toBe(2);
    });

    it('is gone where there is no row, and adds none', async () => {
      expect(await changeId('a', 'b')).toEqual(['gone']);
      expect(await open().count({ now: NOW })).toBe(0);
    });

    it('is a conflict where it is taken, and both rows stay as they are', async () => {
      const rows = [newRow('a', { userId: 'ann' }), newRow('b', { userId: 'bob' })];
      await open().insert(rows);
      expect(await changeId('a', 'b')).toEqual(['conflict']);
      expect(await open().find(['a', 'b'], NOW)).toEqual(rows);
    });

    it('is a conflict where it is taken by a row that has expired', async () => {
      await open().insert([newRow('a'), newRow('b', { expiresAt: NOW })]);
      expect(await changeId('a', 'b')).toEqual(['conflict']);
      expect((await read('b', NOW - 1))?.data).toBe('{"of":"b"}');
      expect((await read('a'))?.data).toBe('{"of":"a"}');
    });

    it('can be given to a row that has expired, which stays so', async () => {
      await open().insert([newRow('a', { expiresAt: NOW })]);
      expect(await changeId('a', 'b')).toEqual(['saved']);
      expect(await read('b')).toBeUndefined();
      expect((await read('b', NOW - 1))?.data).toBe('{"of":"a"}');
    });

    it('that the column cannot hold is refused before any statement', async () => {
      await open().insert([newRow('a')]);
      statements.take();
      await expect(changeId('a', 'x'.repeat(65))).rejects.toBeInstanceOf(SessionTooLargeError);
      expect(statements.take()).toEqual([]);
      expect((await read('a'))?.data).toBe('{"of":"a"}');
    });

    it('answers for each move in order, whatever becomes of its neighbours', async () => {
      await open().insert([newRow('a'), newRow('b'), newRow('c')]);
      const moves = ['a>c', 'z>y', 'c>d', 'a>c', 'b>b2'].map((move) => move.split('>') as [string, string]);
      expect(await open().changeId(moves.map(([id, newId]) => ({ id, newId })))).toEqual(['conflict', 'gone', 'saved', 'saved', 'saved']);
      const found = await open().find(['a', 'b', 'c', 'd', 'b2'], NOW);
      expect(found.map((row) => row?.data)).toEqual([undefined, undefined, '{"of":"a"}', '{"of":"c"}', '{"of":"b"}']);
    });

    it('lets what was read before neither update, touch nor remove the row', async () => {
      await open().insert([newRow('a')]);
      await changeId('a', 'b');
      expect(await open().update([newChange('a'), newChange('a', { version: undefined })])).toEqual(['gone', 'gone']);
      expect(await open().touch([newTouch('a')], NOW)).toEqual(['gone']);
      expect(await open().remove(['a'])).toEqual(['gone']);
      expect(await read('b')).toMatchObject({ data: '{"of":"a"}', version: 1 });
    });

    it('is given once, however many try at the same moment', async () => {
      for (const id of ROUNDS) {
        await open().insert([newRow(id)]);
        const outcomes = (await Promise.all(WRITERS.map((writer) => changeId(id, `${id}/${writer}`)))).flat();
        expect(timesIn(outcomes, 'saved')).toBe(1);
        expect(timesIn(outcomes, 'gone')).toBe(WRITERS.length - 1);
        expect((await read(`${id}/${outcomes.indexOf('saved')}`))?.data).toBe(`{"of":"${id}"}`);
      }
      expect(await open().count({ now: NOW })).toBe(ROUNDS.length);
    });

    it('is given to one row, however many want it at the same moment', async () => {
      for (const id of ROUNDS) {
        const rows = WRITERS.map((writer) => newRow(`${id}/${writer}`));
        await open().insert(rows);
        const outcomes = (await Promise.all(rows.map((row) => changeId(row.id, id)))).flat();
        expect(timesIn(outcomes, 'saved')).toBe(1);
        expect(timesIn(outcomes, 'conflict')).toBe(WRITERS.length - 1);
        expect((await read(id))?.data).toBe(rows[outcomes.indexOf('saved')]!.data);
      }
      expect(await open().count({ now: NOW })).toBe(ROUNDS.length * WRITERS.length);
    });

    it('revives no row that is removed at the same moment, and loses no change', async () => {
      for (const id of ROUNDS) {
        await open().insert([newRow(id)]);
        const [[moved], [removed], [updated]] = await Promise.all([
          changeId(id, `${id}/new`),
          open().remove([id]),
          open().update([newChange(id, { version: undefined })]),
        ]);
        expect(removed).toBe(moved === 'saved' ? 'gone' : 'removed');
        const row = await read(`${id}/new`);
        expect(row !== undefined).toBe(moved === 'saved');
        if (row) expect(row.version).toBe(updated === 'saved' ? 2 : 1);
        expect(await read(id)).toBeUndefined();
      }
    });
  });
});
