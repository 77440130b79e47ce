import { describe, expect, it, onTestFinished } from 'vitest';
import { SessionEntityError } from '../../lib/session.errors.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { interceptStatements } from '../support/intercept-statements.js';
import { loadSession, newSession, requestOf } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { DAY, entityOf, kindsOf, SECOND, START, useStores } from '../support/store-fixture.js';

const UNREADABLE = { name: 'unreadable', serialize: () => 'x', deserialize: () => Promise.reject(new Error('no')) };

describeEachDatabase('a revocation', (database) => {
  const { clock, open, rows, rowOf, statements } = useStores(database);

  /** Stores a session for each user, one after the other; its id is the user with a number. */
  const signIn = async (store: SessionStore, ...userIds: (string | number)[]) => {
    const sessions = [];
    for (const [index, userId] of userIds.entries()) {
      clock.now += SECOND;
      const session = newSession(store, `${userId} ${index}`, { userId });
      await session.save();
      sessions.push(session);
    }
    return sessions;
  };
  const usersLeft = async () => (await rows()).map(({ userId }) => String(userId)).toSorted();

  describe('of one session', () => {
    it('ends it, and no other', async () => {
      const store = open();
      const [session] = await signIn(store, 'ann', 'ann');
      expect(await store.revoke(session!.handle as string)).toBe(true);
      expect(await store.get('ann 0')).toBeUndefined();
      expect(await store.get('ann 1')).toBeDefined();
      expect(await store.revoke(session!.handle as string)).toBe(false);
    });

    it('costs one SELECT and one DELETE, and decodes nothing', async () => {
      const store = open({ serializer: UNREADABLE });
      const [session] = await signIn(store, 'ann');
      statements.length = 0;
      expect(await store.revoke(session!.handle as string)).toBe(true);
      expect(kindsOf(statements).filter((kind) => kind !== 'SET')).toEqual(['SELECT', 'DELETE']);
    });

    it('ends only one of the user that is named', async () => {
      const store = open();
      const [session] = await signIn(store, 'ann');
      const handle = session!.handle as string;
      for (const userId of ['bob', 'Ann', 'ann ', undefined, null]) expect(await store.revoke(handle, { userId })).toBe(false);
      expect(await rows()).toHaveLength(1);
      expect(await store.revoke(handle, { userId: 'ann' })).toBe(true);
    });

    it.each(['', 'x', 'f'.repeat(33), undefined, {}, 7])('is false for %j, which is no handle, without a statement', async (handle) => {
      const store = open();
      await signIn(store, 'ann');
      statements.length = 0;
      expect(await store.revoke(handle as string)).toBe(false);
      expect(statements).toEqual([]);
    });

    it.each([
      ['userId', ''],
      ['userId', {}],
      ['reason', ''],
      ['reason', 7],
    ])('refuses the %s %j', async (name, value) => {
      const store = open();
      const [session] = await signIn(store, 'ann');
      await expect(store.revoke(session!.handle as string, { [name]: value })).rejects.toThrow(TypeError);
      expect(await rows()).toHaveLength(1);
    });

    it('ends one that another request has rotated meanwhile', async () => {
      const store = open();
      const [session] = await signIn(store, 'ann');
      const loaded = await loadSession(store, 'ann 0');
      await loaded.rotate();
      expect(await store.revoke(session!.handle as string)).toBe(true);
      expect(await rows()).toEqual([]);
    });

    it('ends no session that has expired, but removes its row', async () => {
      const store = open();
      const { names } = listen(store);
      const [session] = await signIn(store, 'ann');
      clock.now += DAY;
      expect(await store.revoke(session!.handle as string)).toBe(false);
      expect(await rows()).toEqual([]);
      expect(names()).toEqual(['created', 'signedIn']);
    });
  });

  describe('of a user', () => {
    it('S18: ends all of his sessions and tells how many, and each as an event', async () => {
      const store = open();
      const sessions = await signIn(store, 'ann', 'bob', 'ann', 'Ann', 'ann ');
      const { told } = listen(store);
      expect(await store.revokeUser('ann')).toBe(2);
      expect(await usersLeft()).toEqual(['Ann', 'ann ', 'bob']);
      const facts = (index: number) => [
        'destroyed',
        { handle: sessions[index]!.handle, userId: 'ann', reason: 'revoked', at: new Date(clock.now) },
      ];
      expect(told).toHaveLength(2);
      expect(told).toEqual(expect.arrayContaining([facts(0), facts(2)]));
      expect(await store.revokeUser('ann')).toBe(0);
    });

    it('takes a number for the same user as its digits', async () => {
      const store = open();
      await signIn(store, 7, '7', '07');
      expect(await store.revokeUser(7)).toBe(2);
      expect(await usersLeft()).toEqual(['07']);
    });

    it('S19: keeps a session by its handle, by itself, and on another request that has loaded it', async () => {
      const store = open();
      const keep = async (how: () => unknown) => {
        expect(await store.revokeUser('ann', { except: (await how()) as object })).toBe(2);
        expect((await rows()).map(({ id }) => id)).toEqual([(await rowOf('ann 1'))!.id]);
        await store.revokeUser('ann');
      };
      for (const how of [0, 1, 2]) {
        const [, session] = await signIn(store, 'ann', 'ann', 'ann');
        await keep(() => [session!.handle, session, loadSession(store, 'ann 1')][how]);
      }
    });

    it('keeps a session that was rotated since it was loaded', async () => {
      const store = open();
      const [, session] = await signIn(store, 'ann', 'ann');
      await (await loadSession(open(), 'ann 1')).rotate();
      expect(await store.revokeUser('ann', { except: session! })).toBe(1);
      expect(await usersLeft()).toEqual(['ann']);
    });

    it('ends all beside a session that has no row yet', async () => {
      const store = open();
      await signIn(store, 'ann');
      const session = newSession(store, 'new', { userId: 'ann' });
      expect(await store.revokeUser('ann', { except: session })).toBe(1);
      await session.save();
      expect(await usersLeft()).toEqual(['ann']);
    });

    it.each([undefined, null, '', NaN, Infinity, {}, [], ['ann'], true, () => 'ann'])(
      'refuses the user %s, and ends nothing',
      async (userId) => {
        const store = open();
        await signIn(store, 'ann');
        await expect(store.revokeUser(userId as string)).rejects.toThrow(TypeError);
        expect(await rows()).toHaveLength(1);
      },
    );

    it.each([null, '', 'no handle', {}, 7])('refuses %j as what to keep, and ends nothing', async (except) => {
      const store = open();
      await signIn(store, 'ann');
      await expect(store.revokeUser('ann', { except: except as string })).rejects.toThrow('No session was ended.');
      expect(await rows()).toHaveLength(1);
    });

    it('refuses the session of another store as what to keep', async () => {
      const store = open();
      await signIn(store, 'ann');
      const foreign = requestOf(store, 'x');
      await expect(store.revokeUser('ann', { except: foreign })).rejects.toThrow(TypeError);
    });

    it('costs one SELECT and one DELETE for all of them', async () => {
      const store = open();
      await signIn(store, 'ann', 'ann', 'bob', 'ann', 'ann');
      statements.length = 0;
      expect(await store.revokeUser('ann')).toBe(4);
      const kinds = kindsOf(statements).filter((kind) => kind !== 'SET');
      expect(kinds.map((kind) => (kind === 'WITH' ? 'DELETE' : kind))).toEqual(['SELECT', 'DELETE']);
    });

    it('goes through more sessions than one batch has', async () => {
      const store = open({ prune: { batchSize: 2 } });
      await signIn(store, 'ann', 'ann', 'bob', 'ann', 'ann', 'ann');
      expect(await store.revokeUser('ann')).toBe(5);
      expect(await usersLeft()).toEqual(['bob']);
    });

    it('interrupts a request in flight, and a touch brings nothing back', async () => {
      const store = open({ touchInterval: 0 });
      await signIn(store, 'ann');
      const held = await loadSession(store, 'ann 0');
      await open().revokeUser('ann');
      await store.touch('ann 0', held as never);
      await expect(Object.assign(held, { cart: 1 }).save()).rejects.toMatchObject({ code: 'SESSION_INTERRUPTED' });
      expect(await rows()).toEqual([]);
    });

    it('leaves nothing that a request in flight could prolong: expired rows go, too', async () => {
      const store = open();
      await signIn(store, 'ann');
      const held = await loadSession(store, 'ann 0');
      clock.now += DAY;
      expect(await store.revokeUser('ann')).toBe(0);
      await expect(Object.assign(held, { cart: 1 }).save()).rejects.toMatchObject({ code: 'SESSION_INTERRUPTED' });
      expect(await rows()).toEqual([]);
    });
  });

  describe('of everybody', () => {
    it('S20: ends all in batches, and tells after each how many so far', async () => {
      const store = open({ prune: { batchSize: 2 } });
      await signIn(store, 'ann', 'bob', 'eve');
      await newSession(store, 'visitor', { cart: 1 }).save();
      await newSession(store, 'another', { cart: 1 }).save();
      const { told } = listen(store);
      expect(await store.revokeAll()).toBe(5);
      expect(await rows()).toEqual([]);
      const counts = told.filter(([name]) => name === 'revoking').map(([, { count }]) => count);
      expect(counts).toEqual([2, 4]);
      expect(told.filter(([name]) => name === 'destroyed')).toHaveLength(5);
    });

    it('lets who signs in meanwhile stay signed in', async () => {
      const store = open({ prune: { batchSize: 1 } });
      await signIn(store, 'ann', 'bob', 'eve');
      const signedIn: Promise<unknown>[] = [];
      store.on('revoking', () => {
        clock.now += 1;
        signedIn.push(newSession(store, `new ${signedIn.length}`, { userId: 'new' }).save());
      });
      expect(await store.revokeAll()).toBe(3);
      await Promise.all(signedIn);
      expect(signedIn).toHaveLength(3);
      expect(await usersLeft()).toEqual(['new', 'new', 'new']);
    });

    it('ends those of the very moment at which it is called', async () => {
      const store = open();
      clock.now = START;
      await newSession(store, 'a').save();
      expect(await store.revokeAll()).toBe(1);
    });
  });
});

