import { createHash } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { batched } from '../../lib/store/batching/batching-table.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { mysqlDialect } from '../../lib/table/databases/mysql/mysql.dialect.js';
import { describeEachServer, useDataSource } from '../support/databases.js';
import { openImpatientTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const key = (name: string): string => createHash('sha256').update(name).digest('hex');
const HELD = Array.from({ length: 20 }, (_, index) => key(`held ${index}`));
const FREE = Array.from({ length: 20 }, (_, index) => key(`free ${index}`));
const ALL = [...HELD, ...FREE].toSorted();

/** What is done to rows that are there, in batches and each by itself, and what comes of it. */
const WRITES: Readonly<Record<string, readonly [write: (table: SessionTable, id: string) => Promise<readonly string[]>, outcome: string]>> =
  {
    update: [(table, id) => table.update([newChange(id)]), 'saved'],
    'update at any version': [(table, id) => table.update([newChange(id, { version: undefined })]), 'saved'],
    'update at another version': [(table, id) => table.update([newChange(id, { version: 7 })]), 'conflict'],
    touch: [(table, id) => table.touch([newTouch(id)], NOW), 'saved'],
    remove: [(table, id) => table.remove([id]), 'removed'],
    upsert: [(table, id) => table.upsert([newRow(id)]), 'saved'],
    insert: [(table, id) => table.insert([newRow(id, { handle: key(`other ${id}`).slice(0, 32) })]), 'conflict'],
    changeId: [(table, id) => table.changeId([{ id, newId: key(`new ${id}`) }]), 'saved'],
    setClient: [
      async (table, id) => [
        await table.setClient({ id, ipAddress: '192.0.2.1', userAgent: null, known: { ipAddress: null, userAgent: null } }),
      ],
      'saved',
    ],
    removeHandle: [async (table, id) => [await table.removeHandle(newRow(id).handle!)], 'removed'],
  };
/** These are answered as long as the row is held, too: what they ask is known. */
const ANSWERED = new Set(['insert', 'update at another version']);

describeEachServer('Rows that another transaction has locked', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity], { poolSize: 4 });
  const other = useDataSource(database, []);
  const isPostgres = database.name === 'postgres';
  const name = isPostgres ? `"${entity.options.tableName}"` : `\`${entity.options.tableName}\``;
  let holder: QueryRunner;

  /** Locks rows, as an application does that changes the table itself. */
  async function hold(ids: readonly string[]): Promise<void> {
    await holder.startTransaction();
    // One by one, because MariaDB reads a small table as a whole, and locks all that it reads.
    for (const id of ids) await holder.query(`SELECT 1 FROM ${name} WHERE id = '${id}' FOR UPDATE`);
  }

  /** How many of the server's transactions and waiting statements are ours. */
  async function countAtServer(): Promise<number> {
    const sql = isPostgres
      ? `SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), $1)
         AND (wait_event_type = 'Lock' OR state LIKE 'idle in transaction%') AND query LIKE '%${entity.options.tableName}%'`
      : `SELECT count(*) AS count FROM information_schema.innodb_trx
         WHERE trx_mysql_thread_id <> ? AND trx_query LIKE '%${entity.options.tableName}%'`;
    const own = isPostgres ? 'SELECT pg_backend_pid() AS id' : 'SELECT CONNECTION_ID() AS id';
    const [{ id }] = (await holder.query(own)) as [{ id: unknown }];
    const [{ count }] = (await other().query(sql, [id])) as [{ count: unknown }];
    return Number(count);
  }

  beforeEach(async () => {
    holder = other().createQueryRunner();
    const table = openImpatientTable(dataSource(), entity);
    await table.fields();
    await table.clear();
    await table.insert(ALL.map((id) => newRow(id)));
  });
  afterEach(async () => {
    if (holder.isTransactionActive) await holder.rollbackTransaction();
    await holder.release();
  });

  const dialects = isPostgres ? {} : { 'as if it were MySQL': { dialect: mysqlDialect } };
  const settings = { 'by default': {}, 'through the query runner': { prepares: false }, ...dialects };
  describe.each(Object.entries(settings))('%s', (setting, options) => {
    const open = async (timeoutMs = 20_000): Promise<SessionTable> => {
      const table = openImpatientTable(dataSource(), entity, { ...options, timeoutMs });
      await table.fields();
      return batched(table, resolveOptions({ secret: 'a secret', operationTimeout: timeoutMs }), () => performance.now());
    };
    // MySQL cannot bound the wait of these in a single statement.
    const waitsAtServer = setting === 'as if it were MySQL' ? new Set(['upsert', 'insert', 'removeHandle']) : new Set<string>();
    const writes = Object.entries(WRITES).filter(([operation]) => !waitsAtServer.has(operation));

    it.each(writes)('let the others pass at once, and are written when they are free: %s', async (operation, [write, outcome]) => {
      const table = await open();
      await hold(HELD);
      const held = HELD.map((id) => write(table, id));
      let isAnswered = false;
      void Promise.race(held).then(() => (isAnswered = true));
      const free = await Promise.all(FREE.map((id) => write(table, id)));
      expect(free.flat()).toEqual(FREE.map(() => outcome));
      if (!ANSWERED.has(operation)) expect(isAnswered).toBe(false);
      // What travels alone waits there for a moment, one at a time.
      await vi.waitFor(async () => expect(await countAtServer()).toBeLessThanOrEqual(1), 20_000);
      await holder.rollbackTransaction();
      expect((await Promise.all(held)).flat()).toEqual(HELD.map(() => outcome));
    });

    it('that are removed meanwhile are gone', async () => {
      const table = await open();
      await holder.startTransaction();
      for (const id of HELD) await holder.query(`DELETE FROM ${name} WHERE id = '${id}'`);
      const outcomes = Promise.all(HELD.map(async (id) => [...(await table.update([newChange(id)])), ...(await table.remove([id]))]));
      await Promise.all(FREE.map((id) => table.update([newChange(id)])));
      await holder.commitTransaction();
      expect(await outcomes).toEqual(HELD.map(() => ['gone', 'gone']));
    });

    it('that are changed meanwhile are a conflict', async () => {
      const table = await open();
      await holder.startTransaction();
      for (const id of HELD) await holder.query(`UPDATE ${name} SET version = version + 1 WHERE id = '${id}'`);
      const outcomes = Promise.all(HELD.map((id) => table.update([newChange(id)])));
      await Promise.all(FREE.map((id) => table.update([newChange(id)])));
      await holder.commitTransaction();
      expect((await outcomes).flat()).toEqual(HELD.map(() => 'conflict'));
    });

    it('are refused after the timeout, and nothing of ours is left at the server', async () => {
      const table = await open(300);
      await hold(HELD);
      const results = await Promise.allSettled(HELD.map((id) => table.update([newChange(id)])));
      for (const result of results) {
        expect(result).toMatchObject({
          reason: { code: 'SESSION_UNAVAILABLE', message: expect.stringContaining('Another transaction has held the row') as string },
        });
      }
      await vi.waitFor(async () => expect(await countAtServer()).toBe(0), 20_000);
      await holder.rollbackTransaction();
      expect((await table.find(HELD, NOW)).map((row) => row?.version)).toEqual(HELD.map(() => 1));
    });

    it('are removed with all others when they are free, and hold no other up', async () => {
      const table = await open();
      await hold(HELD);
      const cleared = table.clear();
      await vi.waitFor(async () => expect(await table.count({ now: 0 })).toBe(HELD.length), 20_000);
      expect(await table.insert([newRow(key('later'))])).toEqual(['saved']);
      await holder.rollbackTransaction();
      await cleared;
      expect((await table.find(ALL, NOW)).every((row) => row === undefined)).toBe(true);
    });

    it('are refused by a clearing after the timeout', async () => {
      const table = await open(200);
      await hold(HELD);
      await expect(table.clear()).rejects.toMatchObject({ code: 'SESSION_UNAVAILABLE' });
      expect(await table.count({ now: 0 })).toBe(HELD.length);
    });

    if (waitsAtServer.size > 0) return;
    it('as ids that are about to be taken wait by themselves', async () => {
      const table = await open();
      const [taken, freed] = [key('taken'), key('freed')];
      await holder.startTransaction();
      const row = ({ id, handle }: { id: string; handle?: string | undefined }) =>
        `INSERT INTO ${name} (id, data, expires_at, prune_after, created_at, last_seen_at, version, handle) ` +
        `VALUES ('${id}', '{}', ${NOW * 2}, 1, 1, 1, 1, '${handle}')`;
      await holder.query(row(newRow(taken)));
      const outcomes = Promise.all([
        table.insert([newRow(taken, { handle: 'h1' })]),
        table.upsert([newRow(taken, { handle: 'h2', data: '{"mine":1}' })]),
      ]);
      const ids = Array.from({ length: 20 }, (_, index) => key(`new ${index}`));
      expect((await Promise.all(ids.map((id) => table.insert([newRow(id)])))).flat()).toEqual(ids.map(() => 'saved'));
      const others = Array.from({ length: 20 }, (_, index) => key(`set ${index}`));
      expect((await Promise.all(others.map((id) => table.upsert([newRow(id)])))).flat()).toEqual(others.map(() => 'saved'));
      await holder.commitTransaction();
      expect(await outcomes).toEqual([['conflict'], ['saved']]);
      expect((await table.find([taken, freed], NOW)).map((found) => found?.data)).toEqual(['{"mine":1}', undefined]);
    });
  });
});
