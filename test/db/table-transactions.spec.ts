import { describe, expect, it } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { Barrier } from '../support/barrier.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const ROLLBACK = new Error('roll back');
const rolledBack = (error: unknown) => expect(error).toBe(ROLLBACK);

/** Writes that change the row "a", and what tells that they did. */
const WRITES: [string, (table: SessionTable) => Promise<unknown>, (table: SessionTable) => Promise<unknown>][] = [
  ['insert', (table) => table.insert([newRow('b')]), async (table) => (await table.find(['b'], NOW))[0]?.id === 'b'],
  ['update', (table) => table.update([newChange('a')]), async (table) => (await table.find(['a'], NOW))[0]?.version === 2],
  ['upsert', (table) => table.upsert([newRow('b')]), async (table) => (await table.find(['b'], NOW))[0]?.id === 'b'],
  ['touch', (table) => table.touch([newTouch('a')], NOW), async (table) => (await table.find(['a'], NOW))[0]?.lastSeenAt !== NOW],
  ['changeId', (table) => table.changeId([{ id: 'a', newId: 'new' }]), async (table) => (await table.find(['new'], NOW))[0] !== undefined],
  ['remove', (table) => table.remove(['a']), async (table) => (await table.find(['a'], NOW))[0] === undefined],
  ['clear', (table) => table.clear(), async (table) => (await table.count({ now: NOW })) === 0],
  ['prune', (table) => table.prune({ now: NOW, limit: 9 }), async (table) => (await table.find(['old'], NOW - 1))[0] === undefined],
];

describeEachDatabase('Beside a transaction of the application', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);
  const open = async (timeoutMs = 5_000) => {
    const table = openTable(dataSource(), entity, { timeoutMs });
    await table.clear();
    await table.insert([newRow('a'), newRow('old', { expiresAt: NOW })]);
    return table;
  };

  /** A transaction that is open until the barrier is, and is then rolled back. */
  const transaction = async () => {
    const over = new Barrier();
    const done = dataSource().transaction(async (manager) => {
      await manager.query('SELECT 1');
      await over.wait();
      throw ROLLBACK;
    });
    const outcome = done.catch(rolledBack);
    await over.reached;
    return async () => {
      over.open();
      await outcome;
    };
  };

  describe.each(WRITES)('%s', (_, write, isDone) => {
    it('survives its rollback', async () => {
      const table = await open();
      const rollBack = await transaction();
      let isOver = false;
      const written = write(table).then((outcome) => {
        // On one connection for all, nothing is reported while the transaction may still take it back.
        expect(isOver || database.isShared).toBe(true);
        return outcome;
      });
      await dataSource().query('SELECT 1');
      isOver = true;
      await rollBack();
      await written;
      expect(await isDone(table)).toBe(true);
    });

    it('survives the rollback of one that starts at any moment after it', async () => {
      for (let ticks = 0; ticks < 25; ticks++) {
        const table = await open();
        const written = write(table);
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
        const rolled = dataSource()
          .transaction(async (manager) => {
            await manager.query('SELECT 1');
            throw ROLLBACK;
          })
          .catch(rolledBack);
        await Promise.all([written, rolled]);
        expect(await isDone(table), `after ${ticks} ticks`).toBe(true);
      }
    });
  });

  it('reads do not wait', async () => {
    const table = await open();
    const rollBack = await transaction();
    expect((await table.find(['a'], NOW))[0]?.id).toBe('a');
    expect(await table.count({ now: NOW })).toBe(1);
    expect(await table.page({ limit: 9, now: NOW })).toHaveLength(1);
    expect(await table.scan({ limit: 9, now: NOW })).toHaveLength(1);
    await table.ping();
    await rollBack();
  });

  if (!database.isShared) {
    /** The connection that the application shares with the sessions; both drivers have this method. */
    const connection = () => (dataSource().driver as unknown as { databaseConnection: { exec(sql: string): unknown } }).databaseConnection;
    const raw = (sql: string) => connection().exec(sql);
    const query = (sql: string) => dataSource().query<unknown>(sql);
    const runner = (sql: string) => dataSource().createQueryRunner().query(sql);

    describe.each([
      ['on the connection', raw, 'BEGIN'],
      ['on the connection, as a savepoint', raw, 'SAVEPOINT own'],
      ['on the connection, with a lock', raw, 'BEGIN IMMEDIATE'],
      ['through the data source', query, 'BEGIN'],
      ['through a query runner', runner, 'BEGIN TRANSACTION'],
    ])('that was begun by hand %s', (_, run, begin) => {
      const end = begin.startsWith('SAVEPOINT') ? 'ROLLBACK TO own; RELEASE own' : 'ROLLBACK';

      it.each(WRITES)('%s survives its rollback', async (__, write, isDone) => {
        const table = await open();
        await run(begin);
        let isWritten = false;
        const written = write(table).then(() => (isWritten = true));
        for (const sql of ['SELECT 1', 'SELECT 2', 'SELECT 3']) await dataSource().query(sql);
        expect(isWritten).toBe(false);
        raw(end);
        await written;
        expect(await isDone(table)).toBe(true);
      });

      it.each(WRITES)('%s survives it at any moment', async (__, write, isDone) => {
        for (let ticks = 0; ticks < 12; ticks++) {
          const table = await open();
          const written = write(table);
          for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
          await run(begin);
          raw(end);
          await written;
          expect(await isDone(table), `after ${ticks} ticks`).toBe(true);
        }
      });

      it('does not keep reads waiting, and is not ended by them', async () => {
        const table = await open();
        await run(begin);
        raw('CREATE TEMP TABLE mark AS SELECT 1 AS here');
        expect((await table.find(['a'], NOW))[0]?.id).toBe('a');
        expect(await table.count({ now: NOW })).toBe(1);
        raw(end);
        // The rollback took the table back, so the transaction was still there.
        expect(() => raw('SELECT here FROM mark')).toThrow(/no such table/);
      });
    });

    it.each([true, false])('one that was begun by hand lets no write through (prepared: %s)', async (prepares) => {
      await open();
      const table = openTable(dataSource(), entity, { timeoutMs: 20, prepares });
      raw('BEGIN');
      await expect(table.remove(['a'])).rejects.toThrow(/held the one SQLite connection for 20 ms/);
      raw('ROLLBACK');
      expect(await table.remove(['a'])).toEqual(['removed']);
    });

    it('time in which the event loop is blocked is not waited', async () => {
      await open();
      const table = openTable(dataSource(), entity, { timeoutMs: 200 });
      raw('BEGIN');
      const removed = table.remove(['a']);
      for (const end = performance.now() + 400; performance.now() < end;);
      raw('ROLLBACK');
      expect(await removed).toEqual(['removed']);
    });

    it('a write that has waited its time is "unavailable", says why, and never happens', async () => {
      const table = await open(20);
      const rollBack = await transaction();
      await expect(table.update([newChange('a')])).rejects.toThrow(SessionUnavailableError);
      await expect(table.remove(['a'])).rejects.toThrow(/held the one SQLite connection for 20 ms.*`connection` of their own/);
      await rollBack();
      expect(await table.find(['a'], NOW)).toEqual([newRow('a')]);
      expect(await table.update([newChange('a')])).toEqual(['saved']);
    });
  }
});
