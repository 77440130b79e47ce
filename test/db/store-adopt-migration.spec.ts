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
