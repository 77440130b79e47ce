import { expect, it } from 'vitest';
import { SessionSerializationError } from '../../lib/session.errors.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession } from '../support/store-data.js';
import { useStores } from '../support/store-fixture.js';

const NAMES = ['handle', 'rotate', 'update', 'login', 'logout', 'authenticatedAt', 'level'];
const SID = 'a session of an older store';

describeEachDatabase('stored data under a reserved name', (database) => {
  const { alter, open, rowOf, statementsOf, warnings } = useStores(database);

  /** A store beside a row whose data has this key, as an older store may have written it. */
  const stored = async (key: string) => {
    await newSession(open(), SID, { views: 1 }).save();
    await alter(SID, { data: JSON.stringify({ ...dataOf({ views: 1 }), [key]: { own: 7 }, theme: 'dark' }) });
    return open();
  };
  const dataIn = async () => JSON.parse((await rowOf(SID))!.data) as Record<string, unknown>;
  const told = () => warnings.filter((warning) => warning.includes('reserved name'));

  it.each(NAMES)('is not on the session, stays in the row, and is told once: %s', async (key) => {
    const store = await stored(key);
    const session = await loadSession(store, SID);
    expect(Reflect.get(session, key)).not.toEqual({ own: 7 });
    expect(session.theme).toBe('dark');
    session.views = 2;
    await session.save();
    expect(await dataIn()).toMatchObject({ views: 2, theme: 'dark', [key]: { own: 7 } });

    const next = await loadSession(store, SID);
    expect(await statementsOf(() => next.save())).toBeLessThanOrEqual(1);
    expect(await dataIn()).toMatchObject({ views: 2, theme: 'dark', [key]: { own: 7 } });
    expect(told()).toEqual([expect.stringContaining(`the key "${key}"`)]);
    expect(await store.get(SID)).toMatchObject({ [key]: { own: 7 } });
  });

  it('survives a merge and an update', async () => {
    const store = await stored('update');
    const [mine, theirs] = [await loadSession(store, SID), await loadSession(store, SID)];
    await Object.assign(theirs, { cart: 1 }).save();
    await Object.assign(mine, { views: 2 }).save();
    expect(await dataIn()).toMatchObject({ views: 2, cart: 1, update: { own: 7 } });
    await mine.update((session) => void (session.views = 3));
    expect(await dataIn()).toMatchObject({ views: 3, cart: 1, update: { own: 7 } });
  });

  it.each(['handle', 'authenticatedAt', 'level'])('cannot be made: setting %s names the key', async (key) => {
    const session = newSession(open(), SID);
    expect(() => Object.assign(session, { [key]: 1 })).toThrow(SessionSerializationError);
    expect(() => Object.assign(session, { [key]: 1 })).toThrow(`"${key}" is a reserved name`);
    await session.save();
    expect(await dataIn()).not.toHaveProperty(key);
  });

  it.each(['rotate', 'update', 'login', 'logout'])('cannot be made: a session with %s is refused', async (key) => {
    const session = Object.assign(newSession(open(), SID), { [key]: 1 });
    await expect(session.save()).rejects.toThrow(`"${key}" is a reserved name`);
    expect(await rowOf(SID)).toBeUndefined();
  });
});
