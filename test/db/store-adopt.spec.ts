import { describe, expect, it } from 'vitest';
import { SessionEntityError, SessionSerializationError } from '../../lib/session.errors.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import { adopt, PEERS, START, STORES, worksOn } from '../support/adopted-tables.js';
import { describeEachDatabase } from '../support/databases.js';
import { loadSession, newSession, readValues } from '../support/store-data.js';
import { DAY, HOUR, MINUTE, SECOND } from '../support/store-fixture.js';

const COOKIE = { originalMaxAge: DAY, expires: new Date(START + DAY).toISOString(), httpOnly: true, path: '/' };
const data = (values: Record<string, unknown> = {}) => ({ cookie: COOKIE, ...values });

describeEachDatabase('an adopted table', (database) => {
  describe.each(STORES.filter((store) => worksOn(store, database)))('of %s', (store) => {
    // Its ids have no room for a hash before the migration.
    const ids = store === 'connect-session-sequelize' ? ({ hashIds: false } as const) : {};
    const [idName, , expiresName] = PEERS[store].names;

    it('signs in who is signed in, for as long as the other store would', async () => {
      const { open, add, clock, rows } = await adopt(database, store);
      await add('an id of a session', data({ userId: 'ann' }), START + HOUR);
      await add('an id that is over', data({ userId: 'bob' }), START - MINUTE);
      const sessions = open(ids);
      expect(await readValues(sessions, 'an id of a session')).toEqual({ userId: 'ann' });
      if (!('hashIds' in ids)) expect((await rows()).map((row) => row[idName])).toContain(hashSessionId('an id of a session'));
      if (!expiresName) return;
      expect(await sessions.get('an id that is over')).toBeUndefined();
      clock.now = START + HOUR - SECOND;
      expect(await sessions.get('an id of a session')).toBeDefined();
      clock.now = START + HOUR + SECOND;
      expect(await sessions.get('an id of a session')).toBeUndefined();
    });

    it('reads null as no session, and harms nobody by it', async () => {
      const { open, add, rows } = await adopt(database, store);
      await add('an id of a session', null, START + HOUR);
      await add('an id of another', data({ userId: 'ann' }), START + HOUR);
      const sessions = open(ids);
      expect(await sessions.get('an id of a session')).toBeUndefined();
      await expect(open({ ...ids, onUndecodable: 'error' }).get('an id of a session')).rejects.toThrow(SessionSerializationError);
      expect(await sessions.all()).toMatchObject([{ userId: 'ann' }]);
      const [, dataName] = PEERS[store].names;
      expect((await rows()).filter((row) => [null, 'null'].includes(row[dataName] as null))).toHaveLength(1);
    });

    it('takes changes, touches and new sessions, and forgets who signs out', async () => {
      const { open, add, clock, rows } = await adopt(database, store);
      await add('an id of a session', data({ userId: 'ann' }), START + HOUR);
      const sessions = open(ids);
      const session = await loadSession(sessions, 'an id of a session');
      await Object.assign(session, { views: 1, name: 'Zoë 🦊' }).save();
      // Without a column for its end, a session is not prolonged by being used.
      if (expiresName) clock.now += 2 * HOUR;
      await sessions.touch('an id of a session', session as never);
      if (expiresName) clock.now += 23 * HOUR;
      expect(await readValues(sessions, 'an id of a session')).toEqual({ userId: 'ann', views: 1, name: 'Zoë 🦊' });
      await newSession(sessions, 'a new session', { userId: 'bob' }).save();
      expect(await readValues(open(ids), 'a new session')).toEqual({ userId: 'bob' });
      await sessions.destroy('an id of a session');
      expect(await sessions.get('an id of a session')).toBeUndefined();
      expect(await rows()).toHaveLength(1);
    });

    it('loses no session that several requests use first, in two processes, and is pruned', async () => {
      const { open, add, clock, rows } = await adopt(database, store);
      const sids = Array.from({ length: 12 }, (_, index) => `an id of a session ${index}`);
      for (const sid of sids) await add(sid, data({ sid }), START + HOUR);
      const stores = [open(ids), open(ids)];
      const found = await Promise.all(sids.flatMap((sid) => stores.map((each) => readValues(each, sid))));
      expect(found).toEqual(sids.flatMap((sid) => [{ sid }, { sid }]));
      expect(await rows()).toHaveLength(12);
      clock.now += DAY;
      if (expiresName) expect(await stores[0]!.prune()).toBe(12);
    });

    if ('hashIds' in ids) return;

    it('has no plain id after migrateIds', async () => {
      const { open, add, rows } = await adopt(database, store);
      for (let index = 0; index < 5; index++) await add(`an id of a session ${index}`, data({ index }), START + (index - 2) * HOUR);
      expect(await open().migrateIds()).toBe(5);
      for (const row of await rows()) expect(row[idName]).toMatch(/^[0-9a-f]{64}$/);
      expect(await readValues(open({ hashIds: true }), 'an id of a session 4')).toEqual({ index: 4 });
    });
  });

  it('of connect-typeorm keeps ended sessions ended', async () => {
    const { open, add, rows } = await adopt(database, 'connect-typeorm');
    await add('an id of a session', data({ userId: 'ann' }), START + HOUR, { destroyedAt: '2029-12-31 00:00:00' });
    const sessions = open();
    expect(await sessions.get('an id of a session')).toBeUndefined();
    expect(await sessions.count()).toBe(0);
    expect(await sessions.migrateIds()).toBe(0);
    expect(await rows()).toEqual([]);
  });

  it('of connect-session-sequelize is refused before its ids have room for a hash, with the remedy', async () => {
    const { open } = await adopt(database, 'connect-session-sequelize');
    expect(() => open()).toThrow(/"sid".*36 characters.*createSessionMigration\(\{ adopt \}\)/);
  });

  it.each(STORES.filter((store) => !worksOn(store, database)))('of %s is refused on this database', async (store) => {
    const { open } = await adopt(database, 'dancer2-dbic');
    expect(() => open({ adopt: { store, tableName: 'sessions' } })).toThrow(SessionEntityError);
  });
});

describeEachDatabase(
  'the table of connect-pg-simple',
  (database) => {
    it.each(['America/New_York', 'Asia/Kolkata', 'UTC'])('holds its times in the zone of the server: %s', async (zone) => {
      const extra = { options: `-c TimeZone=${zone}` };
      const { open, add, clock, dataSource, tableName } = await adopt(database, 'connect-pg-simple', {}, { extra });
      await add('an id of a session', data({ userId: 'ann' }), START + HOUR);
      const sessions = open();
      clock.now = START + HOUR - 1;
      expect(await readValues(sessions, 'an id of a session')).toEqual({ userId: 'ann' });
      const session = await loadSession(sessions, 'an id of a session');
      expect(session.cookie.expires).toEqual(new Date(START + HOUR));
      await Promise.all([
        Object.assign(session, { views: 1 }).save(),
        ...[1, 2, 3, 4].map((number) => newSession(sessions, `new ${number}`, { number }, DAY).save()),
      ]);
      const ends = (await dataSource.query(`SELECT DISTINCT expire::timestamptz AS at FROM "${tableName}"`)) as { at: Date }[];
      expect(ends).toEqual([{ at: new Date(clock.now + DAY) }]);
      clock.now += DAY;
      expect(await sessions.get('an id of a session')).toBeUndefined();
      expect(await sessions.prune()).toBe(5);
    });
  },
  ['postgres'],
);
