import { describe, expect, it } from 'vitest';
import { SessionLimitError } from '../../lib/session.errors.js';
import { describeEachDatabase } from '../support/databases.js';
import { dueAtEnd, loadSession, newSession, readValues, valuesOf } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { failStatements } from '../support/store-gate.js';
import { SECOND, useStores } from '../support/store-fixture.js';

const encryption = { keys: [{ id: '2030', secret: 'a key for the data of sessions, 2030' }] };
const SEALED = /^\$aes256gcm\$2030\$/;
const CARD = '4111111111111111';

/** Features that meet in one write. */
describeEachDatabase('together', (database) => {
  const { clock, alter, dataSource, open, rows, rowOf } = useStores(database);

  describe('encryption and `login`', () => {
    it('leave data that only the keys read, under a handle that fits', async () => {
      const store = open({ encryption });
      await newSession(store, 'before', { card: CARD }).save();
      const session = await loadSession(store, 'before');
      await session.login('ann');
      expect((await rows()).map(({ data }) => SEALED.test(data))).toEqual([true]);
      expect(await readValues(store, session.id)).toEqual({ card: CARD, userId: 'ann' });
      expect((await loadSession(store, session.id)).authenticatedAt).toEqual(new Date(clock.now));
      await expect(dueAtEnd(store, session)).resolves.toBe('nothing');
    });

    it('write nothing plain into the row that ends, though it cannot be removed', async () => {
      const store = open({ encryption });
      await newSession(store, 'before', { card: CARD }).save();
      const session = await loadSession(store, 'before');
      const mend = failStatements(dataSource(), /^DELETE/i);
      await session.login('ann').finally(mend);
      const stored = await rows();
      expect(stored).toHaveLength(2);
      for (const { data } of stored) expect(data).toMatch(SEALED);
      expect(await store.get('before')).toBeUndefined();
    });
  });

  describe('a limit and `login`', () => {
    const signedIn = async (options: Parameters<typeof open>[0], ...sids: string[]) => {
      const store = open({ maxSessionsPerUser: 2, ...options });
      for (const sid of sids) {
        clock.now += SECOND;
        await newSession(store, sid, { userId: 'ann' }).save();
      }
      clock.now += SECOND;
      return store;
    };

    it.each([{}, { encryption }])('evict the oldest for one that is new (%j)', async (options) => {
      const store = await signedIn(options, 'a', 'b');
      const session = newSession(store, 'visitor', { cart: 1 });
      await session.save();
      await session.login('ann');
      expect([await rowOf('a'), await rowOf('visitor')]).toEqual([undefined, undefined]);
      expect([await readValues(store, 'b'), await readValues(store, session.id)]).toEqual([{ userId: 'ann' }, { cart: 1, userId: 'ann' }]);
    });

    it('evict nobody for a user who signs in again', async () => {
      const store = await signedIn({}, 'a', 'b');
      const session = await loadSession(store, 'b');
      await session.login('ann');
      expect(await readValues(store, 'a')).toEqual({ userId: 'ann' });
      expect(await store.count({ userId: 'ann' })).toBe(2);
    });

    it('reject one that is new, and leave the visitor as he was', async () => {
      const store = await signedIn({ onLimit: 'reject' }, 'a', 'b');
      const session = newSession(store, 'visitor', { cart: 1 });
      await session.save();
      await expect(session.login('ann')).rejects.toBeInstanceOf(SessionLimitError);
      expect([session.id, valuesOf(session)]).toEqual(['visitor', { cart: 1 }]);
      expect(await readValues(store, 'visitor')).toEqual({ cart: 1 });
      expect(await rows()).toHaveLength(3);
    });

    it('let a user sign in again, however many he has', async () => {
      const store = await signedIn({ onLimit: 'reject' }, 'a', 'b');
      const session = await loadSession(store, 'b');
      await session.login('ann');
      expect(await readValues(store, session.id)).toEqual({ userId: 'ann' });
      expect(await store.count({ userId: 'ann' })).toBe(2);
    });

    it('sign nobody in if the oldest cannot be found', async () => {
      const store = await signedIn({}, 'a', 'b');
      const session = newSession(store, 'visitor');
      const mend = failStatements(dataSource(), /^SELECT/i);
      await expect(session.login('ann').finally(mend)).rejects.toThrow();
      expect(await store.count({ userId: 'ann' })).toBe(2);
      await expect(dueAtEnd(store, session)).resolves.toBe('nothing');
      expect(store.stateOf(session)?.isEnded).toBe(true);
    });
  });

  it.each(['new', 'stored'])('a limit and a save: a %s session that cannot be counted ends', async (kind) => {
    const store = open({ maxSessionsPerUser: 1 });
    await newSession(store, 'a', { userId: 'ann' }).save();
    clock.now += SECOND;
    const session = newSession(store, 'b', { cart: 1 });
    if (kind === 'stored') await session.save();
    const mend = failStatements(dataSource(), /^SELECT/i);
    await expect(Object.assign(session, { userId: 'ann' }).save().finally(mend)).rejects.toThrow();
    expect([await readValues(store, 'a'), await rowOf('b')]).toEqual([{ userId: 'ann' }, undefined]);
  });

  it('encryption and a limit: an upsert evicts the oldest, and one in place counts once', async () => {
    const store = open({ encryption, maxSessionsPerUser: 1 });
    await newSession(store, 'a', { userId: 'ann' }).save();
    clock.now += SECOND;
    const data = { cookie: { originalMaxAge: null, expires: null }, userId: 'ann', card: CARD } as never;
    await store.set('b', data);
    await store.set('b', data);
    expect([await rowOf('a'), SEALED.test(String((await rowOf('b'))?.data))]).toEqual([undefined, true]);
  });

  describe('graphs and `update`', () => {
    it.each([{}, { encryption }])('merge a Map that another request has changed (%j)', async (options) => {
      const store = open({ serializer: 'graph', ...options });
      await newSession(store, 'a', { cart: new Map([['tea', 1]]) }).save();
      const [one, other] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
      (other.cart as Map<string, number>).set('mug', 1);
      await other.save();
      (one.cart as Map<string, number>).set('pot', 1);
      await one.update((newest) => void Object.assign(newest, { visits: 1 }));
      const values = await readValues(open({ serializer: 'graph', ...options }), 'a');
      expect(values).toMatchObject({ visits: 1 });
      expect([...(values!.cart as Map<string, number>).keys()].toSorted()).toEqual(['mug', 'pot', 'tea']);
    });
  });

  it('migrated ids and `login`: neither the plain id nor its hash signs in any more', async () => {
    const older = open({ hashIds: false });
    await newSession(older, 'before', { cart: 1 }).save();
    const store = open({ hashIds: 'migrate' });
    const session = await loadSession(store, 'before');
    await session.login('ann');
    expect(await store.get('before')).toBeUndefined();
    expect(await readValues(store, session.id)).toEqual({ cart: 1, userId: 'ann' });
    expect(await rows()).toHaveLength(1);
  });

  it('metadata and `login`: the new row has the client, and its event', async () => {
    const store = open({ metadata: () => ({ ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' }) });
    const { told } = listen(store);
    const session = newSession(store, 'before', { cart: 1 });
    await session.save();
    await session.login('ann', { level: 2 });
    expect(await rows()).toEqual([expect.objectContaining({ ipAddress: '192.0.2.7', userAgent: 'Browser/1.0', userId: 'ann' })]);
    const client = { ipAddress: '192.0.2.7', userAgent: 'Browser/1.0' };
    expect(told.filter(([name]) => name === 'signedIn')).toEqual([
      ['signedIn', expect.objectContaining({ ...client, userId: 'ann', level: 2, isNewDevice: true })],
    ]);
  });

  it('an undecodable session of encryption signs nobody in, and its user can sign in anew', async () => {
    const store = open({ encryption });
    await newSession(store, 'a', { userId: 'ann' }).save();
    await alter('a', { data: '$aes256gcm$2030$AAAA' });
    expect(await store.get('a')).toBeUndefined();
    const session = newSession(store, 'b');
    await session.login('ann');
    expect(await store.count({ userId: 'ann' })).toBe(2);
  });
});
