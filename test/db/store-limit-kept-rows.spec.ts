import type { DataSource } from 'typeorm';
import { expect, it, onTestFinished } from 'vitest';
import { SessionRefusedError } from '../../lib/session.errors.js';
import { describeEachDatabase } from '../support/databases.js';
import { newSession } from '../support/store-data.js';
import { SECOND, useStores } from '../support/store-fixture.js';

/** From now on a DELETE of this table removes no row, and fails in nothing: as with soft deletes, or a policy without DELETE. */
async function keepRows(dataSource: DataSource, table: string): Promise<void> {
  const isPostgres = dataSource.options.type === 'postgres';
  if (isPostgres) {
    await dataSource.query(`CREATE FUNCTION keep_${table}() RETURNS trigger AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql`);
    await dataSource.query(`CREATE TRIGGER keep BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION keep_${table}()`);
  } else await dataSource.query(`CREATE TRIGGER keep BEFORE DELETE ON ${table} BEGIN SELECT RAISE(IGNORE); END`);
  onTestFinished(async () => {
    await dataSource.query(isPostgres ? `DROP FUNCTION keep_${table}() CASCADE` : 'DROP TRIGGER keep');
  });
}

// MariaDB has nothing by which a DELETE passes over a row and succeeds.
describeEachDatabase(
  'maxSessionsPerUser, where the database keeps the rows that it is to remove,',
  (database) => {
    const { clock, dataSource, open } = useStores(database);

    it('fails the sign-in with SessionRefusedError, and asks no more', async () => {
      const store = open({ maxSessionsPerUser: 1 });
      await newSession(store, 'a', { userId: 'ann' }).save();
      await keepRows(dataSource(), dataSource().entityMetadatas[0]!.tableName);
      for (const sid of ['b', 'c']) {
        clock.now += SECOND;
        await expect(newSession(store, sid, { userId: 'ann' }).save()).rejects.toThrow(SessionRefusedError);
      }
      await newSession(store, 'of bob', { userId: 'bob' }).save();
    });
  },
  ['better-sqlite3', 'sql.js', 'postgres'],
);
