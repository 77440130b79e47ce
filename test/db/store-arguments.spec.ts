import { describe, expect, it } from 'vitest';
import { SessionOptionsError, SessionSerializationError } from '../../lib/session.errors.js';
import type { SessionData } from '../../lib/store/express-session.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues, dueAtEnd } from '../support/store-data.js';
import { useStores } from '../support/store-fixture.js';

/** What is no session data, as untyped callers may pass it. */
const NO_DATA: [string, unknown][] = [
  ['null', null],
  ['undefined', undefined],
  ['a string', 'x'],
  ['a number', 5],
  ['true', true],
  ['a function', () => undefined],
  ['an object without a cookie', { views: 1 }],
  ...[null, undefined, 'x', 5, true, []].map((cookie): [string, unknown] => [
    `a cookie of ${JSON.stringify(cookie)}`,
    { cookie, views: 1 },
  ]),
];

type Done = (error?: unknown) => void;
const CALLS: [string, (store: SessionStore, data: SessionData, done?: Done) => Promise<void> | void][] = [
  ['set', (store, data, done) => store.set('a', data, done)],
  ['touch', (store, data, done) => store.touch('a', data, done)],
];

describeEachDatabase('the arguments of the store', (database) => {
  const { open, rows } = useStores(database);

  describe.each(NO_DATA)('%s as session data', (_, data) => {
    it.each(CALLS)('is refused by %s with a sentence, as a rejection and in the callback', async (_name, call) => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const before = await rows();
      const rejected = call(store, data as SessionData) as Promise<void>;
      await expect(rejected).rejects.toBeInstanceOf(SessionSerializationError);
      await expect(rejected).rejects.toThrow(/must be an object with a `cookie`/);
      const told = await new Promise((resolve) => void call(store, data as SessionData, resolve));
      expect(told).toBeInstanceOf(SessionSerializationError);
      expect(await rows()).toEqual(before);
    });
  });

  it('a session that has lost its cookie is refused by save, and stays as it was', async () => {
    const store = open();
    await newSession(store, 'a', { views: 1 }).save();
    const session = await loadSession(store, 'a');
    Object.assign(session, { cookie: null, views: 2 });
    expect(await dueAtEnd(store, session)).toBe('save');
    await expect(session.save()).rejects.toBeInstanceOf(SessionSerializationError);
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
  });

  it.each([null, undefined, 5, 'x', {}])('a session of %o in destroy is no matter', async (session) => {
    const store = open();
    await store.set('a', dataOf());
    await new Promise<void>((resolve, reject) => {
      store.destroy('a', (error) => (error ? reject(error) : resolve()), session as never);
    });
    expect(await rows()).toEqual([]);
  });

  it.each<[string, (store: SessionStore, callback: never) => unknown]>([
    ['get', (store, callback) => store.get('a', callback)],
    ['set', (store, callback) => store.set('a', dataOf({ views: 2 }), callback)],
    ['touch', (store, callback) => store.touch('a', dataOf({}), callback)],
    ['destroy', (store, callback) => store.destroy('a', callback)],
    ['all', (store, callback) => store.all(callback)],
    ['length', (store, callback) => store.length(callback)],
    ['clear', (store, callback) => store.clear(callback)],
  ])('a callback of %s that is no function is refused with a sentence', async (_, call) => {
    const store = open();
    for (const callback of [{}, 'x', 5, true]) {
      expect(() => call(store, callback as never)).toThrow(
        new SessionOptionsError('The callback must be a function. Leave it out to get a promise.'),
      );
    }
    await store.close();
  });

  it('an id that is none is refused by set in plain words', async () => {
    await expect(open().set('', dataOf())).rejects.toBeInstanceOf(SessionOptionsError);
    await expect(open().set('', dataOf())).rejects.toThrow('a string of 1 to 256 characters');
  });

  describe('an `idleTimeout` that is a function and gives no duration', () => {
    it.each<[string, () => never]>([
      ['returns nothing', () => undefined as never],
      ['returns a negative number', () => -1 as never],
      [
        'throws',
        () => {
          throw new Error('no idleTimeout today');
        },
      ],
    ])('%s: fails the operation, and never the call', async (_, give) => {
      await open().set('a', dataOf({ views: 1 }));
      const before = await rows();
      const store = open({ idleTimeout: give });
      const session = await loadSession(store, 'a');
      const made = newSession(store, 'b', { views: 1 });
      for (const failed of [
        session.save(),
        store.touch('a', session as never),
        store.set('a', dataOf()),
        store.touch('a', dataOf()),
        made.save(),
      ]) {
        await expect(failed).rejects.toThrow(/idleTimeout/);
      }
      for (const [, call] of CALLS) {
        const told = await new Promise((resolve) => void call(store, dataOf(), resolve));
        expect(String(told)).toMatch(/idleTimeout/);
      }
      expect(await dueAtEnd(store, session)).toBe('touch');
      expect(await rows()).toEqual(before);
    });
  });
});
