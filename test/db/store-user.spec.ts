import { describe, expect, it } from 'vitest';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues } from '../support/store-data.js';
import { useStores } from '../support/store-fixture.js';

describeEachDatabase('the user of a session', (database) => {
  const { open, rows, rowOf, statementsOf } = useStores(database);

  it.each<[string, Record<string, unknown>, string | null]>([
    ['a userId', { userId: 'ann' }, 'ann'],
    ['a userId of a number', { userId: 7 }, '7'],
    ['a userId of 0', { userId: 0 }, '0'],
    ['what passport keeps', { passport: { user: 'ann' } }, 'ann'],
    ['a number that passport keeps', { passport: { user: 7 } }, '7'],
    ['both', { userId: 'ann', passport: { user: 'bob' } }, 'ann'],
    ['an empty userId', { userId: '' }, null],
    ['no user', {}, null],
    ['null', { userId: null }, null],
    ['an object', { userId: { id: 7 } }, null],
    ['an object that says it is a text', { userId: { toString: 'x' } }, null],
    ['an array', { userId: ['ann'] }, null],
    ['a boolean', { userId: true }, null],
    ['an object that passport keeps', { passport: { user: { id: 7 } } }, null],
    ['a passport without a user', { passport: {} }, null],
    ['a passport that is none', { passport: 'ann' }, null],
  ])('is found in a session with %s', async (_, values, userId) => {
    const store = open();
    await store.set('a', dataOf(values));
    expect((await rowOf('a'))?.userId).toBe(userId);
    expect(await readValues(store, 'a')).toEqual(values);
  });

  it('S51: follows the session: set at the sign-in, gone after the sign-out', async () => {
    const store = open();
    const session = newSession(store, 'a', { views: 1 });
    await session.save();
    expect(await rowOf('a')).toMatchObject({ userId: null });
    await Object.assign(session, { userId: 'ann' }).save();
    expect(await rowOf('a')).toMatchObject({ userId: 'ann' });
    const loaded = await loadSession(store, 'a');
    Reflect.deleteProperty(loaded, 'userId');
    await loaded.save();
    expect(await rowOf('a')).toMatchObject({ userId: null });
  });

  describe('by a function of the application’s own', () => {
    const of = (userId: (session: Record<string, unknown>) => unknown) => ({ userId }) as unknown as Partial<SessionModuleOptions>;

    it('is what that returns', async () => {
      const store = open(of((session) => `tenant:${String(session.account)}`));
      await store.set('a', dataOf({ account: 5, userId: 'ignored' }));
      expect(await rowOf('a')).toMatchObject({ userId: 'tenant:5' });
    });

    it.each([undefined, null, '', {}, [], true, 7n])('is nobody where that returns %s', async (value) => {
      const store = open(of(() => value));
      await store.set('a', dataOf({ userId: 'ann' }));
      expect(await rowOf('a')).toMatchObject({ userId: null });
    });

    it('fails the save where that returns a promise', async () => {
      const saved = open(of(() => Promise.resolve('ann'))).set('a', dataOf());
      await expect(saved).rejects.toThrow(/`userId` returned a promise/);
    });

    it('fails the save where that throws, and nothing is stored', async () => {
      const store = open(
        of(() => {
          throw new Error('no user today');
        }),
      );
      const cost = await statementsOf(() => expect(store.set('a', dataOf())).rejects.toThrow('no user today'));
      expect(cost).toBe(0);
      expect(await rows()).toEqual([]);
    });
  });

  it('is compared exactly', async () => {
    const store = open();
    for (const [sid, userId] of Object.entries({ a: 'ann', b: 'Ann', c: 'ann ', d: 'änn', e: 7 })) await store.set(sid, dataOf({ userId }));
    for (const userId of ['ann', 'Ann', 'ann ', 'änn', '7', 7]) {
      expect(await store.count({ userId })).toBe(1);
      expect((await store.list({ userId })).map((info) => info.userId)).toEqual([String(userId)]);
    }
    for (const userId of ['ANN', 'ann%', "ann' OR '1'='1", '07']) {
      expect(await store.count({ userId })).toBe(0);
      expect(await store.list({ userId })).toEqual([]);
    }
  });

  it.each(['ann\0', '\ud800ann', 'x'.repeat(256)])('is refused as the client’s error where no column holds it: %j', async (userId) => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    const isHeld = userId === 'ann\0' && database.name !== 'postgres';
    const saved = Object.assign(session, { userId }).save();
    if (isHeld) await saved;
    else await expect(saved).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE', status: 413 });
    expect((await rowOf('a'))?.userId).toBe(isHeld ? userId : null);
    for (const other of ['ann', '\ufffdann', 'x'.repeat(255)]) expect(await store.count({ userId: other })).toBe(0);
    expect(await store.count({ userId })).toBe(isHeld ? 1 : 0);
    expect(await store.list({ userId })).toHaveLength(isHeld ? 1 : 0);
  });

  it.each(['', NaN, Infinity, {}, [], ['ann'], true])('of %s is no question that is answered with everybody’s', async (userId) => {
    const store = open();
    await store.set('a', dataOf({ userId: 'ann' }));
    await expect(store.list({ userId: userId as string })).rejects.toBeInstanceOf(TypeError);
    await expect(store.count({ userId: userId as string })).rejects.toBeInstanceOf(TypeError);
  });
});
