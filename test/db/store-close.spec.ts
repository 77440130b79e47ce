import { DataSource } from 'typeorm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SessionSerializationError, SessionUnavailableError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { dataOf, readValues } from '../support/store-data.js';
import { gateStatements } from '../support/store-gate.js';
import { DAY, START, useStores } from '../support/store-fixture.js';

/** Whether a promise has settled, as far as one turn of the event loop shows. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const turn = new Promise((resolve) => setImmediate(() => setImmediate(resolve, pending)));
  return (await Promise.race([promise.then(() => true), turn])) !== pending;
}

describeEachDatabase('close, with a data source of the application’s', (database) => {
  const { clock, dataSource, open, rows } = useStores(database);

  it('leaves that open', async () => {
    const store = open();
    await store.set('a', dataOf());
    await store.close();
    expect(dataSource().isInitialized).toBe(true);
    expect(await rows()).toHaveLength(1);
  });

  it.each(['set', 'get', 'destroy', 'touch', 'list', 'prune'] as const)('waits for a %s that is under way', async (method) => {
    const store = open();
    await store.set('a', dataOf());
    clock.now = method === 'prune' ? START + DAY : START;
    const gate = gateStatements(dataSource(), /./);
    const call = {
      set: () => store.set('b', dataOf()),
      get: () => store.get('a'),
      destroy: () => store.destroy('a'),
      touch: () => store.touch('a', dataOf()),
      list: () => store.list(),
      prune: () => store.prune(),
    }[method];
    let isDone = false;
    const done = Promise.resolve<unknown>(call()).then(() => (isDone = true));
    await gate.reached;
    const closed = store.close();
    expect(await hasSettled(closed)).toBe(false);
    expect(isDone).toBe(false);
    gate.open();
    await closed;
    await done;
    expect(isDone).toBe(true);
  });

  it('waits for work that fails, and does not fail itself', async () => {
    const store = open();
    const gate = gateStatements(dataSource(), /./);
    const failed = store.set('a', dataOf({ views: 1n })).catch((error: unknown) => error);
    const missing = store.get('b');
    await gate.reached;
    const closed = store.close();
    gate.open();
    await Promise.all([missing, closed]);
    expect(await failed).toBeInstanceOf(SessionSerializationError);
  });

  it('may be called twice', async () => {
    const store = open();
    await Promise.all([store.close(), store.close()]);
    await store.close();
    expect(dataSource().isInitialized).toBe(true);
  });
});

describeEachDatabase('close, with a connection of the store’s own', (database) => {
  const tableName = uniqueTableName();
  // Drops the table afterwards; on SQLite each connection has a database of its own.
  useDataSource(database, [defineSessionEntity({ name: 'Owned', tableName })]);

  const openOwned = () => {
    const entity = defineSessionEntity({ name: 'Owned', tableName });
    const resolved = resolveOptions({ secret: 'x', connection: database.options, entity, prune: false });
    return composeStore(resolved, { warn: () => undefined, now: () => START });
  };
  const opening = () => {
    const initialize = vi.spyOn(DataSource.prototype, 'initialize');
    onTestFinished(() => initialize.mockRestore());
    return initialize;
  };

  it('closes that after the last write', async () => {
    const initialize = opening();
    const store = openOwned();
    await store.set('a', dataOf({ views: 1 }));
    const [dataSource] = initialize.mock.contexts as DataSource[];
    const gate = gateStatements(dataSource!, /^INSERT/i);
    const written = store.set('b', dataOf({ views: 2 }));
    await gate.reached;
    const closed = store.close();
    expect(await hasSettled(closed)).toBe(false);
    expect(dataSource!.isInitialized).toBe(true);
    gate.open();
    await Promise.all([written, closed]);
    expect(dataSource!.isInitialized).toBe(false);
  });

  it('ends the store: nothing is opened again', async () => {
    const initialize = opening();
    const store = openOwned();
    await store.set('a', dataOf());
    await store.close();
    await store.close();
    await expect(store.set('a', dataOf())).rejects.toBeInstanceOf(SessionUnavailableError);
    await expect(store.get('a')).rejects.toBeInstanceOf(SessionUnavailableError);
    expect(initialize).toHaveBeenCalledTimes(1);
  });

  it('of a store that was never used opens nothing', async () => {
    const initialize = opening();
    await openOwned().close();
    expect(initialize).not.toHaveBeenCalled();
  });

  describe('and a use', () => {
    it('opens it once, however many ask first', async () => {
      const initialize = opening();
      const store = openOwned();
      await Promise.all(Array.from({ length: 5 }, (_, index) => store.set(`id-${index}`, dataOf({ index }))));
      expect(initialize).toHaveBeenCalledTimes(1);
      expect(await readValues(store, 'id-3')).toEqual({ index: 3 });
      await store.close();
    });

    it('tries again where opening failed', async () => {
      opening().mockRejectedValueOnce(Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' }));
      const store = openOwned();
      await expect(store.set('a', dataOf())).rejects.toBeInstanceOf(SessionUnavailableError);
      await store.set('a', dataOf({ views: 1 }));
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
      await store.close();
    });
  });
});
