import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, Entity, type DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionEntityError, SessionOptionsError, SessionUnavailableError } from '../../lib/session.errors.js';
import { ownDatabase, type DataSourceLifecycle } from '../../lib/table/data-source-lifecycle.js';
import { SessionEntity } from '../../lib/table/entity/session.entity.js';
import { TypeOrmSessionTable } from '../../lib/table/typeorm-session-table.js';
import { Barrier } from '../support/barrier.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';
import { embedded, hasBetterSqlite } from '../support/embedded.js';

const tableOf = (database: DataSourceLifecycle) => new TypeOrmSessionTable(database, { columns: {}, timeoutMs: 5_000 });

async function drop({ dataSource, entity }: DataSourceLifecycle): Promise<void> {
  if (!dataSource.isInitialized) await dataSource.initialize();
  const runner = dataSource.createQueryRunner();
  await runner.dropTable(dataSource.getMetadata(entity).tablePath, true);
  await runner.release();
}

describeEachDatabase('A data source of our own', (database) => {
  const entity = ownSessionEntity(database);
  let own: DataSourceLifecycle;

  beforeEach(() => {
    own = ownDatabase(database.options, entity);
  });
  afterEach(async () => {
    await drop(own);
    await own.close();
  });

  it('opens nothing before it is used', () => {
    expect(own.dataSource.isInitialized).toBe(false);
  });

  it('is opened once, however many operations come first, and gets its table', async () => {
    const initialize = vi.spyOn(own.dataSource, 'initialize');
    const table = tableOf(own);
    const rows = ['a', 'b', 'c', 'd'].map((id) => newRow(id));
    const outcomes = await Promise.all([own.open(), own.open(), ...rows.map((row) => table.insert([row]))]);
    expect(outcomes.slice(2)).toEqual([['saved'], ['saved'], ['saved'], ['saved']]);
    expect(initialize).toHaveBeenCalledOnce();
  });

  it.each(['buildMetadatas', 'synchronize'])('lets operations wait that come in the middle of %s', async (step) => {
    const barrier = new Barrier();
    const steps = own.dataSource as unknown as Record<string, () => Promise<void>>;
    const original = steps[step]!.bind(own.dataSource);
    vi.spyOn(steps, step).mockImplementation(async () => {
      await barrier.wait();
      await original();
    });
    const table = tableOf(own);
    const first = table.insert([newRow('a')]);
    await barrier.reached;
    const second = Promise.allSettled([table.insert([newRow('b')])]);
    // By now a table that does not wait has had its answer.
    for (const statement of ['SELECT 1', 'SELECT 2', 'SELECT 3']) await own.dataSource.query(statement);
    barrier.open();
    expect(await first).toEqual(['saved']);
    expect(await second).toEqual([{ status: 'fulfilled', value: ['saved'] }]);
  });

  it('is tried again after it failed', async () => {
    const initialize = vi.spyOn(own.dataSource, 'initialize').mockRejectedValueOnce(new Error('no route'));
    const table = tableOf(own);
    const refused = await Promise.allSettled([table.ping(), table.ping()]);
    for (const outcome of refused) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_UNAVAILABLE', cause: { message: 'no route' } } });
    }
    expect(initialize).toHaveBeenCalledOnce();
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
  });

  it('makes its table with `synchronize: undefined`, as if that were left out', async () => {
    const table = tableOf((own = ownDatabase({ ...database.options, synchronize: undefined } as never, entity)));
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
  });

  it('makes no table with `synchronize: false`', async () => {
    const bare = ownDatabase({ ...database.options, synchronize: false }, entity);
    await expect(tableOf(bare).find(['a'], NOW)).rejects.toThrow(SessionEntityError);
    await bare.close();
  });

  it('keeps the rows of a table that is there already', async () => {
    if (!database.isShared) {
      // A database in memory ends with its data source; a second `synchronize` stands for the second start.
      await tableOf(own).insert([newRow('a')]);
      await own.dataSource.synchronize();
      expect((await tableOf(own).find(['a'], NOW))[0]).toEqual(newRow('a'));
      return;
    }
    await tableOf(own).insert([newRow('a')]);
    const next = ownDatabase(database.options, entity);
    expect((await tableOf(next).find(['a'], NOW))[0]).toEqual(newRow('a'));
    await next.close();
  });

  it('is closed with its connections, and refuses what comes after', async () => {
    const closed = ownDatabase(database.options, entity);
    const table = tableOf(closed);
    await table.ping();
    await drop(closed);
    await closed.close();
    expect(closed.dataSource.isInitialized).toBe(false);
    await expect(table.ping()).rejects.toThrow(SessionUnavailableError);
    await expect(closed.open()).rejects.toThrow(/was closed/);
    expect(closed.dataSource.isInitialized).toBe(false);
    await expect(closed.close()).resolves.toBeUndefined();
  });

  it('is closed while it opens, and before it was ever opened', async () => {
    const unused = ownDatabase(database.options, entity);
    await unused.close();
    await expect(unused.open()).rejects.toThrow(/was closed/);
    const opening = ownDatabase(database.options, entity);
    const opened = opening.open();
    await opening.close();
    await opened;
    expect(opening.dataSource.isInitialized).toBe(false);
  });

  if (database.isShared) {
    it('makes its table beside others that make it at the same moment, ten times', async () => {
      for (let round = 0; round < 10; round++) {
        const others = [1, 2, 3].map(() => ownDatabase(database.options, entity));
        const outcomes = await Promise.allSettled(others.map((other) => tableOf(other).ping()));
        expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
        const unchanged = await others[0]!.dataSource.driver.createSchemaBuilder().log();
        expect(unchanged.upQueries.map(({ query }) => query)).toEqual([]);
        await drop(others[0]!);
        await Promise.all(others.map((other) => other.close()));
      }
    });
  }

  if (database.name === 'mariadb') {
    describe('without an entity of the application', () => {
      const name = uniqueTableName();
      let server: DataSource;
      let ours: DataSourceLifecycle;
      beforeAll(async () => {
        server = await new DataSource({ ...database.options, entities: [] }).initialize();
        await server.query(`CREATE DATABASE ${name} CHARACTER SET latin1`);
        const url = new URL(String(Reflect.get(database.options, 'url')));
        url.pathname = name;
        ours = ownDatabase({ type: 'mariadb', url: url.href });
      });
      afterAll(async () => {
        await ours.close();
        await server.query(`DROP DATABASE ${name}`);
        await server.destroy();
      });

      it('holds 16 MiB of any language', async () => {
        const table = tableOf(ours);
        const data = `😀 ${'ü'.repeat(100_000)}`;
        await table.insert([newRow('a', { data })]);
        expect((await table.find(['a'], NOW))[0]?.data).toBe(data);
        const columns = await server.query<unknown[]>(
          'SELECT data_type AS type, character_set_name AS charset FROM information_schema.columns ' +
            `WHERE table_schema = '${name}' AND table_name = 'sessions' AND column_name = 'data'`,
        );
        expect(columns).toEqual([{ type: 'mediumtext', charset: 'utf8mb4' }]);
      });
    });
  }
});

