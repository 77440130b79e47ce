import { inspect } from 'node:util';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionEntityError, SessionRefusedError, SessionSerializationError, SessionUnavailableError } from '../../lib/session.errors.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { variantOf } from '../support/table-entities.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

const SECRET = 'marker-of-what-must-not-leak';

/** Each operation of a table, with the secret wherever the caller may put one. */
function everyOperation(table: SessionTable): [string, () => Promise<unknown>][] {
  const secrets = { data: `{"card":"${SECRET}"}`, userId: SECRET };
  return [
    ['find', () => table.find([SECRET], NOW)],
    ['insert', () => table.insert([newRow(SECRET, secrets)])],
    ['update', () => table.update([newChange(SECRET, secrets)])],
    ['upsert', () => table.upsert([newRow(SECRET, secrets)])],
    ['touch', () => table.touch([newTouch(SECRET)], NOW)],
    ['changeId', () => table.changeId([{ id: SECRET, newId: `${SECRET}2` }])],
    ['remove', () => table.remove([SECRET])],
    ['page', () => table.page({ userId: SECRET, after: SECRET, limit: 1, now: NOW })],
    ['scan', () => table.scan({ after: SECRET, limit: 1, now: NOW })],
    ['count', () => table.count({ userId: SECRET, now: NOW })],
    ['clear', () => table.clear()],
    ['prune', () => table.prune({ now: NOW, limit: 1 })],
    ['ping', () => table.ping()],
  ];
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then<unknown, unknown>(
    () => 'no failure',
    (error: unknown) => error,
  );

const everythingIn = (error: unknown): string => inspect(error, { depth: 10, showHidden: true });

/** A table that may be in the making is waited for, half of this long. */
const timeoutMs = 400;

describeEachDatabase('A failure', (database) => {
  describe('because the table is missing', () => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);
    beforeAll(async () => {
      const runner = dataSource().createQueryRunner();
      await runner.dropTable(dataSource().getMetadata(entity).tablePath, true);
      await runner.release();
    });

    it('names the table and the remedy, says why, and holds nothing of what was asked', async () => {
      for (const [name, operation] of everyOperation(openTable(dataSource(), entity, { timeoutMs }))) {
        const error = await failureOf(operation());
        expect(error, name).toBeInstanceOf(SessionEntityError);
        const { tablePath } = dataSource().getMetadata(entity);
        expect(error, name).toMatchObject({ message: expect.stringMatching(`${tablePath}.*createSessionMigration`) });
        expect(error, name).toHaveProperty('cause.message', expect.stringMatching(/^(relation|Table|no such table)/));
        expect(everythingIn(error), name).not.toContain(SECRET);
      }
    });

    it('is over when the table is there', async () => {
      const table = openTable(dataSource(), entity, { timeoutMs });
      expect(await failureOf(table.insert([newRow('a')]))).toBeInstanceOf(SessionEntityError);
      expect(await failureOf(table.find(['a'], NOW))).toBeInstanceOf(SessionEntityError);
      await dataSource().synchronize();
      expect(await table.insert([newRow('a')])).toEqual(['saved']);
      expect((await table.find(['a'], NOW))[0]?.id).toBe('a');
    });
  });

  describe('because a column is missing', () => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);
    beforeAll(async () => {
      const runner = dataSource().createQueryRunner();
      await runner.dropColumn(dataSource().getMetadata(entity).tablePath, 'version');
      await runner.release();
    });

    it('says so, and holds nothing of what was asked', async () => {
      const table = openTable(dataSource(), entity, { timeoutMs });
      const secrets = { data: SECRET, userId: SECRET };
      const operations: Promise<unknown>[] = [table.insert([newRow(SECRET, secrets)]), table.upsert([newRow(SECRET, secrets)])];
      // sql.js takes a quoted name that it does not know for text.
      if (database.name !== 'sql.js') operations.push(table.find([SECRET], NOW));
      for (const error of await Promise.all(operations.map(failureOf))) {
        expect(error).toBeInstanceOf(SessionEntityError);
        expect(everythingIn(error)).toContain('version');
        expect(everythingIn(error)).not.toContain(SECRET);
      }
    });
  });

  describe('because another row has the handle', () => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);

    it('is an error, no conflict, and changes nothing', async () => {
      const table = openTable(dataSource(), entity);
      const row = newRow('a');
      await table.insert([row]);
      const other = newRow(SECRET, { handle: row.handle, data: SECRET, userId: SECRET });
      for (const error of await Promise.all([table.insert([other]), table.upsert([other])].map(failureOf))) {
        expect(error).toBeInstanceOf(SessionRefusedError);
        expect(everythingIn(error)).not.toContain(SECRET);
      }
      expect(await table.scan({ limit: 9, now: NOW })).toEqual([row]);
    });
  });

  // SQLite takes any text in any column.
  if (database.isShared) {
    describe('because a value is not of the type of its column', () => {
      const entity = variantOf({ userId: { type: 'integer', nullable: true } });
      const dataSource = useDataSource(database, [entity]);

      it('holds nothing of what was asked', async () => {
        const table = openTable(dataSource(), entity);
        const error = await failureOf(table.insert([newRow('a', { data: SECRET, userId: SECRET })]));
        expect(error).toBeInstanceOf(SessionSerializationError);
        expect(everythingIn(error)).not.toContain(SECRET);
      });
    });

    describe('because a value is in none of the characters of its column', () => {
      const latin1 = database.name === 'mariadb' ? { charset: 'latin1', collation: 'latin1_swedish_ci' } : {};
      const entity = variantOf({ data: { type: 'text', ...latin1 } });
      const dataSource = useDataSource(database, [entity]);
      const bad = database.name === 'mariadb' ? '日本語 ' : '\u0000';

      it('holds nothing of what was asked, and changes nothing', async () => {
        const table = openTable(dataSource(), entity);
        await table.insert([newRow('a')]);
        const error = await failureOf(table.update([newChange('a', { data: bad + SECRET })]));
        expect(error).toBeInstanceOf(SessionSerializationError);
        expect(everythingIn(error)).not.toContain(SECRET);
        expect(await table.find(['a'], NOW)).toEqual([newRow('a')]);
      });
    });
  }

  describe('because the connection is cut', () => {
    const entity = ownSessionEntity(database);
    let dataSource: DataSource;
    beforeAll(async () => {
      dataSource = new DataSource({ ...database.options, entities: [entity] });
      await dataSource.initialize();
      const { driver } = dataSource;
      // The data source takes itself for open, and the driver's connections are gone.
      await driver.disconnect();
    });
    afterAll(() => expect(dataSource.isInitialized).toBe(true));

    it('is "unavailable", and holds nothing of what was asked', async () => {
      for (const [name, operation] of everyOperation(openTable(dataSource, entity))) {
        const error = await failureOf(operation());
        expect(error, name).toBeInstanceOf(SessionUnavailableError);
        expect(error, name).toMatchObject({ status: 503, code: 'SESSION_UNAVAILABLE' });
        expect(everythingIn(error), name).not.toContain(SECRET);
      }
    });
  });
});