describeEachDatabase('a revocation, where the entity has only some columns,', (database) => {
  const { dataSource, open, rows, alter } = useStores(database, entityOf('id', 'data', 'userId'));

  it('ends a user’s sessions without handles, times and versions', async () => {
    const store = open();
    for (const userId of ['ann', 'bob', 'ann']) await newSession(store, `${userId} ${Math.random()}`, { userId }).save();
    const kept = newSession(store, 'kept', { userId: 'ann' });
    await kept.save();
    expect(await store.revokeUser('ann', { except: kept })).toBe(2);
    expect(await store.revokeUser('ann')).toBe(1);
    expect(await store.revokeAll()).toBe(1);
    expect(await rows()).toEqual([]);
  });

  it('ends a session that is rotated meanwhile to a place in the order that it has passed already', async () => {
    const store = open({ hashIds: false, prune: { batchSize: 1 } });
    for (const id of ['b', 'c']) await newSession(store, id, { userId: 'ann' }).save();
    let searches = 0;
    const restore = interceptStatements(dataSource(), async (sql, send) => {
      if (sql.startsWith('SELECT') && ++searches === 2) await alter('c', { id: 'a' });
      return send();
    });
    onTestFinished(restore);
    expect(await store.revokeUser('ann')).toBe(2);
    expect(await rows()).toEqual([]);
  });

  it('says which column it lacks', async () => {
    await expect(open().revoke('0'.repeat(32))).rejects.toThrow(SessionEntityError);
    await expect(open().revoke('0'.repeat(32))).rejects.toThrow('needs a column for handle');
    await expect(open().find('0'.repeat(32))).rejects.toThrow('needs a column for handle');
  });
});
