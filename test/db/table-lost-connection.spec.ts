import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { interceptStatements } from '../support/intercept-statements.js';
import { openImpatientTable, openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

/** An error as drivers of PostgreSQL and MariaDB raise it. */
const driverError = (code: string | number) =>
  Object.assign(new Error('raised'), typeof code === 'number' ? { code: 'ER', errno: code } : { code });

describeEachDatabase('A lost connection', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  it.each(['57P01', '08006', 'ECONNRESET', 'PROTOCOL_CONNECTION_LOST', 1927])(
    'of code %s is replaced once for what may happen twice',
    async (code) => {
      const table = openTable(dataSource(), entity);
      await table.clear();
      await table.insert([newRow('a')]);
      for (const work of [() => table.find(['a'], NOW), () => table.touch([newTouch('a')], NOW), () => table.remove(['a'])]) {
        const once = failNext(1, driverError(code));
        await work();
        expect(once()).toBe(1);
        const twice = failNext(2, driverError(code));
        await expect(work()).rejects.toThrow(SessionUnavailableError);
        expect(twice()).toBe(2);
      }
    },
  );

  it('is an error at once for what must not', async () => {
    const table = openTable(dataSource(), entity);
    await table.clear();
    await table.insert([newRow('a')]);
    for (const work of [() => table.insert([newRow('b')]), () => table.update([newChange('a')]), () => table.upsert([newRow('c')])]) {
      const failures = failNext(1, driverError('57P01'));
      await expect(work()).rejects.toThrow(SessionUnavailableError);
      expect(failures()).toBe(1);
    }
    expect(await table.count({ now: NOW })).toBe(1);
  });

  it('is no conflict for another id that was given before the answer was lost', async () => {
    const table = openTable(dataSource(), entity);
    await table.clear();
    await table.insert([newRow('a'), newRow('taken')]);
    const lose = () => {
      let isLost = false;
      return interceptStatements(dataSource(), async (sql, send) => {
        const answer = await send();
        if (isLost || !sql.startsWith('UPDATE')) return answer;
        isLost = true;
        throw driverError('ECONNRESET');
      });
    };
    const restore = lose();
    expect(await table.changeId([{ id: 'a', newId: 'b' }])).toEqual(['saved']);
    restore();
    expect((await table.find(['b'], NOW))[0]?.id).toBe('b');
    const fail = failNext(1, driverError('ECONNRESET'));
    await expect(table.changeId([{ id: 'b', newId: 'taken' }])).rejects.toThrow(SessionUnavailableError);
    fail();
    expect(await table.changeId([{ id: 'b', newId: 'taken' }])).toEqual(['conflict']);
    expect((await table.find(['b'], NOW))[0]?.id).toBe('b');
  });

  it('is no conflict for a row that was added before the answer was lost', async () => {
    const table = openTable(dataSource(), entity);
    await table.clear();
    const restore = interceptStatements(dataSource(), async (_, send) => {
      await send();
      throw driverError('ECONNRESET');
    });
    await expect(table.insert([newRow('a')])).rejects.toThrow(SessionUnavailableError);
    restore();
    expect((await table.find(['a'], NOW))[0]?.id).toBe('a');
  });

  function failNext(times: number, error: Error): () => number {
    let count = 0;
    const restore = interceptStatements(dataSource(), (_, send) => (count++ < times ? Promise.reject(error) : send()));
    return () => {
      restore();
      return Math.min(count, times);
    };
  }
});

describeEachDatabase('A connection on which a statement takes too long', (database) => {
  if (!database.isShared) {
    it('does not exist: the database works in this process', () => expect(database.options).not.toHaveProperty('url'));
    return;
  }
  const entity = ownSessionEntity(database);
  const others = useDataSource(database, [entity]);
  const dataSource = useDataSource(database, [entity], {
    poolSize: 1,
    extra: database.name === 'mariadb' ? { connectionLimit: 1 } : { max: 1 },
  });

  it.each([true, false])('is given up, and the pool goes on (prepared: %s)', async (prepares) => {
    const table = openImpatientTable(dataSource(), entity, { timeoutMs: 300, prepares });
    const id = createHash('sha256').update(String(prepares)).digest('hex');
    await table.insert([newRow(id)]);
    const blocker = others().createQueryRunner();
    const name = others().driver.escape(others().getMetadata(entity).tablePath);
    await blocker.startTransaction();
    // No statement waits long for a row; that for the whole table is not bounded by the server.
    await blocker.query(database.name === 'mariadb' ? `LOCK TABLES ${name} WRITE` : `LOCK TABLE ${name} IN EXCLUSIVE MODE`);
    await expect(table.update([newChange(id)])).rejects.toThrow(SessionUnavailableError);
    if (database.name === 'mariadb') await blocker.query('UNLOCK TABLES');
    // The pool has its one connection again. On PostgreSQL the table is still locked, but not for reads.
    expect((await table.find([id], NOW))[0]).toMatchObject({ id });
    await blocker.rollbackTransaction();
    await blocker.release();
    // A server that is not told may carry the statement out all the same.
    expect(['saved', 'conflict']).toContain((await table.update([newChange(id)]))[0]);
  });
});

describeEachDatabase('A table that changes while it is in use', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  it('is read and written on', async () => {
    const table = openTable(dataSource(), entity);
    const ids = ['a', 'b'].map((name) => createHash('sha256').update(name).digest('hex'));
    await table.insert(ids.map((id) => newRow(id)));
    await table.find([ids[0]!], NOW);
    await table.find(ids, NOW);
    const runner = dataSource().createQueryRunner();
    const { tablePath } = dataSource().getMetadata(entity);
    const name = dataSource().driver.escape(tablePath);
    await runner.query(`ALTER TABLE ${name} ADD COLUMN note varchar(10)`);
    if (database.name === 'postgres') await runner.query(`ALTER TABLE ${name} ALTER COLUMN user_id TYPE text`);
    await runner.release();
    for (let turn = 0; turn < 3; turn++) {
      expect((await table.find([ids[0]!], NOW))[0]?.version).toBe(turn + 1);
      expect(await table.update([newChange(ids[0]!, { version: turn + 1 })])).toEqual(['saved']);
    }
    expect((await table.find(ids, NOW)).map((row) => row?.version)).toEqual([4, 1]);
  });
});
