import { describe, expect, it } from 'vitest';
import { SessionLimitError, SessionOptionsError } from '../../lib/session.errors.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { DAY, entityOf, SECOND, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('maxSessionsPerUser', (database) => {
  const { clock, open, rows, rowOf, statementsOf } = useStores(database);

  const signIn = async (store: SessionStore, sid: string, userId = 'ann') => {
    clock.now += SECOND;
    const session = newSession(store, sid, { userId });
    await session.save();
    return session;
  };
  const live = async (...sids: string[]) => {
    const found = await Promise.all(sids.map((sid) => rowOf(sid)));
    return sids.filter((_, index) => found[index]);
  };

  describe('with evictOldest', () => {
    it('ends the oldest when one more signs in, and says so', async () => {
      const store = open({ maxSessionsPerUser: 2 });
      const first = await signIn(store, 'a');
      await signIn(store, 'b');
      await signIn(store, 'of bob', 'bob');
      const { told } = listen(store);
      await signIn(store, 'c');
      expect(await live('a', 'b', 'c', 'of bob')).toEqual(['b', 'c', 'of bob']);
      expect(told).toEqual([
        ['created', expect.objectContaining({ userId: 'ann' })],
        ['signedIn', expect.objectContaining({ userId: 'ann' })],
        ['destroyed', { handle: first.handle, userId: 'ann', reason: 'evicted', at: new Date(clock.now) }],
      ]);
    });

    it('interrupts a request in flight of the one that was ended', async () => {
      const store = open({ maxSessionsPerUser: 1 });
      await signIn(store, 'a');
      const held = await loadSession(store, 'a');
      await signIn(open({ maxSessionsPerUser: 1 }), 'b');
      await expect(Object.assign(held, { cart: 1 }).save()).rejects.toMatchObject({ code: 'SESSION_INTERRUPTED' });
      expect(await live('a', 'b')).toEqual(['b']);
    });

    it('ends the oldest when a session gets a user later, by a save or past the store', async () => {
      const store = open({ maxSessionsPerUser: 1 });
      await signIn(store, 'a');
      clock.now += SECOND;
      const visitor = newSession(store, 'b', { cart: 1 });
      await visitor.save();
      await Object.assign(visitor, { userId: 'ann' }).save();
      expect(await live('a', 'b')).toEqual(['b']);
      clock.now += SECOND;
      await store.set('c', dataOf({ userId: 'ann' }));
      expect(await live('b', 'c')).toEqual(['c']);
    });

    it('is told to the save of a session that is older than those that may stay', async () => {
      const store = open({ maxSessionsPerUser: 1 });
      const visitor = newSession(store, 'old', { cart: 1 });
      await visitor.save();
      await signIn(store, 'a');
      await expect(Object.assign(visitor, { userId: 'ann' }).save()).rejects.toThrow(SessionLimitError);
      expect(await live('old', 'a')).toEqual(['a']);
      await expect(visitor.save()).rejects.toMatchObject({ code: 'SESSION_INTERRUPTED' });
    });

    it('leaves sessions without a user, and expired ones, out of the count', async () => {
      const store = open({ maxSessionsPerUser: 2 });
      await signIn(store, 'expired');
      clock.now = START + DAY - 2 * SECOND;
      await newSession(store, 'visitor', { cart: 1 }).save();
      await signIn(store, 'a');
      clock.now += 2 * SECOND;
      const { names } = listen(store);
      await signIn(store, 'b');
      expect(await live('visitor', 'a', 'b')).toEqual(['visitor', 'a', 'b']);
      expect(names()).toEqual(['created', 'signedIn']);
    });

    it('costs one SELECT at a sign-in, and nothing at other saves', async () => {
      const [limited, store] = [open({ maxSessionsPerUser: 2 }), open()];
      const cost = await statementsOf(() => signIn(store, 'a', 'bob'));
      expect(await statementsOf(() => signIn(limited, 'b', 'eve'))).toBe(cost + 1);
      const session = await loadSession(limited, 'b');
      expect(await statementsOf(() => Object.assign(session, { cart: 1 }).save())).toBe(1);
      expect(await statementsOf(() => newSession(limited, 'visitor', { cart: 1 }).save())).toBe(cost);
    });

    it('S22: leaves as many as are allowed, however many sign in at once', async () => {
      const stores = [open({ maxSessionsPerUser: 2 }), open({ maxSessionsPerUser: 2 })];
      await Promise.all(Array.from({ length: 50 }, (_, index) => newSession(stores[index % 2]!, `id ${index}`, { userId: 'ann' }).save()));
      expect(await rows()).toHaveLength(2);
    });
  });

  describe('with reject', () => {
    const options = { maxSessionsPerUser: 2, onLimit: 'reject' } as const;

    it('refuses one more, which leaves no row', async () => {
      const store = open(options);
      await signIn(store, 'a');
      await signIn(store, 'b');
      const { told } = listen(store);
      const error: unknown = await signIn(store, 'c').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SessionLimitError);
      expect(error).toMatchObject({ code: 'SESSION_LIMIT', status: 403, expose: true });
      expect(await live('a', 'b', 'c')).toEqual(['a', 'b']);
      expect(told).toEqual([]);
    });

    it('lets in who was refused, once there is room', async () => {
      const store = open(options);
      const first = await signIn(store, 'a');
      await signIn(store, 'b');
      const third = newSession(store, 'c', { userId: 'ann' });
      await expect(third.save()).rejects.toThrow(SessionLimitError);
      await store.revoke(first.handle as string);
      await third.save();
      expect(await live('a', 'b', 'c')).toEqual(['b', 'c']);
    });

    it('leaves a visitor’s session as it was', async () => {
      const store = open({ ...options, maxSessionsPerUser: 1 });
      await signIn(store, 'a');
      const visitor = newSession(store, 'b', { cart: 1 });
      await visitor.save();
      await expect(Object.assign(visitor, { userId: 'ann' }).save()).rejects.toThrow(SessionLimitError);
      expect(await rowOf('b')).toMatchObject({ userId: null, version: 1 });
      expect(await store.get('b')).toMatchObject({ cart: 1 });
      await Object.assign(visitor, { userId: 'bob' }).save();
      expect(await rowOf('b')).toMatchObject({ userId: 'bob', version: 2 });
    });

    it('refuses past the store, too, but not the data of a session that is there', async () => {
      const store = open({ ...options, maxSessionsPerUser: 1 });
      await store.set('a', dataOf({ userId: 'ann' }));
      await store.set('a', dataOf({ userId: 'ann', cart: 1 }));
      await expect(store.set('b', dataOf({ userId: 'ann' }))).rejects.toThrow(SessionLimitError);
      expect(await live('a', 'b')).toEqual(['a']);
    });

    it.each(['merge', 'overwrite'] as const)('lets two requests of one session sign in the same user (%s)', async (overlap) => {
      const store = open({ ...options, maxSessionsPerUser: 1, overlap });
      await store.set('a', dataOf({ views: 1 }));
      const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      await Object.assign(one, { userId: 'ann' }).save();
      await Object.assign(other, { userId: 'ann', cart: 1 }).save();
      expect(await store.get('a')).toMatchObject({ userId: 'ann', cart: 1 });
      await Promise.all([store.set('b', dataOf({ userId: 'bob' })), store.set('b', dataOf({ userId: 'bob' }))]);
      expect(await live('a', 'b')).toEqual(['a', 'b']);
    });

    it('says of a session that was ended that it was, whatever its user has', async () => {
      const store = open({ ...options, maxSessionsPerUser: 1 });
      await signIn(store, 'a');
      await store.set('b', dataOf({ cart: 1 }));
      const session = await loadSession(store, 'b');
      await store.destroy('b');
      await expect(Object.assign(session, { userId: 'ann' }).save()).rejects.toMatchObject({ code: 'SESSION_INTERRUPTED' });
    });

    it('S22: lets in exactly as many as are allowed, however many sign in at once', async () => {
      const stores = [open(options), open(options)];
      const saves = Array.from({ length: 50 }, (_, index) => newSession(stores[index % 2]!, `id ${index}`, { userId: 'ann' }).save());
      const outcomes = await Promise.allSettled(saves);
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(refused).toHaveLength(48);
      for (const reason of refused) expect(reason).toBeInstanceOf(SessionLimitError);
      expect(await rows()).toHaveLength(2);
    });
  });
});

describeEachDatabase('maxSessionsPerUser, where the entity lacks columns,', (database) => {
  const { open } = useStores(database, entityOf('id', 'data', 'expiresAt', 'userId'));

  it('is an error at the start that names them', () => {
    expect(() => open({ maxSessionsPerUser: 1 })).toThrow(SessionOptionsError);
    expect(() => open({ maxSessionsPerUser: 1 })).toThrow('yours has none for handle, createdAt. Add what is missing');
  });
});
