import { expect, it } from 'vitest';
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
