import { describe, expect, it, vi } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import type { Callback } from '../../lib/store/callback.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, readValues } from '../support/store-data.js';
import { DAY, useStores } from '../support/store-fixture.js';
import { failStatements, gateStatements } from '../support/store-gate.js';

/** Every method that asks the database, with a callback where it takes one. */
const METHODS: Readonly<Record<string, (store: SessionStore, done?: Callback<unknown>) => unknown>> = {
  get: (store, done) => store.get('a', done!),
  set: (store, done) => store.set('a', dataOf({ secretive: 'payload' }), done),
  touch: (store, done) => store.touch('a', dataOf(), done),
  destroy: (store, done) => store.destroy('a', done),
  all: (store, done) => store.all(done!),
  length: (store, done) => store.length(done!),
  clear: (store, done) => store.clear(done),
};
const PROMISES: typeof METHODS = {
  ...METHODS,
  list: (store) => store.list(),
  count: (store) => store.count(),
  prune: (store) => store.prune(),
  ping: (store) => store.ping(),
};

describeEachDatabase('a database that does not answer', (database) => {
  const { clock, dataSource, open, statementsOf } = useStores(database);

  it.each(Object.entries(PROMISES))('%s rejects with SessionUnavailableError and a cause without values', async (_, call) => {
    const store = open();
    failStatements(dataSource(), /./);
    const error: unknown = await Promise.resolve(call(store)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionUnavailableError);
    expect(error).toMatchObject({ code: 'SESSION_UNAVAILABLE', status: 503, expose: false, cause: { message: 'connection lost' } });
    expect(JSON.stringify([error, (error as Error).cause])).not.toContain('payload');
  });

  it.each(Object.entries(METHODS))('%s gives the error to its callback, once', async (_, call) => {
    const store = open();
    const restore = failStatements(dataSource(), /./);
    const errors: unknown[] = [];
    await new Promise<void>((resolve) => {
      expect(call(store, (error) => resolve(void errors.push(error)))).toBeUndefined();
    });
    restore();
    await store.ping();
    expect(errors).toEqual([expect.any(SessionUnavailableError)]);
  });

  it('is found out by one statement of ping', async () => {
    const store = open();
    expect(await statementsOf(() => store.ping())).toBe(1);
    failStatements(dataSource(), /./);
    await expect(store.ping()).rejects.toBeInstanceOf(SessionUnavailableError);
  });

  it('S47: does not take a failed save for a success', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    session.views = 2;
    const restore = failStatements(dataSource(), /^UPDATE/i);
    await expect(session.save()).rejects.toBeInstanceOf(SessionUnavailableError);
    restore();
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    await session.save();
    expect(await readValues(store, 'a')).toEqual({ views: 2 });
  });

  it('does not take a failed logout for a success', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    const restore = failStatements(dataSource(), /^DELETE/i);
    await expect(session.destroy()).rejects.toBeInstanceOf(SessionUnavailableError);
    restore();
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    await session.destroy();
    expect(await store.get('a')).toBeUndefined();
  });

  it('keeps the old session where a regenerate cannot end it', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    const { req } = session as unknown as { req: { session: unknown; sessionID: string } };
    const restore = failStatements(dataSource(), /^DELETE/i);
    await expect(session.regenerate()).rejects.toBeInstanceOf(SessionUnavailableError);
    restore();
    expect(req.session).toBe(session);
    expect(req.sessionID).toBe('a');
  });

  it('tries a touch again that failed', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    clock.now += DAY - 1;
    const restore = failStatements(dataSource(), /^UPDATE/i);
    await expect(store.touch('a', session as never)).rejects.toBeInstanceOf(SessionUnavailableError);
    restore();
    await store.touch('a', session as never);
    clock.now += DAY - 1;
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
  });

  it('leaves nothing unhandled when callbacks hear of the failure', async () => {
    const store = open();
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const restore = failStatements(dataSource(), /./);
    await Promise.all(Object.values(METHODS).map((call) => new Promise<void>((resolve) => call(store, () => resolve()))));
    restore();
    await new Promise(setImmediate);
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it('in time is given up after operationTimeout, and is stored all the same if it answers later', async () => {
    const store = open({ operationTimeout: 50 });
    const gate = gateStatements(dataSource(), /^INSERT/i);
    const written = store.set('a', dataOf({ views: 1 }));
    await expect(written).rejects.toBeInstanceOf(SessionUnavailableError);
    await expect(written).rejects.toThrow(/50 ms.*`operationTimeout`/);
    const closed = store.close();
    gate.open();
    await closed;
    await vi.waitFor(async () => expect(await readValues(open(), 'a')).toEqual({ views: 1 }), 20_000);
  });

  describe('and then answers again', () => {
    it('serves the next call, and nobody was told of a disconnect', async () => {
      const store = open();
      const signals: string[] = [];
      for (const name of ['connect', 'disconnect']) (store as NodeJS.EventEmitter).on(name, () => signals.push(name));
      await store.set('a', dataOf({ views: 1 }));
      const restore = failStatements(dataSource(), /./);
      await expect(store.get('a')).rejects.toBeInstanceOf(SessionUnavailableError);
      restore();
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
      expect(signals).toEqual([]);
    });
  });
});
