import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, newSession } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, SECOND, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('list', (database) => {
  const { clock, open, rows, statementsOf } = useStores(database);

  /** This many sessions, each a second younger than the one before. */
  const fill = async (count: number, values: Record<string, unknown> = {}) => {
    const store = open();
    for (let index = 0; index < count; index++) {
      clock.now = START + index * SECOND;
      await newSession(store, `id-${index}`, { index, ...values }).save();
    }
    return store;
  };
  const indexesOf = (page: readonly { createdAt: Date | undefined }[]) =>
    page.map(({ createdAt }) => (createdAt!.getTime() - START) / SECOND);

  it('S21: tells of a session what may be told, and nothing else', async () => {
    const store = open();
    const session = newSession(store, 'the id', { userId: 'ann', card: 'payload VISA' });
    await session.save();
    clock.now += HOUR;
    await store.touch('the id', (await store.get('the id'))!);
    const [info, ...others] = await store.list();
    expect(others).toEqual([]);
    expect(info).toEqual({
      handle: session.handle,
      userId: 'ann',
      createdAt: new Date(START),
      lastSeenAt: new Date(START + HOUR),
      expiresAt: new Date(START + HOUR + DAY),
      ipAddress: undefined,
      userAgent: undefined,
    });
    const [row] = await rows();
    const text = inspect(info, { depth: null, showHidden: true });
    for (const secret of ['the id', row!.id, 'VISA']) expect(text).not.toContain(secret);
  });

  it('shows live sessions only, the newest first', async () => {
    const store = await fill(5);
    expect(indexesOf(await store.list())).toEqual([4, 3, 2, 1, 0]);
    clock.now = START + DAY + 2 * SECOND;
    expect(indexesOf(await store.list())).toEqual([4, 3]);
    clock.now = START + 2 * DAY;
    expect(await store.list()).toEqual([]);
  });

  it('decodes no payload', async () => {
    const store = open({ serializer: { name: 'unreadable', serialize: () => 'x', deserialize: () => Promise.reject(new Error('no')) } });
    await newSession(store, 'a').save();
    expect(await store.list()).toHaveLength(1);
    expect(await store.count()).toBe(1);
  });

  it('goes page by page', async () => {
    const store = await fill(7);
    const pages: number[][] = [];
    let after: string | undefined;
    do {
      const page = await store.list({ limit: 3, ...(after && { after }) });
      pages.push(indexesOf(page));
      after = page.at(-1)?.handle;
    } while (after);
    expect(pages).toEqual([[6, 5, 4], [3, 2, 1], [0], []]);
  });

  it('goes on after a session that was ended meanwhile', async () => {
    const store = await fill(6);
    const first = await store.list({ limit: 3 });
    await store.destroy('id-3');
    await store.destroy('id-2');
    expect(indexesOf(await store.list({ limit: 3, after: first.at(-1)!.handle }))).toEqual([1, 0]);
  });

  it('goes through sessions of one moment without losing one', async () => {
    const store = open();
    for (let index = 0; index < 9; index++) await newSession(store, `id-${index}`).save();
    const handles: string[] = [];
    for (let page = await store.list({ limit: 2 }); page.length > 0; page = await store.list({ limit: 2, after: handles.at(-1)! })) {
      handles.push(...page.map(({ handle }) => handle));
    }
    expect(new Set(handles).size).toBe(9);
    expect(handles).toHaveLength(9);
  });

  it('shows 100 unless told otherwise', async () => {
    const store = open();
    await Promise.all(Array.from({ length: 101 }, (_, index) => newSession(store, `id-${index}`).save()));
    expect(await store.list()).toHaveLength(100);
    expect(await store.list({ limit: 101 })).toHaveLength(101);
  });

  it('shows one user’s only', async () => {
    const store = await fill(2, { userId: 'ann' });
    clock.now = START + MINUTE;
    await newSession(store, 'b1', { userId: 'bob' }).save();
    await newSession(store, 'n1').save();
    expect(indexesOf(await store.list({ userId: 'ann' }))).toEqual([1, 0]);
    expect(indexesOf(await store.list({ userId: 'ann', limit: 1 }))).toEqual([1]);
    expect(await store.list({ userId: 'bob' })).toHaveLength(1);
    expect(await store.list({ userId: 'eve' })).toEqual([]);
    expect([await store.count({ userId: 'ann' }), await store.count()]).toEqual([2, 4]);
  });

  it.each([undefined, null])('shows nobody’s for the user %s, without a statement', async (userId) => {
    const store = await fill(2, { userId: 'ann' });
    const cost = await statementsOf(async () => {
      expect(await store.list({ userId })).toEqual([]);
      expect(await store.count({ userId })).toBe(0);
    });
    expect(cost).toBe(0);
  });

  it.each(['', NaN, {}, ['ann'], true])('refuses the user %j', async (userId) => {
    const store = await fill(1, { userId: 'ann' });
    await expect(store.list({ userId: userId as string })).rejects.toThrow(TypeError);
    await expect(store.count({ userId: userId as string })).rejects.toThrow('must be a non-empty string or a number');
  });

  it('finds one live session by its handle', async () => {
    const store = await fill(2, { userId: 'ann' });
    const [newer, older] = await store.list();
    expect(await store.find(older!.handle)).toEqual(older);
    expect(await store.find(newer!.handle)).toEqual(newer);
    expect(await store.find('0'.repeat(32))).toBeUndefined();
    expect(await statementsOf(async () => expect(await store.find('no handle')).toBeUndefined())).toBe(0);
    clock.now += DAY;
    expect(await store.find(older!.handle)).toBeUndefined();
  });

  it.each([0, -1, 1.5, NaN, Infinity, '5', null])('refuses a limit of %s', async (limit) => {
    await expect(open().list({ limit: limit as number })).rejects.toBeInstanceOf(RangeError);
  });

  describe.each(['', 'x', 'A'.repeat(32), "' OR '1'='1", 7, {}, null, 'f'.repeat(33)])('after %j, which is no handle', (after) => {
    it('shows nothing, without a statement', async () => {
      const store = await fill(1);
      const cost = await statementsOf(async () => expect(await store.list({ after: after as string })).toEqual([]));
      expect(cost).toBe(0);
    });
  });
});

describeEachDatabase('count', (database) => {
  const { clock, open } = useStores(database);

  describe('of sessions', () => {
    it('counts live ones, as length does', async () => {
      const store = open();
      expect(await store.count()).toBe(0);
      await store.set('a', dataOf({ userId: 'ann' }));
      clock.now += HOUR;
      await store.set('b', dataOf({ userId: 'ann' }));
      expect([await store.count(), await store.count({ userId: 'ann' }), await store.length()]).toEqual([2, 2, 2]);
      clock.now = START + DAY;
      expect([await store.count(), await store.count({ userId: 'ann' }), await store.length()]).toEqual([1, 1, 1]);
    });
  });
});
