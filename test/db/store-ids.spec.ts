import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, newSession, readValues } from '../support/store-data.js';
import { UNKNOWN_IDS, WRONG_IDS } from '../support/store-ids.js';
import { useStores } from '../support/store-fixture.js';

describeEachDatabase('session ids', (database) => {
  const { open, rows, rowOf, statementsOf } = useStores(database);

  describe.each(Object.entries(WRONG_IDS))('%s', (_, value) => {
    const sid = value as string;

    it('S4: is not found, without a statement', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      const cost = await statementsOf(async () => {
        expect(await store.get(sid)).toBeUndefined();
        await store.touch(sid, dataOf());
        await store.destroy(sid);
        await new Promise((resolve) => store.get(sid, resolve)).then((error) => expect(error).toBeNull());
      });
      expect(cost).toBe(0);
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
    });

    it('S27: is refused by set, without a statement', async () => {
      const store = open();
      const cost = await statementsOf(() => expect(store.set(sid, dataOf())).rejects.toBeInstanceOf(SessionOptionsError));
      expect(cost).toBe(0);
      expect(await rows()).toEqual([]);
    });

    it('is refused from genid', () => {
      expect(() => newSession(open(), sid)).toThrow(SessionOptionsError);
    });
  });

  describe.each(Object.entries(UNKNOWN_IDS))('%s', (_, sid) => {
    it('is not found, and no other session suffers', async () => {
      const store = open();
      await store.set('a', dataOf({ views: 1 }));
      expect(await store.get(sid)).toBeUndefined();
      await store.touch(sid, dataOf());
      await store.destroy(sid);
      expect(await readValues(store, 'a')).toEqual({ views: 1 });
      expect(await rows()).toHaveLength(1);
    });

    it('works as an id', async () => {
      const store = open();
      await store.set(sid, dataOf({ views: 2 }));
      expect(await readValues(store, sid)).toEqual({ views: 2 });
      await store.destroy(sid);
      expect(await store.get(sid)).toBeUndefined();
    });
  });

  it('S6, S7: lie in the table as hashes only, and a stolen hash is no id', async () => {
    const store = open();
    const sid = 'the id of a session';
    await store.set(sid, dataOf({ views: 1 }));
    const hash = hashSessionId(sid);
    expect((await rows()).map(({ id }) => id)).toEqual([hash]);
    expect(JSON.stringify(await rows())).not.toContain(sid);

    for (const stolen of [hash, hash.toUpperCase(), `sha256:${hash}`]) {
      expect(await store.get(stolen)).toBeUndefined();
      await store.touch(stolen, dataOf());
      await store.destroy(stolen);
    }
    expect(await readValues(store, sid)).toEqual({ views: 1 });
  });

  it('are stored as they are with hashIds: false', async () => {
    const store = open({ hashIds: false });
    await store.set('plain-id', dataOf({ views: 1 }));
    expect(await rowOf('plain-id')).toMatchObject({ id: 'plain-id' });
    expect(await readValues(store, 'plain-id')).toEqual({ views: 1 });
    expect(await open().get('plain-id')).toBeUndefined();
    for (const other of ['Plain-Id', 'plain-id ', 'plain-i']) expect(await store.get(other)).toBeUndefined();
    await store.destroy('plain-id');
    expect(await rows()).toEqual([]);
  });

  it('that are longer than their column are refused with hashIds: false', async () => {
    const store = open({ hashIds: false });
    const sid = 'x'.repeat(65);
    await expect(store.set(sid, dataOf())).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' });
    expect(await store.get(sid)).toBeUndefined();
    expect(await rows()).toEqual([]);
  });
});
