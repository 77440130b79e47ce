import type { DataSource, QueryRunner } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { failStatements } from '../support/store-gate.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

const LONG = 20_000;

/** The lock, which has to be had. */
async function take(table: SessionTable, id: string, waitMs = LONG): Promise<() => Promise<void>> {
  const release = await table.lock(id, waitMs);
  if (!release) throw new Error(`The lock of ${id} could not be had.`);
  return release;
}

describeEachDatabase('The lock of an id', (database) => {
  const [entity, otherEntity] = [ownSessionEntity(database), ownSessionEntity(database, { name: 'Other' })];
  // One connection for locks and one for statements: a connection that is not given back is missed at once.
  const dataSource = useDataSource(database, [entity, otherEntity], { poolSize: 2 });
  const second = useDataSource(database, [entity, otherEntity], { poolSize: 2 });
  const open = (from: DataSource = dataSource()) => openTable(from, entity);

  it('is had by one at a time, by the others in the order in which they came', async () => {
    const table = open();
    const order: number[] = [];
    let inside = 0;
    const enter = async (who: number) => {
      const release = await take(table, 'a');
      expect(++inside).toBe(1);
      await table.ping();
      order.push(who);
      inside--;
      await release();
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(enter));
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('is not had by who waited in vain, and by the next one nevertheless', async () => {
    const table = open();
    const release = await take(table, 'a');
    const [late, next] = [table.lock('a', 20), take(table, 'a')];
    await expect(late).resolves.toBeUndefined();
    await release();
    await (
      await next
    )();
  });

  it('needs no row, and keeps nobody from reading and writing', async () => {
    const table = open();
    await table.clear();
    const release = await take(table, 'a');
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
    expect(await table.changeId([{ id: 'a', newId: 'b' }])).toEqual(['saved']);
    expect(await table.remove(['b'])).toEqual(['removed']);
    await release();
  });

  it('is waited for no longer than said, and leaves nothing behind', async () => {
    const table = open();
    await table.clear();
    const release = await take(table, 'a');
    const late = await Promise.all(Array.from({ length: 20 }, () => table.lock('a', 20)));
    expect(late).toEqual(Array(20).fill(undefined));
    await release();
    for (let round = 0; round < 20; round++) await (await take(table, `round-${round}`))();
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
  });

  if (database.isShared) {
    describe('in the database', () => {
      it('keeps out who comes over another data source, as long as he waits', async () => {
        const [here, there] = [open(), open(second())];
        const release = await take(here, 'a');
        for (let round = 0; round < 5; round++) await expect(there.lock('a', 20)).resolves.toBeUndefined();
        const next = take(there, 'a');
        await release();
        const releaseNext = await next;
        await expect(here.lock('a', 20)).resolves.toBeUndefined();
        await releaseNext();
        await (
          await take(here, 'a')
        )();
      });

      it('keeps nobody else out: neither another id, nor the same id in another table', async () => {
        const release = await take(open(), 'a');
        await (
          await take(open(second()), 'b', 1_000)
        )();
        await (
          await take(openTable(second(), otherEntity), 'a', 1_000)
        )();
        await release();
      });

      it('leaves the connection of who waited in vain as it was', async () => {
        const [here, there] = [open(), open(second())];
        await here.clear();
        const release = await take(here, 'a');
        await there.lock('a', 20);
        // On both connections at once, the one that waited among them: in a transaction it would go on reading old rows.
        const count = () => Promise.all([there.count({ now: NOW }), there.count({ now: NOW })]);
        expect(await count()).toEqual([0, 0]);
        await here.insert([newRow('new')]);
        expect(await count()).toEqual([1, 1]);
        await release();
      });

      it('that is not given is an error, and the next one is not kept waiting', async () => {
        const table = open();
        const restore = failStatements(dataSource(), /advisory|GET_LOCK/i);
        for (let round = 0; round < 3; round++) await expect(table.lock('a', LONG)).rejects.toBeInstanceOf(SessionUnavailableError);
        restore();
        await (
          await take(table, 'a')
        )();
      });

      it('ends with its connection, and its release is no error then', async () => {
        const [here, there] = [open(), open(second())];
        for (let round = 0; round < 3; round++) {
          await here.ping();
          const runners = recordRunners(dataSource());
          const release = await take(here, 'a');
          await endConnection(runners()[0]!, second());
          await (
            await take(there, 'a')
          )();
          await release();
        }
        await (
          await take(here, 'a')
        )();
      });
    });
  }
});

/** The query runners that are made until they are asked for. */
function recordRunners(dataSource: DataSource): () => QueryRunner[] {
  const runners: QueryRunner[] = [];
  const { createQueryRunner } = dataSource;
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner.call(dataSource, mode);
    runners.push(runner);
    return runner;
  };
  return () => {
    dataSource.createQueryRunner = createQueryRunner;
    return runners;
  };
}

/** Ends the connection of a query runner on the server, as an administrator or a lost network does. */
async function endConnection(runner: QueryRunner, dataSource: DataSource): Promise<void> {
  const isPostgres = dataSource.options.type === 'postgres';
  const [{ id }] = (await runner.query(`SELECT ${isPostgres ? 'pg_backend_pid()' : 'CONNECTION_ID()'} AS id`)) as [{ id: unknown }];
  await dataSource.query(isPostgres ? `SELECT pg_terminate_backend(${Number(id)})` : `KILL ${Number(id)}`);
}
