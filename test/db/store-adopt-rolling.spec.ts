import { describe, expect, it } from 'vitest';
import { hashSessionId } from '../../lib/store/session/id.js';
import type { Request } from '../../lib/store/express-session.js';
import { createSessionMigration } from '../../lib/table/session.migration.js';
import { adopt, PEERS, STORES, worksOn } from '../support/adopted-tables.js';
import { describeEachDatabase } from '../support/databases.js';
import { loadSession, newSession, readValues } from '../support/store-data.js';
import { DAY, HOUR } from '../support/store-fixture.js';

/** The migration has no other clock. */
const NOW = Date.now();
const SID = 'an id of a session';
const dataOf = (values: object) => ({ cookie: { originalMaxAge: DAY, expires: new Date(NOW + DAY).toISOString(), path: '/' }, ...values });

describeEachDatabase('an adopted table, in a rolling deployment', (database) => {
  const stores = STORES.filter((store) => worksOn(store, database) && PEERS[store].names[2] !== undefined);

  describe.each(stores)('from %s', (store) => {
    const begin = async () => {
      const fixture = await adopt(database, store, { extended: true });
      const { add, clock, dataSource, open, tableName } = fixture;
      const [idName, dataName] = PEERS[store].names;
      clock.now = Date.now();
      const runner = dataSource.createQueryRunner();
      await new (createSessionMigration({ adopt: { store, tableName } }))().up(runner);
      await runner.release();
      /** What the other store does to a row: it knows neither version nor user. */
      const change = async (id: string, values: object) => {
        const [data, key] = database.name === 'postgres' ? ['$1', '$2'] : ['?', '?'];
        const name = (column: string) => dataSource.driver.escape(column);
        const sql = `UPDATE ${name(tableName)} SET ${name(dataName)} = ${data} WHERE ${name(idName)} = ${key}`;
        await dataSource.query(sql, [JSON.stringify(dataOf(values)), id]);
      };
      return {
        ...fixture,
        change,
        sign: (id: string, values: object) => add(id, dataOf(values), NOW + HOUR),
        beside: open({ hashIds: false }),
        next: open(),
      };
    };

    it('is served by processes beside the other store, and by those that hash its ids', async () => {
      const { beside, next, sign } = await begin();
      await sign(SID, { userId: 'ann' });
      for (const sessions of [beside, next, beside]) expect(await readValues(sessions, SID)).toEqual({ userId: 'ann' });
      await Object.assign(await loadSession(beside, SID), { views: 1 }).save();
      await Object.assign(await loadSession(next, SID), { theme: 'dark' }).save();
      for (const sessions of [beside, next]) expect(await readValues(sessions, SID)).toEqual({ userId: 'ann', views: 1, theme: 'dark' });
      await newSession(next, 'an id made by the next', { userId: 'eve' }).save();
      await newSession(beside, 'an id made beside it', { userId: 'bob' }).save();
      for (const sessions of [beside, next, beside]) {
        expect(await readValues(sessions, 'an id made by the next')).toEqual({ userId: 'eve' });
        expect(await readValues(sessions, 'an id made beside it')).toEqual({ userId: 'bob' });
      }
    });

    it('follows an id that one of them changes', async () => {
      const { beside, next, sign } = await begin();
      await sign(SID, { userId: 'ann' });
      expect(await readValues(next, SID)).toEqual({ userId: 'ann' });
      const session = await loadSession(beside, SID);
      const { req } = session as unknown as { req: Request };
      await beside.rotate(req);
      for (const sessions of [beside, next]) {
        expect(await readValues(sessions, req.sessionID)).toEqual({ userId: 'ann' });
        expect(await readValues(sessions, SID)).toBeUndefined();
      }
    });

    it.each(['with the session in hand', 'by the id alone'])('ends at each logout, %s, also what is written twice', async (how) => {
      const { beside, next, sign, rows } = await begin();
      const end = async (sessions: typeof next, sid: string) => {
        if (how === 'by the id alone') await sessions.destroy(sid);
        else await (await loadSession(sessions, sid)).logout();
      };
      for (const [index, sessions] of [beside, next].entries()) {
        const sid = `${SID} ${index}`;
        await sign(sid, { userId: 'ann' });
        expect(await readValues(next, sid)).toEqual({ userId: 'ann' });
        // A request of the other store was in flight.
        await sign(sid, { userId: 'ann' });
        await end(sessions, sid);
        for (const each of [beside, next]) expect(await readValues(each, sid)).toBeUndefined();
      }
      expect(await rows()).toEqual([]);
    });

    it('shows each session to the user that the other store gave it', async () => {
      const { beside, next, sign, change, rows } = await begin();
      const [idName] = PEERS[store].names;
      await newSession(beside, SID, { userId: 'ann' }).save();
      await newSession(beside, 'another id of a session', { userId: 'ann' }).save();
      await sign('an id of the other store', { userId: 'ann' });
      // It has no handle until it is used.
      const [newest] = await beside.list({ limit: 1 });
      const [older, ...others] = await beside.list({ limit: 2, after: newest!.handle });
      expect([newest!.handle, older!.handle, others]).toEqual([expect.stringMatching(/^\w{32}$/), expect.stringMatching(/^\w{32}$/), []]);
      await change(SID, { userId: 'bob' });
      await change('another id of a session', {});
      const users = async (sessions: typeof next) => [await sessions.count({ userId: 'ann' }), await sessions.count({ userId: 'bob' })];
      for (const sid of [SID, 'another id of a session', 'an id of the other store']) await readValues(beside, sid);
      expect(await users(beside)).toEqual([1, 1]);
      const [info] = await beside.list({ userId: 'bob' });
      expect(info?.handle).toMatch(/^[0-9a-f]{32}$/);

      // And of those that have their hashes since.
      for (const sid of [SID, 'an id of the other store']) await readValues(next, sid);
      expect((await rows()).map((row) => row[idName])).toContain(hashSessionId(SID));
      await change(hashSessionId(SID), { userId: 'ann' });
      await next.migrateIds();
      expect(await users(next)).toEqual([2, 0]);
      expect(await next.revokeUser('ann')).toBe(2);
      expect(await readValues(next, SID)).toBeUndefined();
    });
  });
});
