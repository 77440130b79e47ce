import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues, requestOf } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { DAY, HOUR, useStores } from '../support/store-fixture.js';

const SID = 'plain-id-of-a-session';

describeEachDatabase("with hashIds: 'migrate' a session with a plain id", (database) => {
  const { clock, open, rows, rowOf, alter, statementsOf } = useStores(database);

  /** A store that migrates, beside a row as an older store left it. */
  const migrating = async (sid = SID, values: Record<string, unknown> = { userId: 'ann' }) => {
    await newSession(open({ hashIds: false }), sid, values).save();
    return open({ hashIds: 'migrate' });
  };
  const ids = async () => (await rows()).map(({ id }) => id);

  it('is found, and has its hash from its first use on', async () => {
    const store = await migrating();
    const before = await rowOf(SID);
    expect(await readValues(store, SID)).toEqual({ userId: 'ann' });
    expect(await rows()).toEqual([{ ...before, id: hashSessionId(SID) }]);
    expect(await statementsOf(() => store.get(SID))).toBe(1);
    expect(await readValues(open(), SID)).toEqual({ userId: 'ann' });
  });

  it('is saved, merged and touched as if it always had its hash', async () => {
    const store = await migrating();
    const [mine, theirs] = [await loadSession(store, SID), await loadSession(store, SID)];
    await Object.assign(theirs, { theme: 'dark' }).save();
    await Object.assign(mine, { views: 1 }).save();
    clock.now += HOUR;
    await store.touch(SID, mine as never);
    expect(await readValues(store, SID)).toEqual({ userId: 'ann', theme: 'dark', views: 1 });
    expect(await ids()).toEqual([hashSessionId(SID)]);
  });

  it('is none when it has expired, and costs one statement more than any other', async () => {
    const store = await migrating();
    clock.now += DAY;
    expect(await store.get(SID)).toBeUndefined();
    expect(await statementsOf(() => store.get('unknown'))).toBe(2);
  });

  it('ends with a logout, whoever has it in hand', async () => {
    const store = await migrating();
    const { told } = listen(store);
    await store.destroy(SID);
    expect(await rows()).toEqual([]);
    expect(told).toEqual([['destroyed', expect.objectContaining({ userId: undefined, reason: 'logout' })]]);

    await newSession(open({ hashIds: false }), SID).save();
    await (await loadSession(store, SID)).destroy();
    expect(await rows()).toEqual([]);
  });

  it('stays ended where a process of the older store has written it again', async () => {
    const store = await migrating();
    const session = await loadSession(store, SID);
    await open({ hashIds: false }).set(SID, dataOf({ userId: 'ann' }));
    expect(await rows()).toHaveLength(2);
    await session.destroy();
    expect(await rows()).toEqual([]);
    expect(await store.get(SID)).toBeUndefined();
  });

  it('leaves nothing under its old id when it is rotated, though a process of the older store has written it again', async () => {
    const store = await migrating();
    const data = (await store.get(SID))!;
    const req = requestOf(store, SID);
    req.session = store.createSession(req, data);
    await open({ hashIds: false }).set(SID, dataOf({ userId: 'ann' }));
    await store.rotate(req);
    expect(await store.get(SID)).toBeUndefined();
    expect(await ids()).toEqual([hashSessionId(req.sessionID)]);
  });

  it('is replaced by a set, and touched by a touch, of unknown origin', async () => {
    const store = await migrating();
    await store.set(SID, dataOf({ userId: 'bob' }));
    expect(await ids()).toEqual([hashSessionId(SID)]);
    expect(await readValues(store, SID)).toEqual({ userId: 'bob' });

    const other = await migrating('another plain id');
    clock.now += HOUR;
    await other.touch('another plain id', dataOf());
    expect(await rowOf('another plain id')).toMatchObject({ id: hashSessionId('another plain id') });
    expect(Number((await rowOf('another plain id'))?.lastSeenAt)).toBe(clock.now);
  });

  it('is not looked for with hashIds: true', async () => {
    await migrating();
    expect(await open().get(SID)).toBeUndefined();
    expect(await ids()).toEqual([SID]);
  });

  it.each([(hash: string) => hash, (hash: string) => hash.toUpperCase()])('cannot be had by a stored hash', async (form) => {
    const store = await migrating();
    await store.get(SID);
    const stolen = form(hashSessionId(SID));
    const cost = await statementsOf(async () => {
      expect(await store.get(stolen)).toBeUndefined();
      await store.touch(stolen, dataOf());
      await store.destroy(stolen);
      await expect(store.set(stolen, dataOf())).rejects.toBeInstanceOf(SessionOptionsError);
    });
    expect(cost).toBe(0);
    expect(() => newSession(store, stolen)).toThrow(/64 hexadecimal digits.*base64url/);
    expect(await readValues(store, SID)).toEqual({ userId: 'ann' });
  });

  it.each(['Plain-Id-Of-A-Session', `${SID} `, SID.slice(1)])('is not had by a similar id: "%s"', async (similar) => {
    const store = await migrating();
    expect(await store.get(similar)).toBeUndefined();
    await store.destroy(similar);
    expect(await ids()).toEqual([SID]);
  });

  it('is lost by none of many requests that use it first, in several processes', async () => {
    const sids = Array.from({ length: 20 }, (_, index) => `plain id ${index}`);
    for (const [index, sid] of sids.entries()) await migrating(sid, { index });
    const stores = Array.from({ length: 3 }, () => open({ hashIds: 'migrate' }));
    const reads = sids.flatMap((sid) => stores.flatMap((store) => [readValues(store, sid), readValues(store, sid)]));
    const found = await Promise.all(reads);
    expect(found).toEqual(sids.flatMap((_, index) => Array.from({ length: 6 }, () => ({ index }))));
    expect((await ids()).toSorted()).toEqual(sids.map(hashSessionId).toSorted());
  });

  describe('migrateIds', () => {
    it('gives every row its hash, once, and says how many and how far it is', async () => {
      const older = open({ hashIds: false });
      const sids = Array.from({ length: 101 }, (_, index) => `plain id ${index}`);
      for (const sid of sids) await older.set(sid, dataOf({ sid }));
      const store = open({ hashIds: 'migrate' });
      await newSession(store, 'hashed').save();
      clock.now += DAY;
      await newSession(older, 'live').save();
      const { told } = listen(store);

      const counts = await Promise.all([store.migrateIds(), store.migrateIds()]);
      expect(counts).toEqual([102, 102]);
      expect(await ids()).toEqual(expect.arrayContaining([...sids, 'live', 'hashed'].map(hashSessionId)));
      expect(await rows()).toHaveLength(103);
      expect(told.map(([name]) => name)).toContain('migrating');
      expect(told.at(-1)).toEqual(['migrated', expect.objectContaining({ count: 102 })]);
      expect(await store.migrateIds()).toBe(0);
      expect(await store.get('live')).toBeDefined();
    });

    it('gives a row that has its hash already the user of its session, and changes nothing else', async () => {
      const store = await migrating();
      await store.get(SID);
      const before = await rowOf(SID);
      await alter(SID, { userId: null });
      clock.now += HOUR;
      await store.migrateIds();
      expect(await rows()).toEqual([{ ...before, version: 2 }]);
    });

    it('removes the plain row of a session that has its hash', async () => {
      const store = await migrating();
      await store.get(SID);
      await open({ hashIds: false }).set(SID, dataOf({ userId: 'eve' }));
      expect(await store.migrateIds()).toBe(0);
      expect(await ids()).toEqual([hashSessionId(SID)]);
      expect(await readValues(store, SID)).toEqual({ userId: 'ann' });
    });

    it.each([true, false])('is refused with hashIds: %s', async (hashIds) => {
      await expect(open({ hashIds }).migrateIds()).rejects.toThrow(/hashIds: 'migrate'/);
    });
  });
});
