import { describe, expect, it } from 'vitest';
import { SessionEntityError, SessionInterruptedError } from '../../lib/session.errors.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues, valuesOf } from '../support/store-data.js';
import { DAY, entityOf, HOUR, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('an entity with id and data only', (database) => {
  const { clock, warnings, open, rows, rowOf, alter } = useStores(database, entityOf('id', 'data'));
  const until = (end: number) => ({ originalMaxAge: HOUR, expires: new Date(end) });

  it('is told about in one line, at first use, with everything that is off', async () => {
    const store = open();
    await store.set('a', dataOf());
    await store.get('a');
    expect(warnings).toHaveLength(1);
    for (const field of ['expiresAt', 'createdAt', 'version', 'userId', 'handle']) expect(warnings[0]).toContain(field);
    expect(warnings[0]).not.toContain('\n');
  });

  it('keeps sessions', async () => {
    const store = open();
    const session = newSession(store, 'a', { views: 1 });
    await session.save();
    expect(session.handle).toBeUndefined();
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    const loaded = await loadSession(store, 'a');
    await Object.assign(loaded, { views: 2 }).save();
    expect(await readValues(store, 'a')).toEqual({ views: 2 });
    await store.set('a', dataOf({ views: 3 }));
    expect((await store.all()).map(valuesOf)).toEqual([{ views: 3 }]);
    await loaded.destroy();
    expect(await rows()).toEqual([]);
  });

  it('keeps JSON as it is', async () => {
    await open().set('a', dataOf({ views: 1 }));
    expect(JSON.parse((await rowOf('a'))!.data)).toMatchObject({ views: 1, cookie: { path: '/' } });
  });

  it('ends a session when its stored cookie does', async () => {
    const store = open();
    await newSession(store, 'a', { views: 1 }, HOUR).save();
    await newSession(store, 'b', { views: 2 }, 2 * HOUR).save();
    clock.now = START + HOUR - 1;
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    expect([(await store.all()).length, await store.length(), await store.count()]).toEqual([2, 2, 2]);
    clock.now = START + HOUR;
    expect(await store.get('a')).toBeUndefined();
    expect((await store.all()).map(valuesOf)).toEqual([{ views: 2 }]);
    expect([await store.length(), await store.count()]).toEqual([1, 1]);
  });

  it('keeps what another store wrote, by its cookie', async () => {
    const store = open();
    await store.set('a', dataOf());
    const cookie = { ...until(START + 5 * DAY), path: '/' };
    await alter('a', { data: JSON.stringify({ cookie, views: 1 }) });
    clock.now = START + 5 * DAY - 1;
    expect((await store.get('a'))?.cookie.expires).toEqual(new Date(START + 5 * DAY));
    clock.now += 1;
    expect(await store.get('a')).toBeUndefined();
  });

  it('keeps a session without an end in its cookie', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    clock.now += 1000 * DAY;
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
  });

  it('writes nothing for a touch, and prunes nothing', async () => {
    const store = open();
    await newSession(store, 'a', { views: 1 }, HOUR).save();
    const before = await rows();
    clock.now += HOUR - 1;
    await store.touch('a', (await store.get('a'))!);
    await store.touch('a', dataOf());
    await store.touch('b', dataOf());
    clock.now += DAY;
    expect(await store.prune()).toBe(0);
    expect(await rows()).toEqual(before);
  });

  it('still brings no row back', async () => {
    const store = open();
    await store.set('a', dataOf({ views: 1 }));
    const session = await loadSession(store, 'a');
    await store.destroy('a');
    await expect(session.save()).rejects.toBeInstanceOf(SessionInterruptedError);
    expect(await rows()).toEqual([]);
  });

  it('overwrites where requests overlap', async () => {
    const store = open();
    await store.set('a', dataOf({ n: 0 }));
    const [first, second] = [await loadSession(store, 'a'), await loadSession(store, 'a')];
    await Object.assign(first, { first: true }).save();
    await Object.assign(second, { second: true }).save();
    expect(await readValues(store, 'a')).toEqual({ n: 0, second: true });
  });

  it('cannot list, and says which column that needs', async () => {
    const store = open();
    await expect(store.list()).rejects.toBeInstanceOf(SessionEntityError);
    await expect(store.list()).rejects.toThrow('handle');
    await expect(store.count({ userId: 'u' })).rejects.toThrow('userId');
  });
});

describeEachDatabase('an entity without createdAt and handle', (database) => {
  const fields = ['id', 'data', 'expiresAt', 'pruneAfter', 'lastSeenAt', 'version', 'userId'];
  const { clock, warnings, open } = useStores(database, entityOf(...fields));

  it('has no absolute timeout, and says so', async () => {
    const store = open({ absoluteTimeout: '2d' });
    await newSession(store, 'a', { views: 1 }).save();
    for (let day = 0; day < 5; day++) {
      clock.now += DAY - 1;
      await store.touch('a', (await store.get('a'))!);
    }
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('createdAt');
    expect(warnings[0]).not.toContain('expiresAt');
  });
});

describeEachDatabase('an entity with all columns', (database) => {
  const { warnings, open } = useStores(database);

  describe('of the default shape', () => {
    it('is nothing to warn of', async () => {
      await open().set('a', dataOf());
      expect(warnings).toEqual([]);
    });
  });
});
