import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SessionConflictError, SessionInterruptedError, SessionOptionsError, SessionUnavailableError } from '../../lib/session.errors.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { describeEachDatabase } from '../support/databases.js';
import { interceptStatements } from '../support/intercept-statements.js';
import { dataOf, dueAtEnd, loadSession, newSession, readValues, valuesOf, type LiveSession } from '../support/store-data.js';
import { barrier, failStatements, gateStatements } from '../support/store-gate.js';
import { DAY, entityOf, HOUR, kindsOf, MINUTE, START, useStores } from '../support/store-fixture.js';

const requestOf = ({ req }: LiveSession) => req as { sessionID: string; session: LiveSession };

describeEachDatabase('a login', (database) => {
  const { clock, dataSource, open, rows, rowOf, statements } = useStores(database);

  /** A session with a row, as a request has loaded it. */
  const loaded = async (values: Record<string, unknown>, options: Partial<SessionModuleOptions> = {}) => {
    const store = open(options);
    await newSession(store, 'before', values).save();
    const session = await loadSession(store, 'before');
    statements.length = 0;
    return { store, session };
  };

  describe('of a visitor', () => {
    it('gives a new id and a new row to the same object, with what was in it, and ends the old row at once', async () => {
      const { store, session } = await loaded({ cart: ['tea'] });
      const { handle } = session;
      session.theme = 'dark';
      clock.now += HOUR;
      await session.login('ann');
      expect(kindsOf(statements)).toEqual(['INSERT', 'UPDATE', 'DELETE']);
      expect(requestOf(session).session).toBe(session);
      expect(session.id).toBe(requestOf(session).sessionID);
      expect(session.id).not.toBe('before');
      expect(session.handle).not.toBe(handle);
      expect(valuesOf(session)).toEqual({ cart: ['tea'], theme: 'dark', userId: 'ann' });
      const [row, ...others] = await rows();
      expect([row?.userId, Number(row?.createdAt), row?.version, row?.handle]).toEqual(['ann', START + HOUR, 1, session.handle]);
      expect(others).toEqual([]);
      await expect(store.get('before')).resolves.toBeUndefined();
      await expect(readValues(store, session.id)).resolves.toEqual(valuesOf(session));
      await expect(dueAtEnd(store, session)).resolves.toBe('nothing');
    });

    it('whose session has no row costs one statement', async () => {
      const store = open();
      const session = newSession(store, 'before', { cart: ['tea'] });
      statements.length = 0;
      await session.login(7);
      expect(kindsOf(statements)).toEqual(['INSERT']);
      expect(valuesOf(session)).toEqual({ cart: ['tea'], userId: 7 });
      expect(await rows()).toEqual([expect.objectContaining({ userId: '7' })]);
    });

    it('loses nothing that another request stores meanwhile', async () => {
      const { store, session } = await loaded({ cart: ['tea'] });
      const gate = gateStatements(dataSource(), /^UPDATE/i);
      const login = session.login('ann');
      await gate.reached;
      const other = open();
      const stored = Object.assign(await loadSession(other, 'before'), { theme: 'dark' }).save();
      gate.open();
      // One of the two is first. The other one is told, or takes over what was stored.
      const outcome = await stored.then(
        () => 'stored',
        (error: unknown) => error,
      );
      await login;
      const values = await readValues(store, session.id);
      expect(values).toMatchObject({ cart: ['tea'], userId: 'ann' });
      if (outcome === 'stored') expect(values?.theme).toBe('dark');
      else expect(outcome).toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toHaveLength(1);
    });

    it('takes over what another request has stored before', async () => {
      const { store, session } = await loaded({ cart: ['tea'] });
      await Object.assign(await loadSession(open(), 'before'), { theme: 'dark' }).save();
      await session.login('ann');
      await expect(readValues(store, session.id)).resolves.toEqual({ cart: ['tea'], theme: 'dark', userId: 'ann' });
      expect(await rows()).toHaveLength(1);
    });

    it('who clicked twice signs in twice, and the cart is not lost', async () => {
      const { store, session } = await loaded({ cart: ['tea'] });
      const second = await loadSession(open(), 'before');
      await session.login('ann');
      await second.login('ann');
      for (const { id } of [session, second]) await expect(readValues(store, id)).resolves.toEqual({ cart: ['tea'], userId: 'ann' });
    });

    it('interrupts a request in flight, and nothing brings the old id back', async () => {
      const { store, session } = await loaded({ cart: ['tea'] });
      const inFlight = await loadSession(open(), 'before');
      await session.login('ann');
      await expect(Object.assign(inFlight, { late: true }).save()).rejects.toBeInstanceOf(SessionInterruptedError);
      await expect(store.get('before')).resolves.toBeUndefined();
      expect(await rows()).toHaveLength(1);
    });
  });

  it('whose new row is there after operationTimeout leaves the session as it was, and no other one', async () => {
    const { session } = await loaded({ cart: ['tea'] }, { operationTimeout: 200 });
    const before = await rowOf('before');
    const gate = barrier();
    const restore = interceptStatements(dataSource(), async (sql, send) => {
      const answer = await send();
      if (sql.startsWith('INSERT')) await gate.passed;
      return answer;
    });
    onTestFinished(restore);
    await expect(session.login('ann')).rejects.toBeInstanceOf(SessionUnavailableError);
    gate.open();
    await vi.waitFor(async () => expect(await rows()).toHaveLength(1), 20_000);
    expect(await rows()).toEqual([before]);
  });

  it('of the same user keeps the data, under a new id', async () => {
    const { session } = await loaded({ userId: 'ann', draft: 1 });
    await session.login('ann', { level: 2 });
    expect(session.id).not.toBe('before');
    expect(valuesOf(session)).toEqual({ userId: 'ann', draft: 1 });
  });

  it('of another user keeps nothing of the first one', async () => {
    const { store, session } = await loaded({ userId: 'ann', draft: 1 });
    session.more = 2;
    await session.login('bob');
    expect(kindsOf(statements)).toEqual(['INSERT', 'DELETE']);
    expect(valuesOf(session)).toEqual({ userId: 'bob' });
    await expect(readValues(store, session.id)).resolves.toEqual({ userId: 'bob' });
  });

  it('of another user is judged by whom the row was for, not by what the handler has set', async () => {
    const { session } = await loaded({ userId: 'ann', draft: 1 });
    session.userId = 'bob';
    await session.login('bob');
    expect(valuesOf(session)).toEqual({ userId: 'bob' });
  });

  it('keeps the keys that `keep` names, and no others', async () => {
    const { session } = await loaded({ userId: 'ann', locale: 'de', draft: 1 });
    await session.login('bob', { keep: ['locale', 'nothing'] });
    expect(valuesOf(session)).toEqual({ userId: 'bob', locale: 'de' });
    await session.login('bob', { keep: [] });
    expect(valuesOf(session)).toEqual({ userId: 'bob' });
  });

  it('leaves the first user’s cookie to that user, unless this request has set one', async () => {
    const remember = async (change: (session: LiveSession) => void) => {
      const store = open();
      const session = newSession(store, `before ${Math.random()}`, { userId: 'ann' }, 7 * DAY);
      await session.save();
      const next = await loadSession(store, session.id);
      change(next);
      const asked = next.cookie.originalMaxAge;
      await next.login('bob');
      return { asked, kept: next.cookie.originalMaxAge };
    };
    await expect(remember(() => undefined)).resolves.toEqual({ asked: 7 * DAY, kept: null });
    // express-session reads the clock twice, so the age that it notes may be a millisecond less.
    const { asked, kept } = await remember(({ cookie }) => void (cookie.maxAge = MINUTE));
    expect(asked).toBeGreaterThan(MINUTE - 1000);
    expect(kept).toBe(asked);
  });

  it('begins a new absolute life, which the old one does not shorten', async () => {
    const { session, store } = await loaded({ cart: 1 }, { absoluteTimeout: '1h' });
    clock.now += 50 * MINUTE;
    await session.login('ann');
    clock.now += 50 * MINUTE;
    await expect(readValues(store, session.id)).resolves.toMatchObject({ userId: 'ann' });
    clock.now += 10 * MINUTE;
    await expect(store.get(session.id)).resolves.toBeUndefined();
  });

  describe('is stamped', () => {
    it('S23: with its time and level, which no save, rotation or update moves, and which are no keys of the session', async () => {
      const { store, session } = await loaded({ cart: 1 });
      expect([session.authenticatedAt, session.level]).toEqual([undefined, undefined]);
      await session.login('ann');
      expect([session.authenticatedAt, session.level]).toEqual([new Date(START), 1]);
      clock.now += HOUR;
      await session.rotate();
      await Object.assign(session, { more: 1 }).save();
      await session.update((given) => void Object.assign(given, { most: 1 }));
      const next = await loadSession(store, session.id);
      expect([next.authenticatedAt, next.level]).toEqual([new Date(START), 1]);
      expect(Object.keys(next).toSorted()).toEqual(['cart', 'cookie', 'more', 'most', 'userId']);
      expect(Object.keys((await store.get(session.id))!)).not.toContain('$login');
      await expect(dueAtEnd(store, next)).resolves.toBe('nothing');
      await next.login('ann', { level: 2.5 });
      expect([next.authenticatedAt, next.level]).toEqual([new Date(START + HOUR), 2.5]);
    });

    it('also where overlapping requests are merged, or the data is set by a script', async () => {
      const { store, session } = await loaded({ cart: 1 });
      await session.login('ann', { level: 2 });
      const [one, other] = [await loadSession(open(), session.id), await loadSession(open(), session.id)];
      await Object.assign(one, { a: 1 }).save();
      await Object.assign(other, { b: 1 }).save();
      await store.set(session.id, Object.assign((await store.get(session.id))!, { c: 1 }));
      expect(await loadSession(store, session.id)).toMatchObject({ a: 1, b: 1, c: 1, level: 2 });
    });

    it('for that user only: who becomes another one without a login has no stamp', async () => {
      const { store, session } = await loaded({});
      await session.login('ann', { level: 3 });
      session.userId = 'bob';
      expect([session.authenticatedAt, session.level]).toEqual([undefined, undefined]);
      await session.save();
      session.userId = 'ann';
      await session.save();
      const next = await loadSession(store, session.id);
      expect([next.userId, next.level]).toEqual(['ann', undefined]);
    });

    it.each(['handle', 'rotate', 'update', 'login', 'logout', 'authenticatedAt', 'level', '$login'])(
      'under no name that data can have: "%s" is refused',
      async (name) => {
        await expect(open().set('s', dataOf({ [name]: { user: 'ann', at: START, level: 9 } }))).rejects.toThrow(
          `"${name}" is a reserved name of the session.`,
        );
        expect(await rows()).toEqual([]);
      },
    );
  });

  describe('that fails leaves all as it was:', () => {
    const expectAsBefore = async (session: LiveSession) => {
      expect([session.id, valuesOf(session), session.authenticatedAt]).toEqual(['before', { cart: 1, mine: 2 }, undefined]);
      expect(await rows()).toEqual([expect.objectContaining({ userId: null, version: 1 })]);
      await session.save();
      await expect(readValues(open(), 'before')).resolves.toEqual({ cart: 1, mine: 2 });
    };

    it.each([/^INSERT/i, /^UPDATE/i])('a database that fails at %s', async (pattern) => {
      const { session } = await loaded({ cart: 1 });
      session.mine = 2;
      const restore = failStatements(dataSource(), pattern);
      await expect(session.login('ann')).rejects.toMatchObject({ status: 503 });
      restore();
      await expectAsBefore(session);
    });

    it.each<[string, unknown, object | undefined, RegExp]>([
      ['no user', undefined, undefined, /user id .* must be a number or a non-empty string/],
      ['an empty user id', '', undefined, /user id/],
      ['an object', { id: 1 }, undefined, /user id/],
      ['not a number', Number.NaN, undefined, /user id/],
      ['a level that is none', 'ann', { level: 'high' }, /`level`/],
      ['a keep that is none', 'ann', { keep: 'cart' }, /`keep`/],
      ['an unknown option', 'ann', { kepp: [] }, /no option `kepp`/],
      ['no options', 'ann', null as never, /options/],
    ])('%s', async (_, userId, options, message) => {
      const { session } = await loaded({ cart: 1 });
      session.mine = 2;
      const login = session.login(userId as never, options);
      await expect(login).rejects.toThrow(message);
      await expect(login).rejects.toBeInstanceOf(TypeError);
      await expectAsBefore(session);
    });

    it("overlap: 'fail', where another request was first", async () => {
      const { session } = await loaded({ cart: 1 }, { overlap: 'fail' });
      await Object.assign(await loadSession(open(), 'before'), { cart: 2 }).save();
      await expect(session.login('ann')).rejects.toBeInstanceOf(SessionConflictError);
      expect(await rows()).toHaveLength(1);
      expect([session.id, session.userId]).toEqual(['before', undefined]);
    });
  });

  describe('of a session that was ended', () => {
    it('by this request is an error', async () => {
      const { session } = await loaded({ cart: 1 });
      await session.destroy();
      await expect(session.login('ann')).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });

    it('by another one is one, where it had a user: his data is not revived', async () => {
      const { session } = await loaded({ userId: 'ann', cart: 1 });
      await open().destroy('before');
      await expect(session.login('ann')).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await rows()).toEqual([]);
    });
  });

  describe('with an option `userId` of the application’s own', () => {
    const by = (userId: (session: never) => unknown) => ({ userId }) as Partial<SessionModuleOptions>;

    it('is served where that returns `session.userId`', async () => {
      const { session } = await loaded(
        {},
        by(({ account, userId }: { account?: { id: string }; userId?: string }) => account?.id ?? userId),
      );
      await session.login('ann');
      expect(await rows()).toEqual([expect.objectContaining({ userId: 'ann' })]);
    });

    it('is refused where that finds somebody else, or nobody', async () => {
      for (const other of [undefined, 'bob']) {
        const { session } = await loaded(
          { cart: 1 },
          by(() => other),
        );
        const login = session.login('ann');
        await expect(login).rejects.toThrow(/`session\.userId`.*option `userId`/s);
        await expect(login).rejects.toBeInstanceOf(SessionOptionsError);
        await session.destroy();
      }
    });
  });

  it('costs at most two statements more than a save, and its save at the end none', async () => {
    const { session } = await loaded({ cart: 1 });
    await session.login('ann');
    expect(statements).toHaveLength(3);
    await session.save();
    expect(statements).toHaveLength(3);
    expect(await rowOf(session.id)).toMatchObject({ version: 1 });
  });
});

describeEachDatabase('a login where the entity has little more than it needs', (database) => {
  const { open, rows } = useStores(database, entityOf('id', 'data', 'expiresAt'));

  it('tells users apart by the data, and ends the old row', async () => {
    const store = open();
    const session = newSession(store, 'before', { cart: 1 });
    await session.save();
    await session.login('ann');
    const next = await loadSession(open(), session.id);
    expect([valuesOf(next), next.level]).toEqual([{ cart: 1, userId: 'ann' }, 1]);
    await next.login('bob');
    expect(valuesOf(next)).toEqual({ userId: 'bob' });
    expect(await rows()).toHaveLength(1);
  });
});
