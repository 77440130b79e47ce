import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hashSessionId } from '../../lib/store/session/id.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { failStatements } from '../support/store-gate.js';
import { DAY, useStores } from '../support/store-fixture.js';

const SID = 'the secret id';

describeEachDatabase('listeners to a store', (database) => {
  const { clock, warnings, dataSource, open, rowOf, alter } = useStores(database);

  /** A session of a user with a row, and what is told after that. */
  const stored = async () => {
    const store = open();
    await newSession(store, SID, { userId: 'ann', card: 'payload VISA' }).save();
    const session = await loadSession(store, SID);
    return { store, session, events: listen(store) };
  };

  it('hear the same on the diagnostics channels', async () => {
    const { store, session, events } = await stored();
    await Object.assign(session, { views: 1 }).save();
    await session.destroy();
    await store.prune();
    expect(events.published).toEqual(events.told);
    expect(events.published).toHaveLength(4);
  });

  it('hear no id, no hash and no data', async () => {
    const { store, session, events } = await stored();
    await newSession(store, `${SID} 2`, { card: 'payload VISA' }).save();
    await Object.assign(await loadSession(store, SID), { views: 1 }).save();
    await Object.assign(session, { cart: 1 }).save();
    await store.set(SID, dataOf({ userId: 'ann', card: 'payload VISA' }));
    await newSession(store, `${SID} 3`, { card: 'payload VISA' }).login('ann');
    await session.destroy();
    await expect(session.save()).rejects.toThrow();
    await store.set(SID, dataOf());
    await alter(SID, { data: 'payload VISA' });
    await store.get(SID);
    clock.now += DAY;
    await store.prune();
    expect(new Set(events.names())).toEqual(
      new Set(['created', 'saved', 'merged', 'signedIn', 'signedOut', 'destroyed', 'undecodable', 'pruned']),
    );
    const text = inspect([events.told, events.published, warnings], { depth: null, showHidden: true });
    for (const secret of [SID, hashSessionId(SID), hashSessionId(`${SID} 2`), 'VISA']) expect(text).not.toContain(secret);
  });

  it('hear after the database has answered and before the callback', async () => {
    const store = open();
    const order: string[] = [];
    store.on('saved', () => void order.push('event'));
    const row = new Promise<unknown>((resolve) => void store.once('saved', () => resolve(rowOf(SID))));
    await new Promise<void>((resolve) => {
      store.set(SID, dataOf(), () => {
        order.push('callback');
        resolve();
      });
    });
    expect(order).toEqual(['event', 'callback']);
    expect(await row).toBeDefined();
  });

  it('that throw harm nothing: the others hear, a warning is left, the call succeeds', async () => {
    const store = open();
    const heard: string[] = [];
    store.on('created', () => {
      throw new Error('a listener that throws');
    });
    store.on('created', () => void heard.push('second'));
    store.once('created', () => void heard.push('once'));
    await newSession(store, SID, { views: 1 }).save();
    await newSession(store, `${SID} 2`, { views: 1 }).save();
    expect(heard).toEqual(['second', 'once', 'second']);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('a listener that throws');
    expect(await readValues(store, SID)).toEqual({ views: 1 });
  });

  it('that reject harm nothing, and leave a warning', async () => {
    const store = open();
    const audit: () => unknown = () => Promise.reject(new Error('an audit log that fails'));
    store.on('created', audit);
    await newSession(store, SID, { views: 1 }).save();
    expect(await readValues(store, SID)).toEqual({ views: 1 });
    expect(warnings).toEqual([expect.stringContaining('an audit log that fails')]);
  });

  it('never hear express-session’s connect and disconnect', async () => {
    const store = open();
    const signals: string[] = [];
    const { emit } = store;
    store.emit = (name: string, ...rest: unknown[]) => {
      signals.push(name);
      return emit.call(store, name, ...rest);
    };
    for (const name of ['connect', 'disconnect']) (store as NodeJS.EventEmitter).on(name, () => void signals.push(name));
    await newSession(store, SID).save();
    const restore = failStatements(dataSource(), /./);
    await expect(store.get(SID)).rejects.toThrow();
    restore();
    await store.get(SID);
    await store.close();
    expect(signals.filter((name) => name === 'connect' || name === 'disconnect')).toEqual([]);
  });

  describe('of two stores over one table', () => {
    it('hear of each thing from the one that did it', async () => {
      const [one, two] = [open(), open()];
      const [first, second] = [listen(one), listen(two)];
      await newSession(one, SID, {}).save();
      await two.destroy(SID);
      expect([first.names(), second.names()]).toEqual([['created'], ['destroyed']]);
    });
  });
});
