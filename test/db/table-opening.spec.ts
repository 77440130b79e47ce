import { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import { Barrier } from '../support/barrier.js';
import { describeEachDatabase } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

describeEachDatabase('A data source of the application', (database) => {
  const entity = ownSessionEntity(database);
  let dataSource: DataSource;

  beforeEach(() => {
    dataSource = new DataSource({ ...database.options, entities: [entity], synchronize: true });
  });
  afterEach(async () => {
    const runner = dataSource.createQueryRunner();
    await runner.dropTable(dataSource.getMetadata(entity).tablePath, true);
    await runner.release();
    await dataSource.destroy();
  });

  it('is waited for', async () => {
    const inserted = Promise.allSettled([openTable(dataSource, entity).insert([newRow('a')])]);
    await dataSource.initialize();
    expect(await inserted).toEqual([{ status: 'fulfilled', value: ['saved'] }]);
  });

  it('is never initialised by the table, which gives up after its time and says what to do', async () => {
    const table = openTable(dataSource, entity, { timeoutMs: 30 });
    await expect(table.find(['a'], NOW)).rejects.toThrow(SessionUnavailableError);
    await expect(table.insert([newRow('a')])).rejects.toThrow(/not initialised within 30 ms.*initialize\(\)/);
    expect(dataSource.isInitialized).toBe(false);
    await dataSource.initialize();
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
  });

  it.each(['buildMetadatas', 'synchronize'])('is waited for while it is in the middle of %s', async (step) => {
    const barrier = new Barrier();
    const steps = dataSource as unknown as Record<string, () => Promise<void>>;
    const original = steps[step]!.bind(dataSource);
    vi.spyOn(steps, step).mockImplementation(async () => {
      await barrier.wait();
      await original();
    });
    const initialized = dataSource.initialize();
    await barrier.reached;
    const inserted = Promise.allSettled([openTable(dataSource, entity).insert([newRow('a')])]);
    // By now a table that does not wait has had its answer.
    for (const statement of ['SELECT 1', 'SELECT 2', 'SELECT 3']) await dataSource.query(statement);
    barrier.open();
    await initialized;
    expect(await inserted).toEqual([{ status: 'fulfilled', value: ['saved'] }]);
  });

  it('is looked at once, however many operations wait for it', async () => {
    const onReady = vi.fn();
    const table = openTable(dataSource, entity, { onReady });
    const operations = Promise.allSettled([table.insert([newRow('a')]), table.insert([newRow('b')]), table.ping()]);
    await dataSource.initialize();
    await operations;
    expect(onReady).toHaveBeenCalledOnce();
    expect(onReady.mock.calls[0]?.[0]).toContain('expiresAt');
  });

  it('may be closed and initialised again', async () => {
    const table = openTable(dataSource, entity);
    await dataSource.initialize();
    await table.ping();
    await dataSource.destroy();
    await expect(table.ping()).rejects.toThrow(/was closed/);
    await dataSource.initialize();
    await table.ping();
    expect(await table.insert([newRow('a')])).toEqual(['saved']);
  });
});
