import { expect, it } from 'vitest';
import type { SessionData } from '../../lib/store/express-session.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, START, useStores } from '../support/store-fixture.js';

/** Columns that have an index: SQLite writes its entry anew wherever one of them is named. */
const INDEXED = ['prune_after', 'user_id'];

describeEachDatabase('a save', (database) => {
  const { clock, open, rowOf, alter, statements } = useStores(database);
  const rewritesIndexes = ['better-sqlite3', 'sql.js'].includes(database.name);

  /** The columns with an index that the updates of some work name. */
  const indexedIn = async (work: () => Promise<unknown>) => {
    const before = statements.length;
    await work();
    const updates = statements.slice(before).filter((sql) => sql.includes('UPDATE '));
    expect(updates).not.toEqual([]);
    return INDEXED.filter((column) => updates.some((sql) => sql.includes(column)));
  };

  const load = async (values: Record<string, unknown> = {}) => {
    clock.now = START + MINUTE;
    const store = open();
    await store.set('a', dataOf({ userId: 'ann', ...values }));
    return loadSession(store, 'a');
  };

  it(`${rewritesIndexes ? 'names no column' : 'may name the columns'} with an index while the user and the hour stay`, async () => {
    const session = await load();
    clock.now += MINUTE;
    const named = await indexedIn(() => Object.assign(session, { views: 1 }).save());
    expect(named).toEqual(rewritesIndexes ? [] : INDEXED);
    const expiresAt = START + 2 * MINUTE + DAY;
    expect(await rowOf('a')).toMatchObject({ userId: 'ann', pruneAfter: Math.ceil(expiresAt / HOUR), version: 2 });
    expect(Number((await rowOf('a'))?.expiresAt)).toBe(expiresAt);
  });

  it('names them again when the hour is over, and not a second time', async () => {
    const session = await load();
    clock.now += HOUR;
    expect(await indexedIn(() => Object.assign(session, { views: 1 }).save())).toEqual(INDEXED);
    expect(await rowOf('a')).toMatchObject({ pruneAfter: Math.ceil((START + MINUTE + HOUR + DAY) / HOUR) });
    const again = await indexedIn(() => Object.assign(session, { views: 2 }).save());
    expect(again).toEqual(rewritesIndexes ? [] : INDEXED);
  });

  it.each([
    ['signs in', undefined, 'ann'],
    ['becomes another', 'ann', 'bob'],
    ['signs out', 'ann', undefined],
  ])('names them where the user %s', async (_, before, after) => {
    const session = await load({ userId: before });
    expect(await indexedIn(() => Object.assign(session, { userId: after }).save())).toEqual(INDEXED);
    expect(await rowOf('a')).toMatchObject({ userId: after ?? null });
  });

  it('names them where it takes any version', async () => {
    clock.now = START + MINUTE;
    const store = open({ overlap: 'overwrite' });
    await store.set('a', dataOf({ userId: 'ann' }));
    const session = await loadSession(store, 'a');
    await alter('a', { userId: 'bob', pruneAfter: 1 });
    expect(await indexedIn(() => Object.assign(session, { views: 1 }).save())).toEqual(INDEXED);
    expect(await rowOf('a')).toMatchObject({ userId: 'ann', pruneAfter: Math.ceil((START + MINUTE + DAY) / HOUR) });
  });

  it.each([
    ['the user', 0, 'bob'],
    ['the hour', HOUR, 'ann'],
  ])('that was merged sets %s, which another request had changed meanwhile, as its own data say', async (_, ahead, userId) => {
    clock.now = START + MINUTE;
    const merge = (_base: object, _theirs: object, mine: object) => mine as SessionData;
    const [first, second] = [open(), open({ merge })];
    await first.set('a', dataOf({ userId: 'ann' }));
    const [theirs, mine] = [await loadSession(first, 'a'), await loadSession(second, 'a')];
    clock.now += ahead;
    await Object.assign(theirs, { userId, views: 1 }).save();
    clock.now -= ahead;
    await Object.assign(mine, { views: 2 }).save();
    expect(await rowOf('a')).toMatchObject({ userId: 'ann', pruneAfter: Math.ceil((START + MINUTE + DAY) / HOUR), version: 3 });
  });
});
