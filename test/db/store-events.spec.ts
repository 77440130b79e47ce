import { expect, it } from 'vitest';
import { EVENT_NAMES, type SessionEvents } from '../../lib/store/runtime/events.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { failStatements } from '../support/store-gate.js';
import { DAY, HOUR, START, useStores } from '../support/store-fixture.js';

const SID = 'the secret id';

describeEachDatabase('the events of a store', (database) => {
  const { clock, dataSource, open, rowOf, alter } = useStores(database);

  /** A session of a user with a row, and what is told after that. */
  const stored = async (options: Parameters<typeof open>[0] = {}) => {
    const store = open(options);
    await newSession(store, SID, { userId: 'ann', card: 'payload VISA' }).save();
    const session = await loadSession(store, SID);
    return { store, session, events: listen(store) };
  };
  const facts = async () => ({ handle: (await rowOf(SID))?.handle, userId: 'ann', at: new Date(START) });

  it('created: a new session, which is not also saved', async () => {
    const store = open();
    const { told } = listen(store);
    await newSession(store, SID, { userId: 'ann' }).save();
    expect(told).toEqual([
      ['created', await facts()],
      ['signedIn', await facts()],
    ]);
  });

  it('saved: data of a session that had a row', async () => {
    const { session, events } = await stored();
    clock.now += HOUR;
    await Object.assign(session, { views: 1 }).save();
    expect(events.told).toEqual([['saved', { ...(await facts()), at: new Date(START + HOUR) }]]);
  });

  it('saved: data of unknown origin', async () => {
    const { store, events } = await stored();
    await store.set(SID, dataOf({ userId: 'ann' }));
    expect(events.told).toEqual([['saved', expect.objectContaining({ userId: 'ann', at: new Date(START) })]]);
  });

  it('merged, then saved: changes that overlap', async () => {
    const { store, session, events } = await stored();
    const other = await loadSession(store, SID);
    await Object.assign(other, { views: 1 }).save();
    await Object.assign(session, { cart: 1 }).save();
    expect(events.names()).toEqual(['saved', 'merged', 'saved']);
    expect(events.told[1]).toEqual(['merged', await facts()]);
  });

  it('destroyed: a logout, and not a second time', async () => {
    const { store, session, events } = await stored();
    const expected = { ...(await facts()), reason: 'logout' };
    await session.destroy();
    await session.destroy();
    await store.destroy(SID);
    const { reason: _, ...signedOut } = expected;
    expect(events.told).toEqual([
      ['destroyed', expected],
      ['signedOut', signedOut],
    ]);
  });

  it('destroyed: a regenerate', async () => {
    const { session, events } = await stored();
    const expected = { ...(await facts()), reason: 'logout' };
    await session.regenerate();
    expect(events.names()).toEqual(['destroyed', 'signedOut']);
    expect(events.told[0]).toEqual(['destroyed', expected]);
  });

  it('destroyed: by id, without a session in hand', async () => {
    const { store, events } = await stored();
    await store.destroy(SID);
    expect(events.told).toEqual([['destroyed', expect.objectContaining({ reason: 'logout', at: new Date(START) })]]);
  });

  it('destroyed: a session that was revoked, once, with the reason that was given', async () => {
    const { store, session, events } = await stored();
    const expected = await facts();
    expect(await store.revoke(session.handle as string)).toBe(true);
    expect(await store.revoke(session.handle as string)).toBe(false);
    await newSession(store, 'another', { userId: 'ann' }).save();
    const [other] = await store.list({ userId: 'ann' });
    await store.revoke(other!.handle, { reason: 'device lost' });
    expect(events.told).toEqual([
      ['destroyed', { ...expected, reason: 'revoked' }],
      ['created', { handle: other!.handle, userId: 'ann', at: new Date(START) }],
      ['signedIn', { handle: other!.handle, userId: 'ann', at: new Date(START) }],
      ['destroyed', { handle: other!.handle, userId: 'ann', reason: 'device lost', at: new Date(START) }],
    ]);
  });

  it('interrupted: a save of a session that was ended', async () => {
    const { session, events } = await stored();
    const expected = await facts();
    await open().destroy(SID);
    await expect(session.save()).rejects.toThrow();
    await expect(session.save()).rejects.toThrow();
    expect(events.told).toEqual([['interrupted', expected]]);
  });

  it('interrupted: a touch of a session that was ended', async () => {
    const { store, session, events } = await stored({ touchInterval: 0 });
    const expected = await facts();
    await open().destroy(SID);
    clock.now += 1;
    await store.touch(SID, session as never);
    await store.touch(SID, session as never);
    expect(events.told).toEqual([['interrupted', { ...expected, at: new Date(START + 1) }]]);
  });

  it('undecodable: a read of broken data', async () => {
    const { store, events } = await stored();
    await alter(SID, { data: '{"payload' });
    await store.get(SID);
    expect(events.told).toEqual([['undecodable', await facts()]]);
  });

  it('pruned: a run, with its count', async () => {
    const { store, events } = await stored();
    clock.now += DAY;
    await store.prune();
    expect(events.told).toEqual([['pruned', { count: 1, at: new Date(START + DAY) }]]);
  });

  it('unavailable and recovered: once a change of state', async () => {
    const { store, events } = await stored();
    const restore = failStatements(dataSource(), /./);
    for (let attempt = 0; attempt < 3; attempt++) await expect(store.get(SID)).rejects.toThrow();
    expect(events.told).toEqual([['unavailable', { at: new Date(START) }]]);
    restore();
    for (let attempt = 0; attempt < 3; attempt++) await store.get(SID);
    expect(events.names()).toEqual(['unavailable', 'recovered']);
  });

  it('signedIn, once: a login, which ends the session from before', async () => {
    const store = open();
    const session = newSession(store, SID, { cart: 1 });
    await session.save();
    const { told } = listen(store);
    const { handle: before } = session;
    await session.login('ann', { level: 2 });
    await session.save();
    const at = new Date(START);
    const after = { handle: session.handle, userId: 'ann', at };
    expect(told).toEqual([
      ['destroyed', { handle: before, reason: 'login', at }],
      ['created', after],
      ['signedIn', { ...after, level: 2 }],
    ]);
  });

  it('signedOut and signedIn: a login as somebody else; the same user only signs in again', async () => {
    const { session, events } = await stored();
    await session.login('ann');
    expect(events.names()).toEqual(['destroyed', 'created', 'signedIn']);
    await session.login('bob');
    expect(events.names().slice(3)).toEqual(['destroyed', 'signedOut', 'created', 'signedIn']);
    expect(events.told.slice(-4).map(([, { userId }]) => userId)).toEqual(['ann', 'ann', 'bob', 'bob']);
  });

  it('signedIn and signedOut, once: a save that sets the user, or takes it away', async () => {
    const store = open();
    await newSession(store, SID, { views: 1 }).save();
    const [session, other] = [await loadSession(store, SID), await loadSession(store, SID)];
    const { told, names } = listen(store);
    await Object.assign(session, { passport: { user: 'ann' } }).save();
    await session.save();
    await Object.assign(other, { passport: { user: 'ann' } }).save();
    expect(names().filter((name) => name.startsWith('signed'))).toEqual(['signedIn']);
    Reflect.deleteProperty(session, 'passport');
    await session.save();
    await session.destroy();
    expect(names().filter((name) => name.startsWith('signed'))).toEqual(['signedIn', 'signedOut']);
    expect(told.find(([name]) => name === 'signedOut')?.[1]).toEqual({ handle: session.handle, userId: 'ann', at: new Date(START) });
  });

  it('no signedOut: a destroy of a session without a user', async () => {
    const store = open();
    const session = newSession(store, SID, { views: 1 });
    await session.save();
    const { names } = listen(store);
    await session.logout();
    expect(names()).toEqual(['destroyed']);
  });

  type Stored = Awaited<ReturnType<typeof stored>>;
  const outage = async ({ store }: Stored) => {
    const restore = failStatements(dataSource(), /./);
    await expect(store.get(SID)).rejects.toThrow();
    restore();
  };
  const prune = async ({ store }: Stored) => {
    await newSession(store, 'another').save();
    clock.now += DAY;
    await store.prune();
  };
  const migrate = async ({ store }: Stored) => {
    const older = open({ hashIds: false });
    for (let number = 0; number < 100; number++) await older.set(`plain ${number}`, dataOf());
    await store.migrateIds();
  };
  /** What has to happen for an event to be emitted. */
  const flows: Record<keyof SessionEvents, (stored: Stored) => Promise<unknown>> = {
    created: ({ store }) => newSession(store, 'another').save(),
    saved: ({ session }) => Object.assign(session, { views: 1 }).save(),
    merged: async ({ store, session }) => {
      await Object.assign(await loadSession(store, SID), { views: 1 }).save();
      await Object.assign(session, { cart: 1 }).save();
    },
    signedIn: ({ session }) => session.login('bob'),
    signedOut: ({ session }) => session.logout(),
    rotated: ({ session }) => session.rotate(),
    destroyed: ({ session }) => session.destroy(),
    interrupted: async ({ session }) => {
      await open().destroy(SID);
      await expect(session.save()).rejects.toThrow();
    },
    undecodable: async ({ store }) => {
      await alter(SID, { data: '{"payload' });
      await store.get(SID);
    },
    unavailable: outage,
    recovered: async (from) => {
      await outage(from);
      await from.store.get(SID);
    },
    revoking: ({ store }) => store.revokeAll(),
    pruning: prune,
    pruned: prune,
    migrating: migrate,
    migrated: migrate,
  };

  it.each(EVENT_NAMES)('S41: %s is emitted, also on its diagnostics channel', async (name) => {
    const from = await stored({ prune: { batchSize: 1 }, hashIds: 'migrate' });
    await flows[name](from);
    expect(from.events.names()).toContain(name);
    expect(from.events.published.map(([published]) => published)).toContain(name);
  });

  it('none: reads, touches, and what changes nothing', async () => {
    const { store, session, events } = await stored();
    clock.now += HOUR;
    await store.touch(SID, session as never);
    await store.get(SID);
    await store.get('unknown');
    await store.destroy('unknown');
    await store.touch('unknown', dataOf());
    await store.all();
    await store.list();
    await store.ping();
    await expect(store.set('', dataOf())).rejects.toThrow();
    await expect(Object.assign(session, { big: 1n }).save()).rejects.toThrow();
    expect(events.told).toEqual([]);
  });
});
