import { describe, expect, it } from 'vitest';
import { SessionConflictError, SessionEntityError, SessionInterruptedError } from '../../lib/session.errors.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { atOnce, newSid, ROUNDS, rounds } from '../support/race-rounds.js';
import { loadSession, newSession, readValues, type LiveSession } from '../support/store-data.js';
import { listen } from '../support/store-events.js';
import { DAY, HOUR, MINUTE, SECOND, START, useStores, type RawRow } from '../support/store-fixture.js';
import { failStatements } from '../support/store-gate.js';

const RENEW_AFTER = 15 * MINUTE;
const GRACE = 30 * SECOND;

const requestOf = (session: LiveSession) => (session as unknown as { req: Parameters<SessionStore['rotate']>[0] }).req;

describeEachDatabase('renewal', (database) => {
  const { clock, statements, dataSource, open: openStore, rows, rowOf, statementsOf } = useStores(database, { renewal: true });
  const open = (options: Partial<SessionModuleOptions> = {}) => openStore({ renewAfter: RENEW_AFTER, ...options });

  const create = (store: SessionStore, sid: string) => newSession(store, sid, { views: 1, userId: 'ann' }).save();
  const isDue = (store: SessionStore, session: LiveSession) => store.requests.isRenewalDue(session);
  /** What the end of a request does; the id of its session afterwards. */
  const renew = async (store: SessionStore, session: LiveSession) => {
    await store.requests.renew(requestOf(session));
    return session.id;
  };
  /** A session that is renewed, and the one that a slower request had loaded before. */
  const renewed = async (options: Partial<SessionModuleOptions> = {}) => {
    const store = open(options);
    await create(store, 'old');
    clock.now += RENEW_AFTER;
    const slow = await loadSession(store, 'old');
    const session = await loadSession(store, 'old');
    return { store, slow, session, id: await renew(store, session) };
  };

  describe('is due', () => {
    it('when the id is so old, and not again before the new one is', async () => {
      const store = open();
      await create(store, 'old');
      clock.now = START + RENEW_AFTER - 1;
      expect(isDue(store, await loadSession(store, 'old'))).toBe(false);
      clock.now = START + RENEW_AFTER;
      const session = await loadSession(store, 'old');
      expect(isDue(store, session)).toBe(true);
      const id = await renew(store, session);
      expect(isDue(store, session)).toBe(false);
      clock.now += RENEW_AFTER - 1;
      expect(isDue(store, await loadSession(store, id))).toBe(false);
      clock.now += 1;
      expect(isDue(store, await loadSession(store, id))).toBe(true);
    });

    it('so long after a rotation, too', async () => {
      const store = open();
      await create(store, 'old');
      clock.now += RENEW_AFTER - MINUTE;
      const session = await loadSession(store, 'old');
      await session.rotate();
      clock.now += RENEW_AFTER - 1;
      expect(isDue(store, await loadSession(store, session.id))).toBe(false);
      clock.now += 1;
      expect(isDue(store, await loadSession(store, session.id))).toBe(true);
    });

    it('never without the option, nor for a session that has no row or is ended', async () => {
      const store = open();
      const fresh = newSession(store, 'new', { views: 1 });
      expect(isDue(store, fresh)).toBe(false);
      await create(store, 'old');
      clock.now += DAY / 2;
      expect(isDue(openStore(), await loadSession(store, 'old'))).toBe(false);
      const session = await loadSession(store, 'old');
      await session.destroy();
      expect(isDue(store, session)).toBe(false);
    });
  });

  it('changes the ids of the row and nothing else, in one statement', async () => {
    const store = open();
    await create(store, 'old');
    const before = await rowOf('old');
    clock.now += RENEW_AFTER;
    const session = await loadSession(store, 'old');
    statements.length = 0;
    const id = await renew(store, session);
    expect(statements).toHaveLength(1);
    expect(id).not.toBe('old');
    expect(requestOf(session).sessionID).toBe(id);
    const [row] = (await rows()) as [RawRow];
    expect(Number(row.previousUntil)).toBe(clock.now + GRACE);
    expect(row).toEqual({ ...before, id: hashSessionId(id), previousId: hashSessionId('old'), previousUntil: row.previousUntil });
  });

  it('is told as a rotation', async () => {
    const store = open();
    await create(store, 'old');
    clock.now += RENEW_AFTER;
    const events = listen(store);
    const session = await loadSession(store, 'old');
    await renew(store, session);
    expect(events.told).toEqual([['rotated', { handle: session.handle, userId: 'ann', at: new Date(clock.now) }]]);
  });

  describe('leaves the old id', () => {
    it('S15: reading the same session for 30 seconds, and not a millisecond more', async () => {
      const { store, id } = await renewed();
      clock.now += GRACE - 1;
      expect(await readValues(store, 'old')).toEqual({ views: 1, userId: 'ann' });
      clock.now += 1;
      expect(await readValues(store, 'old')).toBeUndefined();
      expect(await readValues(store, id)).toEqual({ views: 1, userId: 'ann' });
    });

    it('no longer than the session', async () => {
      const { store } = await renewed({ idleTimeout: RENEW_AFTER + SECOND });
      clock.now += RENEW_AFTER + SECOND;
      expect(await readValues(store, 'old')).toBeUndefined();
    });

    it('writing into the same session, and merging with it', async () => {
      const { store, slow, session, id } = await renewed();
      await Object.assign(session, { theme: 'dark' }).save();
      await Object.assign(slow, { locale: 'de' }).save();
      await Object.assign(await loadSession(store, 'old'), { views: 2 }).save();
      expect(await readValues(store, id)).toEqual({ views: 2, userId: 'ann', theme: 'dark', locale: 'de' });
      expect(await rows()).toHaveLength(1);
    });

    it('touching the same session, and taken for no interruption', async () => {
      const { store, slow } = await renewed({ touchInterval: 0 });
      const events = listen(store);
      clock.now += 1;
      await store.touch('old', slow as never);
      const again = await loadSession(store, 'old');
      await store.touch('old', again as never);
      expect(Number((await rows())[0]?.lastSeenAt)).toBe(clock.now);
      expect(events.names()).toEqual([]);
    });

    it('unable to renew or to rotate again', async () => {
      const { store, slow } = await renewed();
      const again = await loadSession(store, 'old');
      for (const session of [again, slow]) {
        expect(await renew(store, session)).toBe('old');
        await expect(session.rotate()).rejects.toBeInstanceOf(SessionConflictError);
        expect(session.id).toBe('old');
      }
      expect(await rows()).toHaveLength(1);
    });

    it('refused after its time also to a request that was under way', async () => {
      const { store, slow, id } = await renewed();
      clock.now += GRACE;
      await expect(Object.assign(slow, { locale: 'de' }).save()).rejects.toBeInstanceOf(SessionInterruptedError);
      expect(await readValues(store, id)).toEqual({ views: 1, userId: 'ann' });
    });

    it.each(['a request under way', 'a later request', 'the bare id'])('good for a logout, by %s', async (by) => {
      const { store, slow, id } = await renewed();
      const events = listen(store);
      if (by === 'the bare id') await store.destroy('old');
      else await (by === 'a later request' ? await loadSession(store, 'old') : slow).destroy();
      expect(await readValues(store, id)).toBeUndefined();
      expect(await rows()).toEqual([]);
      // By the id alone nobody knows whose session it was.
      const signedOut = by === 'the bare id' ? [] : [['signedOut', { userId: 'ann' }]];
      expect(events.told).toMatchObject([['destroyed', { reason: 'logout' }], ...signedOut]);
    });

    it('reloading the same session', async () => {
      const { session, slow } = await renewed();
      await Object.assign(session, { theme: 'dark' }).save();
      const req = requestOf(slow);
      await slow.reload();
      expect(req.session).toMatchObject({ theme: 'dark' });
    });
  });

  it.each(['rotate', 'regenerate'] as const)('leaves no grace to any id at %s', async (method) => {
    const { store, session, id } = await renewed();
    await session[method]();
    expect(await readValues(store, 'old')).toBeUndefined();
    expect(await readValues(store, id)).toBeUndefined();
  });

  it('moves no deadline, however often', async () => {
    const store = open({ absoluteTimeout: '12h', idleTimeout: '12h', touchInterval: 0 });
    await create(store, 'old');
    let id = 'old';
    for (clock.now = START; clock.now < START + 12 * HOUR; clock.now += 20 * MINUTE) {
      const session = await loadSession(store, id);
      await store.touch(id, session as never);
      id = await renew(store, session);
    }
    clock.now = START + 12 * HOUR - 1;
    expect(await store.get(id)).toBeDefined();
    clock.now += 1;
    expect(await store.get(id)).toBeUndefined();
  });

  it('costs a read of a live session nothing, and an unknown id one question more', async () => {
    const store = open();
    await create(store, 'old');
    expect(await statementsOf(() => store.get('old'))).toBe(1);
    expect(await statementsOf(() => store.get('unknown'))).toBe(2);
    expect(await statementsOf(() => openStore().get('unknown'))).toBe(1);
  });

  it('that the database fails leaves the old id, and the next request tries again', async () => {
    const store = open();
    await create(store, 'old');
    clock.now += RENEW_AFTER;
    const session = await loadSession(store, 'old');
    const restore = failStatements(dataSource(), /^UPDATE/i);
    expect(await renew(store, session)).toBe('old');
    restore();
    const id = await renew(store, await loadSession(store, 'old'));
    expect(await readValues(store, id)).toBeDefined();
  });

  describe('of several requests at once', () => {
    /** Sessions whose ids are due for renewal, and two stores that race for them. */
    const prepare = async () => {
      const [here, there] = [open(), open()];
      const sids = Array.from({ length: ROUNDS }, newSid);
      await Promise.all(sids.map((sid) => create(here, sid)));
      clock.now += RENEW_AFTER;
      const load = async (round: number) => {
        const sid = sids[round]!;
        return { sid, mine: await loadSession(here, sid), theirs: await loadSession(there, sid) };
      };
      return { here, there, load };
    };

    it('is won by one, and the others go on', async () => {
      const { here, there, load } = await prepare();
      await rounds(async (_, round) => {
        const { sid, mine, theirs } = await load(round);
        const ids = await atOnce(
          round,
          () => renew(here, mine),
          () => renew(there, theirs),
        );
        expect(ids.filter((id) => id === sid)).toHaveLength(1);
        await Promise.all([Object.assign(mine, { theme: 'dark' }).save(), Object.assign(theirs, { locale: 'de' }).save()]);
        const values = { views: 1, userId: 'ann', theme: 'dark', locale: 'de' };
        for (const id of ids) expect(await readValues(here, id)).toEqual(values);
      });
      expect(await rows()).toHaveLength(ROUNDS);
    });

    it('does not outlive a logout, whichever comes first', async () => {
      const { here, load } = await prepare();
      await rounds(async (_, round) => {
        const { sid, mine, theirs } = await load(round);
        const [id] = await atOnce(
          round,
          () => renew(here, mine),
          () => theirs.destroy(),
        );
        expect([await here.get(id), await here.get(sid)]).toEqual([undefined, undefined]);
      });
      expect(await rows()).toEqual([]);
    });

    it('loses no save', async () => {
      const { here, load } = await prepare();
      await rounds(async (_, round) => {
        const { mine, theirs } = await load(round);
        const [id] = await atOnce(
          round,
          () => renew(here, mine),
          () => Object.assign(theirs, { locale: 'de' }).save(),
        );
        expect(await readValues(here, id)).toMatchObject({ locale: 'de' });
      });
    });
  });
});

describeEachDatabase('renewal in a table without columns for it', (database) => {
  const { open } = useStores(database);

  it('is an error that says so, each time', async () => {
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => open({ renewAfter: '15m' })).toThrow(SessionEntityError);
      expect(() => open({ renewAfter: '15m' })).toThrow(/`renewAfter` needs columns for previousId.*renewal: true/s);
    }
  });
});

describe('defineSessionEntity', () => {
  it('has the columns of a renewal only where it is told to', () => {
    const columnsOf = (renewal: boolean) => Object.keys(defineSessionEntity({ tableName: uniqueTableName(), renewal }).options.columns);
    expect(columnsOf(true)).toEqual([...columnsOf(false), 'previousId', 'previousUntil']);
    expect(columnsOf(false)).not.toContain('previousId');
  });
});
