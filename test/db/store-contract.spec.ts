import { describe, expect, it } from 'vitest';
import type { Callback } from '../../lib/store/callback.js';
import type { SessionData } from '../../lib/store/express-session.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, readValues, valuesOf } from '../support/store-data.js';
import { DAY, START, useStores } from '../support/store-fixture.js';

/** The methods of express-session's contract, each with a callback. */
const METHODS: Readonly<Record<string, (store: SessionStore, done: Callback<unknown>) => unknown>> = {
  get: (store, done) => store.get('a', done),
  set: (store, done) => store.set('a', dataOf({ views: 2 }), done),
  touch: (store, done) => store.touch('a', dataOf(), done),
  destroy: (store, done) => store.destroy('a', done),
  all: (store, done) => store.all(done),
  length: (store, done) => store.length(done),
  clear: (store, done) => store.clear(done),
};

describeEachDatabase('the contract of express-session', (database) => {
  const fixture = useStores(database);
  const { clock, open } = fixture;

  it('get gives what set was given, as an object of its own', async () => {
    const store = open();
    const data = dataOf({ views: 1, cart: { tea: [1, 'ü', null] } });
    await store.set('a', data);
    const read = await store.get('a');
    expect(valuesOf(read)).toEqual({ views: 1, cart: { tea: [1, 'ü', null] } });
    expect(read).not.toBe(data);
    expect(read?.cookie).toMatchObject({ originalMaxAge: null, expires: null, httpOnly: true, path: '/' });
  });

  it('get finds nothing where nothing was stored, and that is no error', async () => {
    expect(await open().get('a')).toBeUndefined();
  });

  it('get tells sessions apart by the exact id', async () => {
    const store = open();
    await store.set('a', dataOf({ of: 'a' }));
    for (const other of ['A', 'a ', ' a', 'á', 'aa']) expect(await store.get(other)).toBeUndefined();
    await store.set('A', dataOf({ of: 'A' }));
    expect(await readValues(store, 'a')).toEqual({ of: 'a' });
  });

  it('set replaces what was there as a whole', async () => {
    const store = open();
    await store.set('a', dataOf({ old: 1 }));
    await store.set('a', dataOf({ new: 2 }));
    expect(await readValues(store, 'a')).toEqual({ new: 2 });
    expect(await store.length()).toBe(1);
  });

  it('touch prolongs a session and leaves its data alone', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    clock.now += DAY - 1;
    await store.touch('a', dataOf({ views: 99 }));
    clock.now += DAY - 1;
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
  });

  it('destroy ends one session, and one that is not there is no error', async () => {
    const store = open();
    await store.set('a', dataOf());
    await store.set('b', dataOf({ kept: true }));
    await store.destroy('a');
    await store.destroy('a');
    expect(await store.get('a')).toBeUndefined();
    expect(await readValues(store, 'b')).toEqual({ kept: true });
  });

  it('all and length see the live sessions only', async () => {
    const store = open();
    expect(await store.all()).toEqual([]);
    expect(await store.length()).toBe(0);
    await store.set('old', dataOf({ n: 0 }));
    clock.now = START + DAY / 2;
    await store.set('a', dataOf({ n: 1 }));
    await store.set('b', dataOf({ n: 2 }));
    expect(await store.length()).toBe(3);
    clock.now = START + DAY;
    expect((await store.all()).map(valuesOf).toSorted((x, y) => Number(x?.n) - Number(y?.n))).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await store.length()).toBe(2);
  });

  it('all reads past one page of rows', async () => {
    const store = open();
    const ids = Array.from({ length: 501 }, (_, index) => `id-${index}`);
    await Promise.all(ids.map((sid, index) => store.set(sid, dataOf({ index }))));
    const indexes = (await store.all()).map((data) => Number(valuesOf(data)?.index));
    expect(indexes.toSorted((a, b) => a - b)).toEqual(ids.map((_, index) => index));
  });

  it('clear ends all sessions', async () => {
    const store = open();
    await store.set('a', dataOf());
    await store.set('b', dataOf());
    await store.clear();
    expect(await store.length()).toBe(0);
    expect(await fixture.rows()).toEqual([]);
  });

  it('load gives a session on a request of its own', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const loaded = await new Promise<object | undefined>((resolve, reject) => {
      store.load('a', (error, session) => (error ? reject(error) : resolve(session)));
    });
    expect(valuesOf(loaded)).toEqual({ views: 1 });
  });

  describe.each(Object.entries(METHODS))('%s with a callback', (_, call) => {
    it('returns nothing, and calls back once, later, without an error', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      let hasReturned = false;
      const calls: { error: unknown; value: unknown; late: boolean }[] = [];
      await new Promise<void>((resolve) => {
        const done = (error?: unknown, value?: unknown) => {
          calls.push({ error, value, late: hasReturned });
          resolve();
        };
        expect(call(store, done)).toBeUndefined();
        hasReturned = true;
      });
      await store.ping();
      expect(calls).toHaveLength(1);
      expect(calls[0]).toMatchObject({ error: null, late: true });
    });
  });

  it('callbacks get what promises resolve to', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const answer = <T>(ask: (done: Callback<T>) => void) => new Promise<T | undefined>((resolve) => ask((_, value) => resolve(value)));
    expect(valuesOf(await answer<SessionData | null>((done) => store.get('a', done)))).toEqual({ views: 1 });
    expect((await answer<SessionData[]>((done) => store.all(done)))?.map(valuesOf)).toEqual([{ views: 1 }]);
    expect(await answer<number>((done) => store.length(done))).toBe(1);
    expect((await answer<SessionData | null>((done) => store.get('b', done))) ?? undefined).toBeUndefined();
  });
});
