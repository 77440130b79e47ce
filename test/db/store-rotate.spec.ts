import { describe, expect, it } from 'vitest';
import { SessionConflictError, SessionInterruptedError, SessionOptionsError, SessionUnavailableError } from '../../lib/session.errors.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import { describeEachDatabase } from '../support/databases.js';
import { dataOf, loadSession, newSession, readValues, valuesOf, type LiveSession } from '../support/store-data.js';
import { failStatements, gateStatements, turns } from '../support/store-gate.js';
import { WRONG_IDS } from '../support/store-ids.js';
import { DAY, HOUR, START, useStores } from '../support/store-fixture.js';

const requestOf = (session: LiveSession) => (session as unknown as { req: { sessionID: string; session: unknown } }).req;

describeEachDatabase('rotate', (database) => {
  const { clock, statements, dataSource, open, rows, rowOf } = useStores(database);

  const stored = async (options: Parameters<typeof open>[0] = {}) => {
    const store = open(options);
    await newSession(store, 'a', { views: 1, userId: 'ann' }).save();
    return { store, session: await loadSession(store, 'a') };
  };

  it('changes the key of the row and nothing else, in one statement', async () => {
    const { session } = await stored();
    const { id: _id, ...before } = (await rowOf('a'))!;
    clock.now += HOUR;
    statements.length = 0;
    await session.rotate();
    expect(statements).toHaveLength(1);
    const [row, ...others] = await rows();
    expect(others).toEqual([]);
    expect(row).toEqual({ ...before, id: hashSessionId(session.id) });
  });

  it('leaves one object with the new id, and the old id dead at once', async () => {
    const { store, session } = await stored();
    const { handle } = session;
    await session.rotate();
    const req = requestOf(session);
    expect(req.session).toBe(session);
    expect(session.id).toBe(req.sessionID);
    expect(session.id).not.toBe('a');
    expect(session.handle).toBe(handle);
    expect(await store.get('a')).toBeUndefined();
    expect(await readValues(store, session.id)).toEqual({ views: 1, userId: 'ann' });
  });

  it('leaves unsaved changes unsaved, and saves them later under the new id', async () => {
    const { store, session } = await stored();
    session.views = 2;
    await session.rotate();
    expect(await readValues(store, session.id)).toMatchObject({ views: 1 });
    await session.save();
    expect(await readValues(store, session.id)).toMatchObject({ views: 2 });
    expect(await rows()).toHaveLength(1);
  });

  it('costs a session without a row no statement', async () => {
    const store = open();
    const session = newSession(store, 'a', { views: 1 });
    statements.length = 0;
    await session.rotate();
    expect(statements).toEqual([]);
    await session.save();
    expect(await readValues(store, session.id)).toEqual({ views: 1 });
    expect(await store.get('a')).toBeUndefined();
  });

  it('interrupts a request that holds the old id', async () => {
    const { store, session } = await stored({ touchInterval: 0 });
    const other = await loadSession(open(), 'a');
    const third = await loadSession(open(), 'a');
    await session.rotate();
    other.views = 9;
    await expect(other.save()).rejects.toBeInstanceOf(SessionInterruptedError);
    clock.now += HOUR;
    await store.touch('a', third as never);
    expect(await readValues(store, session.id)).toMatchObject({ views: 1 });
    expect(Number((await rowOf(session.id))?.expiresAt)).toBe(START + DAY);
  });

  it('is no way around a logout of a request that holds the old id', async () => {
    const { store, session } = await stored();
    const other = await loadSession(open(), 'a');
    await session.rotate();
    await other.destroy();
    expect(await store.get(session.id)).toBeUndefined();
    expect(await rowOf(session.id)).toBeUndefined();
  });

  it('S48: lets one of two requests win', async () => {
    const { store, session } = await stored();
    const other = await loadSession(open(), 'a');
    const outcomes = await Promise.allSettled([session.rotate(), other.rotate()]);
    expect(outcomes.map(({ status }) => status).toSorted((x, y) => x.localeCompare(y))).toEqual(['fulfilled', 'rejected']);
    expect(await store.length()).toBe(1);
  });

  it('does not move the absolute end', async () => {
    const { store, session } = await stored({ absoluteTimeout: '2d', touchInterval: 0 });
    clock.now = START + DAY - 1;
    await session.rotate();
    await store.touch(session.id, session as never);
    clock.now = START + 2 * DAY - 2;
    await store.touch(session.id, session as never);
    clock.now = START + 2 * DAY - 1;
    expect(await store.get(session.id)).toBeDefined();
    clock.now = START + 2 * DAY;
    expect(await store.get(session.id)).toBeUndefined();
  });

  it('that the database fails leaves the old id valid', async () => {
    const { store, session } = await stored();
    const restore = failStatements(dataSource(), /^UPDATE/i);
    await expect(session.rotate()).rejects.toBeInstanceOf(SessionUnavailableError);
    restore();
    expect([session.id, requestOf(session).sessionID]).toEqual(['a', 'a']);
    expect(await readValues(store, 'a')).toMatchObject({ views: 1 });
    await Object.assign(session, { views: 2 }).save();
    expect(await readValues(store, 'a')).toMatchObject({ views: 2 });
  });

  it('of a session that is gone, or was destroyed, is interrupted', async () => {
    const { session } = await stored();
    const other = await loadSession(open(), 'a');
    await session.destroy();
    await expect(session.rotate()).rejects.toBeInstanceOf(SessionInterruptedError);
    await expect(other.rotate()).rejects.toBeInstanceOf(SessionInterruptedError);
    expect(await rows()).toEqual([]);
  });

  describe('with a genid of the application’s own', () => {
    it('takes its id', async () => {
      const { store, session } = await stored({ genid: () => 'an id of their own' });
      await session.rotate();
      expect(session.id).toBe('an id of their own');
      expect(await readValues(store, 'an id of their own')).toMatchObject({ views: 1 });
    });

    it.each(Object.entries(WRONG_IDS).filter(([, value]) => value != null))('refuses %s and changes nothing', async (_, value) => {
      const { store, session } = await stored({ genid: () => value as string });
      await expect(session.rotate()).rejects.toBeInstanceOf(SessionOptionsError);
      expect(session.id).toBe('a');
      expect(await readValues(store, 'a')).toMatchObject({ views: 1 });
    });

    it('S2: refuses one of 15 characters and takes one of 16', async () => {
      const ids = ['x'.repeat(15), 'x'.repeat(16)];
      const { session } = await stored({ genid: () => ids.shift()! });
      const refused = session.rotate();
      await expect(refused).rejects.toBeInstanceOf(SessionOptionsError);
      await expect(refused).rejects.toThrow(/`genid`.*fewer than 16 characters/);
      expect(session.id).toBe('a');
      await session.rotate();
      expect(session.id).toBe('x'.repeat(16));
    });

    it('that is taken changes nothing', async () => {
      const { store, session } = await stored({ genid: () => 'the id of somebody' });
      await store.set('the id of somebody', dataOf({ owner: 'somebody' }));
      await expect(session.rotate()).rejects.toBeInstanceOf(SessionConflictError);
      expect(await readValues(store, 'the id of somebody')).toEqual({ owner: 'somebody' });
      expect(await readValues(store, 'a')).toMatchObject({ views: 1 });
      expect(session.id).toBe('a');
    });
  });

  describe('and other work on one session that nobody waits for', () => {
    it('runs after a save', async () => {
      const { store, session } = await stored();
      session.views = 2;
      await Promise.all([session.save(), session.rotate()]);
      expect(await readValues(store, session.id)).toMatchObject({ views: 2 });
    });

    it('runs before a save', async () => {
      const { store, session } = await stored();
      session.views = 2;
      await Promise.all([session.rotate(), session.save()]);
      expect(valuesOf(await store.get(session.id))).toMatchObject({ views: 2 });
      expect(await rows()).toHaveLength(1);
    });

    it('runs before a destroy, which ends the session all the same', async () => {
      const { store, session } = await stored();
      await Promise.all([session.rotate(), session.destroy()]);
      expect(await store.length()).toBe(0);
      expect(await rows()).toEqual([]);
    });

    it('does not make a touch under way take the session for ended', async () => {
      const { store, session } = await stored({ touchInterval: 0 });
      clock.now += HOUR;
      const gate = gateStatements(dataSource(), /CASE WHEN/i);
      const touched = store.touch('a', session as never);
      await gate.reached;
      const rotated = session.rotate();
      await Promise.race([rotated, turns(50)]);
      gate.open();
      await Promise.all([touched, rotated]);
      await Object.assign(session, { views: 2 }).save();
      expect(await readValues(store, session.id)).toMatchObject({ views: 2 });
    });

    it('runs twice', async () => {
      const { store, session } = await stored();
      await Promise.all([session.rotate(), session.rotate()]);
      expect(session.id).toBe(requestOf(session).sessionID);
      expect(await readValues(store, session.id)).toMatchObject({ views: 1 });
      expect(await rows()).toHaveLength(1);
    });
  });
});