describe('A data source of our own', () => {
  it.each([
    ['whose type nobody knows', { type: 'no-such-database' }],
    ['without a type', {}],
    ['whose driver is not installed', { type: 'oracle' }],
  ])('%s is an options error', (_, options) => {
    expect(() => ownDatabase(options as DataSourceOptions)).toThrow(SessionOptionsError);
    expect(() => ownDatabase(options as DataSourceOptions)).toThrow(/`connection`.*Install the driver or correct the option/s);
  });

  it.skipIf(!hasBetterSqlite)('in a place that it cannot write to is "unavailable", and fine when it can', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sessions-'));
    const blocked = join(directory, 'blocked');
    writeFileSync(blocked, 'a file where a directory has to be');
    const own = ownDatabase({ type: 'better-sqlite3', database: join(blocked, 'sessions.sqlite') });
    const table = tableOf(own);
    await expect(table.ping()).rejects.toThrow(SessionUnavailableError);
    rmSync(blocked);
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
    await own.close();
    rmSync(directory, { recursive: true });
  });

  it.skipIf(!hasBetterSqlite).each([
    ['in WAL mode is read where it lies', { enableWAL: true }, 2 ** 28],
    ['in WAL mode that the application prepares is opened as it says', { enableWAL: true, prepareDatabase: () => undefined }, 0],
    ['in the mode of the driver is read page by page, because it may be on a network', {}, 0],
  ])('in a SQLite file %s', async (_, options, mappedBytes) => {
    const directory = mkdtempSync(join(tmpdir(), 'sessions-'));
    const own = ownDatabase({ type: 'better-sqlite3', database: join(directory, 'sessions.sqlite'), ...options });
    await own.open();
    const found = await own.dataSource.query<unknown>('PRAGMA mmap_size');
    await own.close();
    rmSync(directory, { recursive: true });
    expect(found).toEqual([{ mmap_size: mappedBytes }]);
  });

  it('takes SessionEntity, and the entity of the application where there is one', () => {
    const options = embedded;
    @Entity()
    class Custom extends SessionEntity {}
    expect(ownDatabase(options).entity).toBe(SessionEntity);
    expect(ownDatabase(options, Custom).entity).toBe(Custom);
    expect(ownDatabase(options, Custom).dataSource.options.entities).toEqual([Custom]);
  });
});
