import { describe, expect, it } from 'vitest';
import { SessionOptionsError, SessionSerializationError } from '../../lib/session.errors.js';
import type { Request, SessionData } from '../../lib/store/express-session.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues, dueAtEnd, type LiveSession } from '../support/store-data.js';
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

/** A session as a middleware puts it on a request, and that request. */
async function loadOnRequest(store: SessionStore): Promise<{ req: Request; session: LiveSession }> {
  const session = await loadSession(store, 'a');
  return { req: (session as unknown as { req: Request }).req, session };
}

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

  describe('a callback that is no function', () => {
    const NO_FUNCTIONS: unknown[] = [{}, 'x', 5, true];
    const REFUSED = new SessionOptionsError('The callback must be a function. Leave it out to get a promise.');

    it.each<[string, (store: SessionStore, req: Request, callback: never) => unknown]>([
      ['get', (store, _, callback) => store.get('a', callback)],
      ['set', (store, _, callback) => store.set('a', dataOf({ views: 2 }), callback)],
      ['touch', (store, _, callback) => store.touch('a', dataOf({}), callback)],
      ['destroy', (store, _, callback) => store.destroy('a', callback)],
      ['regenerate', (store, req, callback) => store.regenerate(req, callback)],
      ['all', (store, _, callback) => store.all(callback)],
      ['length', (store, _, callback) => store.length(callback)],
      ['clear', (store, _, callback) => store.clear(callback)],
    ])('is refused by %s of the store, and nothing is done', async (_, call) => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const before = await rows();
      const { req, session } = await loadOnRequest(store);
      for (const callback of NO_FUNCTIONS) expect(() => call(store, req, callback as never)).toThrow(REFUSED);
      await store.close();
      expect(await rows()).toEqual(before);
      expect(req.session).toBe(session);
    });

    it.each(['save', 'reload', 'regenerate', 'destroy'] as const)('is refused by %s of a session, which stays', async (method) => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const before = await rows();
      const { req, session } = await loadOnRequest(store);
      session['views'] = 2;
      for (const callback of NO_FUNCTIONS) expect(() => session[method](callback as never)).toThrow(REFUSED);
      expect(req.session).toBe(session);
      await store.close();
      expect(await rows()).toEqual(before);
    });
  });

  describe('an option of a call that there is none of', () => {
    const CALLS_WITH_OPTIONS: [string, string, (store: SessionStore, handle: string) => Promise<unknown>][] = [
      ['list', 'userID', (store) => store.list({ userID: 'ann' } as never)],
      ['count', 'user', (store) => store.count({ user: 'ann' } as never)],
      ['revoke', 'userID', (store, handle) => store.revoke(handle, { userID: 'eve' } as never)],
      ['revokeUser', 'expect', (store, handle) => store.revokeUser('ann', { expect: handle } as never)],
      ['revokeBy', 'until', (store) => store.revokeBy({ userId: 'ann' }, { until: new Date(0) } as never)],
    ];

    it.each(CALLS_WITH_OPTIONS)('is refused by %s, and nobody’s session is ended or shown', async (call, name, run) => {
      const store = open();
      const session = newSession(store, 'a', { userId: 'ann' });
      await session.save();
      const before = await rows();
      const refused = run(store, session.handle as string);
      await expect(refused).rejects.toBeInstanceOf(TypeError);
      await expect(refused).rejects.toThrow(`\`${call}\` has no option \`${name}\`. It has \``);
      expect(await rows()).toEqual(before);
    });

    it.each(['ann', 5, null])('so are options that are no object: %j', async (options) => {
      const store = open();
      const session = newSession(store, 'a', { userId: 'ann' });
      await session.save();
      const before = await rows();
      for (const refused of [
        store.list(options as never),
        store.count(options as never),
        store.revoke(session.handle as string, options as never),
        store.revokeUser('ann', options as never),
        store.revokeBy({ userId: 'ann' }, options as never),
        session.login('ann', options as never),
        session.logout(options as never),
      ]) {
        await expect(refused).rejects.toBeInstanceOf(TypeError);
        await expect(refused).rejects.toThrow(/^The options of `[\w.]+` must be an object/);
      }
      expect(await rows()).toEqual(before);
    });
  });

  it.each(['rotate', 'login', 'update'] as const)('what is no request is refused by %s, and says what to call', async (method) => {
    const store = open();
    await store.set('a', dataOf());
    const { session } = await loadOnRequest(store);
    const before = await rows();
    for (const given of [undefined, null, 'a', {}, session]) {
      const refused = method === 'rotate' ? store.rotate(given as never) : store[method](given as never, (() => 'ann') as never);
      await expect(refused).rejects.toBeInstanceOf(TypeError);
      if (method !== 'login')
        await expect(refused).rejects.toThrow(`takes the request first. If you have its session, call \`session.${method}\``);
    }
    expect(await rows()).toEqual(before);
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
