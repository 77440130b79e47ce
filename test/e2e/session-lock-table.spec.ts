import { DataSource, type QueryRunner } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { endConnection, recordRunners } from '../support/lock-connections.js';
import { failStatements } from '../support/store-gate.js';
import { lock, pass, take, takeAndLose } from '../support/table-locks.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

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
      const held = await take(table, 'a');
      expect(++inside).toBe(1);
      await table.ping();
      order.push(who);
      inside--;
      await held.release();
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(enter));
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('is not had by who waited in vain, and by the next one nevertheless', async () => {
    const table = open();
    const held = await take(table, 'a');
    const [late, next] = [lock(table, 'a', { waitMs: 20 }), take(table, 'a')];
    await expect(late).resolves.toBeUndefined();
    await held.release();
    await (await next).release();
  });

  it('needs no row, and keeps nobody from reading and writing', async () => {
    const table = open();
    await table.clear();
    const held = await take(table, 'a');
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
    expect(await table.changeId([{ id: 'a', newId: 'b' }])).toEqual(['saved']);
    expect(await table.remove(['b'])).toEqual(['removed']);
    await held.release();
  });

  it('is waited for no longer than said, and leaves nothing behind', async () => {
    const table = open();
    await table.clear();
    const held = await take(table, 'a');
    const late = await Promise.all(Array.from({ length: 20 }, () => lock(table, 'a', { waitMs: 20 })));
    expect(late).toEqual(Array(20).fill(undefined));
    await held.release();
    for (let round = 0; round < 20; round++) await pass(table, `round-${round}`);
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
  });

  if (database.isShared) {
    describe('in the database', () => {
      it('keeps out who comes over another data source, as long as he waits', async () => {
        const [here, there] = [open(), open(second())];
        const held = await take(here, 'a');
        for (let round = 0; round < 5; round++) await expect(lock(there, 'a', { waitMs: 20 })).resolves.toBeUndefined();
        const next = take(there, 'a');
        await held.release();
        const heldNext = await next;
        await expect(lock(here, 'a', { waitMs: 20 })).resolves.toBeUndefined();
        await heldNext.release();
        await pass(here, 'a');
      });

      it('keeps nobody else out: neither another id, nor the same id in another table', async () => {
        const held = await take(open(), 'a');
        await pass(open(second()), 'b', { waitMs: 1_000 });
        await pass(openTable(second(), otherEntity), 'a', { waitMs: 1_000 });
        await held.release();
      });

      it('leaves the connection of who waited in vain as it was', async () => {
        const [here, there] = [open(), open(second())];
        await here.clear();
        const held = await take(here, 'a');
        await lock(there, 'a', { waitMs: 20 });
        // On both connections at once, the one that waited among them: in a transaction it would go on reading old rows.
        const count = () => Promise.all([there.count({ now: NOW }), there.count({ now: NOW })]);
        expect(await count()).toEqual([0, 0]);
        await here.insert([newRow('new')]);
        expect(await count()).toEqual([1, 1]);
        await held.release();
      });

      it('that is not given is an error, and the next one is not kept waiting', async () => {
        const table = open();
        const restore = failStatements(dataSource(), /advisory|GET_LOCK/i);
        for (let round = 0; round < 3; round++) await expect(lock(table, 'a')).rejects.toBeInstanceOf(SessionUnavailableError);
        restore();
        await pass(table, 'a');
      });

      it('tells at once that the server took it away, and does not hold its place in the line', async () => {
        const table = open();
        await table.ping();
        const runners = recordRunners(dataSource());
        const { held, lost } = await takeAndLose(table, 'a');
        const next = take(table, 'a');
        await endConnection(runners()[0]!, second());
        expect(await lost).toBe('taken');
        expect(held.isHeld).toBe(false);
        await held.release();
        await (await next).release();
      });

      it('that could not be ended is not handed on with its connection', async () => {
        const [here, there] = [open(), open(second())];
        await here.ping();
        const runners = recordRunners(dataSource());
        const held = await take(here, 'a');
        interceptEnd(runners()[0]!, () => Promise.reject(new Error('refused')));
        await held.release();
        await pass(there, 'a');
        await pass(here, 'a');
      });

      it('ends for everybody where the server leaves its end without an answer', async () => {
        const here = openTable(dataSource(), entity, { timeoutMs: 50 });
        await here.ping();
        const runners = recordRunners(dataSource());
        const { held, lost } = await takeAndLose(here, 'hung', 100);
        // The server works on another statement of this connection, and answers no further one before.
        const [runner] = runners();
        interceptEnd(runner!, () => runner!.query(database.name === 'postgres' ? 'SELECT pg_sleep(3)' : 'SELECT SLEEP(3)'));
        expect(await lost).toBe('expired');
        expect(held.isHeld).toBe(false);
        await held.release();
        await pass(here, 'b');
      });

      it('is refused in time where no connection is free, and leaves the pool as it was', async () => {
        const table = open();
        await table.ping();
        const runners = [dataSource().createQueryRunner(), dataSource().createQueryRunner()];
        await Promise.all(runners.map((runner) => runner.connect()));
        const refused = lock(table, 'a', { waitMs: 30 });
        await expect(refused).rejects.toBeInstanceOf(SessionUnavailableError);
        await expect(refused).rejects.toThrow(/no free connection within 30 ms\. Raise the `poolSize`/);
        await Promise.all(runners.map((runner) => runner.release()));
        for (let round = 0; round < 5; round++) await pass(table, 'a');
        await expect(Promise.all([table.ping(), table.ping()])).resolves.toBeDefined();
      });

      it('ends with all others where that is asked for', async () => {
        const [here, there] = [open(), open(second())];
        const held = await take(here, 'a');
        await here.endLocks();
        expect(held.isHeld).toBe(false);
        await pass(there, 'a');
      });

      it('ends with its connection, and its release is no error then', async () => {
        const [here, there] = [open(), open(second())];
        for (let round = 0; round < 3; round++) {
          await here.ping();
          const runners = recordRunners(dataSource());
          const held = await take(here, 'a');
          await endConnection(runners()[0]!, second());
          await pass(there, 'a');
          await held.release();
        }
        await pass(here, 'a');
      });
    });
  }

  if (database.name === 'postgres') {
    describe('under the timeouts of PostgreSQL', () => {
      const options = '-c idle_in_transaction_session_timeout=250 -c statement_timeout=250';

      it('outlives those for idle transactions and for statements, which are as before afterwards', async () => {
        const hasty = await new DataSource({ ...database.options, entities: [entity], extra: { options } }).initialize();
        onTestFinished(() => hasty.destroy());
        const [here, there] = [open(hasty), open(second())];
        const other = await take(there, 'a');
        const waiting = take(here, 'a');
        // Longer than the server lets other statements wait, and then other transactions be idle.
        await second().query('SELECT pg_sleep(0.4)');
        await other.release();
        const held = await waiting;
        await second().query('SELECT pg_sleep(0.4)');
        expect(held.isHeld).toBe(true);
        expect(await lock(there, 'a', { waitMs: 20 })).toBeUndefined();
        await held.release();
        await expect(hasty.query('SHOW idle_in_transaction_session_timeout')).resolves.toEqual([
          { idle_in_transaction_session_timeout: '250ms' },
        ]);
      });

      it('is ended by the server where this process stands still for longer than it may hold it', async () => {
        const runners = recordRunners(dataSource());
        const held = await take(open(), 'a', { maxHoldMs: 25_000 });
        const [setting] = (await runners()[0]!.query('SHOW idle_in_transaction_session_timeout')) as unknown[];
        expect(setting).toEqual({ idle_in_transaction_session_timeout: '35s' });
        await held.release();
      });
    });
  }
});

/** From now on a query runner does something else where it should end its lock. */
function interceptEnd(runner: QueryRunner, instead: () => Promise<unknown>): void {
  const query = runner.query.bind(runner);
  Object.assign(runner, {
    query: (sql: string, ...rest: []) => (/^(COMMIT|DO RELEASE_LOCK)/i.test(sql) ? instead() : query(sql, ...rest)),
  });
}
