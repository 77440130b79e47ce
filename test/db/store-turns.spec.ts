import { expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues } from '../support/store-data.js';
import { kindsOf, useStores } from '../support/store-fixture.js';

describeEachDatabase('saves of one session that nobody waits for', (database) => {
  const { statements, open, rows, rowOf } = useStores(database);

  it('run one after the other', async () => {
    const store = open({ overlap: 'fail' });
    const session = newSession(store, 'a', { step: 1 });
    const first = session.save();
    session.step = 2;
    const second = session.save();
    await Promise.all([first, second]);
    expect(kindsOf(statements)).toEqual(['INSERT', 'UPDATE']);
    expect(await readValues(store, 'a')).toEqual({ step: 2 });
    expect(await rowOf('a')).toMatchObject({ version: 2 });
  });

  it('run one after the other for a loaded session, too', async () => {
    const store = open({ overlap: 'fail' });
    await store.set('a', dataOf());
    const session = await loadSession(store, 'a');
    await Promise.all([1, 2, 3].map((step) => Object.assign(session, { step }).save()));
    expect(await rowOf('a')).toMatchObject({ version: 4 });
  });

  it('come before the destroy that follows them', async () => {
    const store = open();
    const session = newSession(store, 'a', { step: 1 });
    await Promise.all([session.save(), session.destroy()]);
    expect(await rows()).toEqual([]);
  });

  it('go on after one that failed', async () => {
    let calls = 0;
    const store = open({
      userId: () => {
        if (++calls === 1) throw new Error('only the first time');
        return undefined;
      },
    });
    const session = newSession(store, 'a', { views: 1 });
    const [first, second] = await Promise.allSettled([session.save(), session.save()]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
  });
});

describeEachDatabase('calls for one id that nobody has read, and that nobody waits for', (database) => {
  const { open, rows, rowOf } = useStores(database);

  it.each([{}, { hashIds: false }])('store the data of the last one, with %o', async (options) => {
    const store = open(options);
    for (let round = 0; round < 10; round++) {
      const sets = ['first', 'second', 'last'].map((step) => store.set('a', dataOf({ step, round })));
      await Promise.all(sets);
      expect(await readValues(store, 'a')).toEqual({ step: 'last', round });
    }
    expect(await rowOf('a')).toMatchObject({ version: 30 });
  });

  it('store the data of the last one, though its serializer is the quickest', async () => {
    const [first, last] = [new Barrier(), new Barrier()];
    const store = open({
      serializer: {
        name: 'slow',
        serialize: async (data) => {
          await ('slow' in data ? first : last).wait();
          return JSON.stringify(data);
        },
        deserialize: (text) => JSON.parse(text) as never,
      },
    });
    const sets = [store.set('a', dataOf({ slow: true })), store.set('a', dataOf({ views: 2 }))];
    last.open();
    await first.reached;
    first.open();
    await Promise.all(sets);
    expect(await readValues(store, 'a')).toEqual({ views: 2 });
  });

  it('end with what came last, a destroy or a set', async () => {
    const store = open();
    await Promise.all([store.set('a', dataOf()), store.destroy('a')]);
    expect(await rows()).toEqual([]);
    await Promise.all([store.destroy('a'), store.set('a', dataOf({ views: 1 }))]);
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
    await Promise.all([store.destroy('a'), store.touch('a', dataOf())]);
    expect(await rows()).toEqual([]);
  });

  it('go on after one that failed', async () => {
    const store = open();
    const [failed, stored] = await Promise.allSettled([store.set('a', dataOf({ big: 1n })), store.set('a', dataOf({ views: 1 }))]);
    expect([failed.status, stored.status]).toEqual(['rejected', 'fulfilled']);
    expect(await readValues(store, 'a')).toEqual({ views: 1 });
  });
});
