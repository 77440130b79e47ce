import { expect, it, describe } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import type { AdoptedStore } from '../../lib/table/entity/adopted-tables.js';
import { createSessionMigration } from '../../lib/table/session.migration.js';
import { adopt, PEERS, STORES, worksOn, type AdoptedFixture } from '../support/adopted-tables.js';
import { describeEachDatabase } from '../support/databases.js';
import { loadSession, newSession, readValues } from '../support/store-data.js';
import { DAY, HOUR } from '../support/store-fixture.js';

/** The migration has no other clock. */
const NOW = Date.now();
const COOKIE = { originalMaxAge: DAY, expires: new Date(NOW + DAY).toISOString(), httpOnly: true, path: '/' };

describeEachDatabase('the migration of an adopted table', (database) => {
  describe.each(STORES.filter((store) => worksOn(store, database)))('of %s', (store: AdoptedStore) => {
    const extend = async () => {
      const fixture = await adopt(database, store, { extended: true });
      fixture.clock.now = Date.now();
      for (const name of ['ann', 'bob']) await fixture.add(`an id of ${name}`, { cookie: COOKIE, userId: name }, NOW + HOUR);
      const Migration = createSessionMigration({ adopt: { store, tableName: fixture.tableName } });
      const run = async (direction: 'up' | 'down') => {
        const runner = fixture.dataSource.createQueryRunner();
        await new Migration()[direction](runner);
        await runner.release();
      };
      return { ...fixture, run };
    };
    const shapeOf = async ({ dataSource, tableName }: AdoptedFixture) => {
      const runner = dataSource.createQueryRunner();
      const table = await runner.getTable(tableName);
      await runner.release();
      const columns = table!.columns.map(({ name, type }) => `${name} ${type}`);
      return { columns: columns.toSorted(), indexes: table!.indices.flatMap(({ columnNames }) => columnNames).toSorted() };
    };

    it('adds what it lacks, so that versions, lists and users work, and takes it back', async () => {
      const fixture = await extend();
      const before = await shapeOf(fixture);
      await fixture.run('up');
      await fixture.run('up');
      const { indexes } = await shapeOf(fixture);
      expect(indexes).toEqual(expect.arrayContaining(['handle', 'user_id']));

      const sessions = fixture.open();
      const [mine, theirs] = [await loadSession(sessions, 'an id of ann'), await loadSession(sessions, 'an id of ann')];
      await Object.assign(theirs, { theme: 'dark' }).save();
      await Object.assign(mine, { views: 1 }).save();
      expect(await readValues(sessions, 'an id of ann')).toEqual({ userId: 'ann', theme: 'dark', views: 1 });
      await newSession(sessions, 'an id of eve', { userId: 'eve' }).save();
      expect(await sessions.list({ userId: 'ann' })).toHaveLength(1);
      const handles = (await sessions.list()).map(({ handle }) => handle);
      expect(handles).toHaveLength(3);
      for (const handle of handles) expect(handle).toMatch(/^[0-9a-f]{32}$/);
      expect(fixture.warnings.join()).not.toMatch(/no column for (expiresAt|createdAt|version|userId|handle)/);

      await fixture.run('down');
      expect(await shapeOf(fixture)).toEqual(before);
    });

    it('lets the users of its rows be found after their first request, and all of them after `migrateIds`', async () => {
      const { add, open, rows, run, dataSource, tableName } = await extend();
      await run('up');
      // The other store makes one more, without a handle.
      await add('an id of eve', { cookie: COOKIE, userId: 'eve' }, NOW + HOUR);
      await add('an id of a visitor', { cookie: COOKIE, cart: 1 }, NOW + HOUR);
      const sessions = open();
      const isLive = PEERS[store].names[2] !== undefined;
      expect(await sessions.count({ userId: 'ann' })).toBe(0);

      expect(await readValues(sessions, 'an id of ann')).toEqual({ userId: 'ann' });
      expect(await sessions.list({ userId: 'ann' })).toHaveLength(1);
      expect(await sessions.count({ userId: 'bob' })).toBe(0);

      expect(await sessions.migrateIds()).toBe(3);
      for (const userId of isLive ? ['ann', 'bob', 'eve'] : ['ann', 'bob']) {
        const [info] = await sessions.list({ userId });
        expect(info).toMatchObject({ userId, handle: expect.stringMatching(/^[0-9a-f]{32}$/), createdAt: expect.any(Date) });
      }
      const stored = await rows();
      expect(stored.filter((row) => row.user_id === null)).toHaveLength(isLive ? 1 : 2);

      // One that has its hash already.
      await dataSource.query(`UPDATE ${tableName} SET user_id = NULL`);
      expect(await sessions.migrateIds()).toBe(0);
      expect(await sessions.revokeUser('bob')).toBe(1);
      expect(await readValues(sessions, 'an id of bob')).toBeUndefined();
      expect(await readValues(sessions, 'an id of ann')).toEqual({ userId: 'ann' });
    });

    it('takes over a session whose user id has no room in its column', async () => {
      const { add, open, run } = await extend();
      await run('up');
      const userId = 'x'.repeat(256);
      await add('an id of somebody', { cookie: COOKIE, userId }, NOW + HOUR);
      if (PEERS[store].names[2]) expect(await readValues(open(), 'an id of somebody')).toEqual({ userId });
    });

    it('leaves room for the rows that the other store still makes, which are live', async () => {
      const { run, add, open, rows } = await extend();
      await run('up');
      await add('an id of eve', { cookie: COOKIE, userId: 'eve' }, NOW + HOUR);
      expect(await rows()).toHaveLength(3);
      // One that makes no end for its sessions makes none that is known to be live.
      if (PEERS[store].names[2]) expect(await readValues(open(), 'an id of eve')).toEqual({ userId: 'eve' });
    });
  });

  it('says so where there is no table, or where its entity is not extended', async () => {
    const { dataSource, tableName } = await adopt(database, 'connect-typeorm');
    const runner = dataSource.createQueryRunner();
    const plain = createSessionMigration({ adopt: { store: 'connect-typeorm', tableName } });
    await expect(new plain().up(runner)).rejects.toThrow(/extended: true/);
    await dataSource.query(`ALTER TABLE ${tableName} RENAME TO ${tableName}_moved`);
    await expect(new plain().up(runner)).rejects.toThrow(/no table .* to adopt.*adopt\.tableName/);
    await dataSource.query(`ALTER TABLE ${tableName}_moved RENAME TO ${tableName}`);
    await runner.release();
  });
});

describe('the migration of an adopted table', () => {
  it('is refused beside an entity, and has a name of its own', () => {
    expect(() => createSessionMigration({ adopt: 'typeorm-store', entity: class Own {} })).toThrow(SessionOptionsError);
    expect(new (createSessionMigration({ adopt: 'typeorm-store' }))().name).toBe('AdoptSessions1767225600000');
  });
});
