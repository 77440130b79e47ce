import { expect, it } from 'vitest';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, START, useStores } from '../support/store-fixture.js';

describeEachDatabase('a session without a user', (database) => {
  const { clock, open, rowOf } = useStores(database);
  const OPTIONS = { anonymousTimeout: '10m', idleTimeout: '2h', touchInterval: 0 } as const;
  const endOf = async () => Number((await rowOf('a'))!.expiresAt) - START;

  it('ends after anonymousTimeout', async () => {
    const store = open(OPTIONS);
    await newSession(store, 'a', { views: 1 }).save();
    clock.now += 10 * MINUTE - 1;
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    clock.now += 1;
    expect(await readValues(store, 'a')).toBeUndefined();
  });

  it('lives on with each request, by that much', async () => {
    const store = open(OPTIONS);
    await newSession(store, 'a', { views: 1 }).save();
    for (let use = 0; use < 5; use++) {
      clock.now += 9 * MINUTE;
      await store.touch('a', (await loadSession(store, 'a')) as never);
    }
    expect(await endOf()).toBe(55 * MINUTE);
    clock.now += 10 * MINUTE;
    expect(await readValues(store, 'a')).toBeUndefined();
  });

  it('has the time of idleTimeout from the save on by which its user comes, and loses it with the user', async () => {
    const store = open(OPTIONS);
    await newSession(store, 'a', { views: 1 }).save();
    const session = await loadSession(store, 'a');
    await Object.assign(session, { userId: 'ann' }).save();
    expect(await endOf()).toBe(2 * HOUR);
    clock.now += HOUR;
    await store.touch('a', (await loadSession(store, 'a')) as never);
    expect(await endOf()).toBe(3 * HOUR);
    delete session.userId;
    await session.save();
    expect(await endOf()).toBe(HOUR + 10 * MINUTE);
  });

  it('is one by the option `userId`', async () => {
    const store = open({ ...OPTIONS, userId: (session) => (session as { member?: string }).member });
    await newSession(store, 'a', { userId: 'ann' }).save();
    expect(await endOf()).toBe(10 * MINUTE);
    await store.set('a', dataOf({ member: 'ann' }));
    expect(await endOf()).toBe(2 * HOUR);
  });

  it('is limited whatever the age of its cookie, and never prolonged', async () => {
    const store = open({ anonymousTimeout: '10m' });
    await newSession(store, 'a', { views: 1 }, 14 * DAY).save();
    expect(await endOf()).toBe(10 * MINUTE);
    await newSession(store, 'b', { views: 1 }, MINUTE).save();
    expect(Number((await rowOf('b'))!.expiresAt) - START).toBe(MINUTE);
  });

  it('is touched often enough by default', async () => {
    const store = open({ anonymousTimeout: '10m' });
    await newSession(store, 'a', { views: 1 }).save();
    clock.now += MINUTE;
    await store.touch('a', (await loadSession(store, 'a')) as never);
    expect(await endOf()).toBe(11 * MINUTE);
  });
});
