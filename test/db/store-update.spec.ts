import { describe, expect, it, onTestFinished } from 'vitest';
import { SessionConflictError, SessionEntityError, SessionInterruptedError, SessionUnavailableError } from '../../lib/session.errors.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, dueAtEnd, loadSession, newSession, readValues, valuesOf, type LiveSession } from '../support/store-data.js';
import { interceptStatements } from '../support/intercept-statements.js';
import { barrier, gateStatements, turns } from '../support/store-gate.js';
import { listen } from '../support/store-events.js';
import { entityOf, kindsOf, useStores } from '../support/store-fixture.js';

type Update = <T>(change: (session: LiveSession) => T | PromiseLike<T>) => Promise<T>;

/** The `update` of a session, for data of any keys. */
const updateOf = (session: LiveSession): Update => (session.update as unknown as Update).bind(session);
const add = (item: string) => (session: LiveSession) => void (session.cart = [...((session.cart as string[] | undefined) ?? []), item]);
const count = (session: LiveSession) => (session.n = Number(session.n ?? 0) + 1);

describeEachDatabase('an update of a session', (database) => {
  const { dataSource, open, rows, rowOf, statements } = useStores(database);

  /** Two requests that have loaded the same session. */
  const twoRequests = async (values: Record<string, unknown>, options: Parameters<typeof open>[0] = {}) => {
    const [one, two] = [open(options), open(options)];
    await open().set('s', dataOf(values));
    return [await loadSession(one, 's'), await loadSession(two, 's'), one] as const;
  };

  it('is one UPDATE, and leaves nothing to the end of the request', async () => {
    const [session, , store] = await twoRequests({ cart: ['tea'] });
    statements.length = 0;
    await expect(updateOf(session)((given) => (add('mug')(given), given === session))).resolves.toBe(true);
    expect(kindsOf(statements)).toEqual(['UPDATE']);
    expect(valuesOf(session)).toEqual({ cart: ['tea', 'mug'] });
    await expect(dueAtEnd(store, session)).resolves.toBe('nothing');
    await expect(readValues(store, 's')).resolves.toEqual({ cart: ['tea', 'mug'] });
  });

  it('runs again on the newest data where another request was first', async () => {
    const [first, second, store] = await twoRequests({ cart: ['tea'], locale: 'en' });
    await Object.assign(first, { locale: 'de', cart: ['tea', 'mug'] }).save();
    const seen: unknown[] = [];
    statements.length = 0;
    const added = updateOf(second)((session) => {
      seen.push([...(session.cart as string[])]);
      add('pen')(session);
      return (session.cart as string[]).length;
    });
    await expect(added).resolves.toBe(3);
    expect(seen).toEqual([['tea'], ['tea', 'mug']]);
    expect(kindsOf(statements).filter((kind) => kind !== 'SELECT')).toEqual(['UPDATE', 'UPDATE']);
    expect(valuesOf(second)).toEqual({ cart: ['tea', 'mug', 'pen'], locale: 'de' });
    await expect(readValues(store, 's')).resolves.toEqual({ cart: ['tea', 'mug', 'pen'], locale: 'de' });
  });

  it('keeps what the request changed outside it, in place of what it began with', async () => {
    const [first, second, store] = await twoRequests({ n: 1, flash: 'hi', nested: { deep: [1] } });
    await Object.assign(first, { n: 5, theirs: true }).save();
    second.mine = { a: 1 };
    delete second.flash;
    const { told } = listen((second.req as { sessionStore: SessionStore }).sessionStore);
    await updateOf(second)(count);
    expect(valuesOf(second)).toEqual({ n: 6, theirs: true, mine: { a: 1 }, nested: { deep: [1] } });
    await expect(readValues(store, 's')).resolves.toEqual(valuesOf(second));
    expect(told.map(([name]) => name)).toEqual(['merged', 'saved']);
  });

  it('leaves the objects of other keys the same, and gives copies to the change', async () => {
    const [session] = await twoRequests({ nested: { deep: [1] }, cart: ['tea'] });
    const { nested, cart } = session;
    await updateOf(session)((given) => {
      expect(given.nested).not.toBe(nested);
      (given.cart as string[]).push('mug');
    });
    expect(session.nested).toBe(nested);
    expect([cart, session.cart]).toEqual([['tea'], ['tea', 'mug']]);
  });

  it.each(['at once', 'later'])('gives out what the change throws %s, and leaves all as it was', async (when) => {
    const [session, , store] = await twoRequests({ cart: { tea: 1 } });
    session.mine = new Date(0);
    const before = { ...session };
    const updated = updateOf(session)(async (given) => {
      (given.cart as Record<string, number>).tea = 9;
      given.more = true;
      given.cookie.maxAge = 5;
      if (when === 'later') await Promise.resolve();
      throw new RangeError('sold out');
    });
    await expect(updated).rejects.toThrow(new RangeError('sold out'));
    expect({ ...session }).toEqual(before);
    for (const key of Object.keys(before)) expect(session[key]).toBe(before[key as never]);
    await expect(readValues(store, 's')).resolves.toEqual({ cart: { tea: 1 } });
    await expect(dueAtEnd(store, session)).resolves.toBe('save');
  });

  it('takes nothing for final that was decided on old data: neither an error nor that nothing is to be changed', async () => {
    const [first, second, store] = await twoRequests({ stock: 0, coupon: 'used' });
    await Object.assign(first, { stock: 2, coupon: 'new' }).save();
    const buy = (session: LiveSession) => {
      if (session.stock === 0) throw new RangeError('sold out');
      session.stock = Number(session.stock) - 1;
    };
    await updateOf(second)(buy);
    await expect(readValues(store, 's')).resolves.toEqual({ stock: 1, coupon: 'new' });

    const third = await loadSession(open(), 's');
    await Object.assign(await loadSession(open(), 's'), { coupon: 'newest' }).save();
    await expect(updateOf(third)((session) => session.coupon)).resolves.toBe('newest');
    expect(third.coupon).toBe('newest');
  });

  it('that changes nothing stores nothing', async () => {
    const [session] = await twoRequests({ n: 1 });
    await updateOf(session)(() => undefined);
    expect(await rowOf('s')).toMatchObject({ version: 1 });
  });

  it('waits for a change that takes its time, and holds no connection meanwhile', async () => {
    const [session, other, store] = await twoRequests({ n: 1 });
    const [begun, gate] = [barrier(), barrier()];
    const updated = updateOf(session)(async (given) => {
      begun.open();
      await gate.passed;
      count(given);
    });
    await begun.passed;
    // Also where there is one connection, and for the session itself.
    await updateOf(other)(count);
    gate.open();
    await updated;
    await expect(readValues(store, 's')).resolves.toEqual({ n: 3 });
  });

  it('that is slower than operationTimeout is a conflict, and is not stored later', async () => {
    const [session, , store] = await twoRequests({ n: 1 }, { operationTimeout: 50 });
    const gate = barrier();
    let end: Promise<unknown> | undefined;
    const updated = updateOf(session)((given) => (end = gate.passed.then(() => count(given))));
    await expect(updated).rejects.toThrow(/`change`.*`operationTimeout`/);
    await expect(updated).rejects.toBeInstanceOf(SessionConflictError);
    expect(valuesOf(session)).toEqual({ n: 1 });
    gate.open();
    await end;
    await store.close();
    expect(await rowOf('s')).toMatchObject({ version: 1 });
    expect(valuesOf(session)).toEqual({ n: 1 });
  });

  it('that loses until operationTimeout is a conflict', async () => {
    const [session, other] = await twoRequests({ n: 1 }, { operationTimeout: 150 });
    const updated = updateOf(session)(async (given) => {
      await updateOf(other)(count);
      count(given);
    });
    await expect(updated).rejects.toThrow(SessionConflictError);
    expect(session.n).toBe(1);
  });

  it('that is late before its change runs never runs it', async () => {
    const store = open({ operationTimeout: 150 });
    await store.set('s', dataOf({ n: 1 }));
    const [session, other] = [await loadSession(store, 's'), await loadSession(store, 's')];
    const gate = barrier();
    const reads: Promise<unknown>[] = [];
    const restore = interceptStatements(dataSource(), async (sql, send) => {
      if (!sql.startsWith('SELECT')) return send();
      await gate.passed;
      const read = send();
      reads.push(read);
      return read;
    });
    onTestFinished(restore);
    let runs = 0;
    const first = updateOf(other)(count);
    const second = updateOf(session)((given) => (runs++, count(given)));
    await expect(second.finally(gate.open)).rejects.toBeInstanceOf(SessionUnavailableError);
    await first;
    await turns(1);
    await Promise.all(reads);
    await turns(5);
    expect([reads.length, runs]).toEqual([1, 0]);
  });

  it('of a session without a row makes one', async () => {
    const store = open();
    const session = newSession(store, 's', { views: 1 });
    await updateOf(session)(add('tea'));
    await expect(readValues(store, 's')).resolves.toEqual({ views: 1, cart: ['tea'] });
    await updateOf(session)(add('mug'));
    await expect(readValues(store, 's')).resolves.toEqual({ views: 1, cart: ['tea', 'mug'] });
  });

  it('of an empty session that stays empty makes none', async () => {
    await updateOf(newSession(open(), 's'))(() => undefined);
    expect(await rows()).toEqual([]);
  });

  describe('of a session that was ended', () => {
    it('is an error, and revives nothing', async () => {
      const [first, second] = await twoRequests({ n: 1 });
      await first.destroy();
      await expect(updateOf(second)(count)).rejects.toBeInstanceOf(SessionInterruptedError);
      await expect(updateOf(second)(count)).rejects.toBeInstanceOf(SessionInterruptedError);
      await expect(updateOf(first)(count)).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
      expect(valuesOf(second)).toEqual({ n: 1 });
    });

    it('between a try and the next is one, too', async () => {
      const [first, second] = await twoRequests({ n: 1 });
      await Object.assign(first, { n: 2 }).save();
      const gate = gateStatements(dataSource(), /^SELECT/i);
      const outcome = updateOf(second)(count).catch((error: unknown) => error);
      await gate.reached;
      await open().destroy('s');
      gate.open();
      await expect(outcome).resolves.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });
  });

  it('loses nothing where fifty come at once', async () => {
    await open().set('s', dataOf({ cart: [] }));
    const stores = [open(), open()];
    const sessions = await Promise.all(Array.from({ length: 50 }, (_, index) => loadSession(stores[index % 2]!, 's')));
    await Promise.all(sessions.map((session, index) => updateOf(session)(add(`item ${index}`))));
    const { cart } = (await readValues(open(), 's')) as { cart: string[] };
    expect(cart.toSorted()).toEqual(Array.from({ length: 50 }, (_, index) => `item ${index}`).toSorted());
  });

  it('runs after the other work on its session, one update after the other', async () => {
    const [session, , store] = await twoRequests({ n: 0 });
    const update = updateOf(session);
    await Promise.all([update(count), session.rotate(), update(count), session.save(), update(count)]);
    await expect(readValues(store, session.id)).resolves.toEqual({ n: 3 });
  });

  describe('with the option overlap', () => {
    it("'fail' runs again as well, and fails where the request had changed something itself", async () => {
      const [first, second, store] = await twoRequests({ n: 1 }, { overlap: 'fail' });
      await updateOf(first)(count);
      await updateOf(second)(count);
      await expect(readValues(store, 's')).resolves.toEqual({ n: 3 });
      first.mine = true;
      await expect(updateOf(first)(count)).rejects.toBeInstanceOf(SessionConflictError);
      expect(valuesOf(first)).toEqual({ n: 2, mine: true });
    });

    it("'overwrite' overwrites nothing", async () => {
      const [first, second, store] = await twoRequests({ n: 1 }, { overlap: 'overwrite' });
      await updateOf(first)(count);
      second.mine = true;
      await updateOf(second)(count);
      await expect(readValues(store, 's')).resolves.toEqual({ n: 3, mine: true });
    });
  });

  it('by a change of the cookie ends the session, as a save does', async () => {
    const [session] = await twoRequests({ n: 1 });
    await updateOf(session)((given) => {
      count(given);
      given.cookie.maxAge = 0;
    });
    expect(await rows()).toEqual([]);
  });

  it.each([null, undefined, 5, []])('that leaves %j as the cookie is refused, and leaves all as it was', async (cookie) => {
    const store = open();
    await store.set('s', dataOf({ n: 1 }));
    for (const session of [newSession(store, 'new', { n: 1 }), await loadSession(store, 's')]) {
      const spoil = (given: object) => Object.assign(given, { cookie, n: 2 });
      await expect(session.update(spoil)).rejects.toThrow(/must be an object with a `cookie` object/);
      expect(valuesOf(session)).toEqual({ n: 1 });
      expect(session.cookie).toBeTypeOf('object');
    }
    expect(await readValues(store, 's')).toEqual({ n: 1 });
  });

  it('that is no function, or of no session, is refused', async () => {
    const [session, , store] = await twoRequests({ n: 1 });
    await expect(updateOf(session)('n' as never)).rejects.toThrow(/`update` needs a function/);
    await expect(store.update({ sessionID: 's' } as never, () => 1)).rejects.toBeInstanceOf(SessionInterruptedError);
    await expect(store.set('t', dataOf({ update: 1 }))).rejects.toThrow(/"update" is a reserved name/);
  });
});

describeEachDatabase('an update where the entity has no version', (database) => {
  const { open } = useStores(database, entityOf('id', 'data', 'expiresAt'));

  it('is refused, with the remedy', async () => {
    await open().set('s', dataOf({ n: 1 }));
    const session = await loadSession(open(), 's');
    const updated = updateOf(session)(count);
    await expect(updated).rejects.toThrow(/no column for `version`.*@SessionLock/);
    await expect(updated).rejects.toBeInstanceOf(SessionEntityError);
  });
});
