import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionRefusedError } from '../../lib/session.errors.js';
import { batched } from '../../lib/store/batching/batching-table.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { describeEachDatabase, useDataSource, type TestDatabase } from '../support/databases.js';
import { openImpatientTable, openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, NOW } from '../support/table-rows.js';

const key = (name: string): string => createHash('sha256').update(name).digest('hex');

/** A trigger that leaves out the rows of the user `evil`, and says nothing. */
async function addTrigger(dataSource: DataSource, database: TestDatabase, table: string): Promise<void> {
  if (database.name === 'postgres') {
    const body = `BEGIN IF NEW.user_id = 'evil' THEN RETURN NULL; END IF; RETURN NEW; END`;
    await dataSource.query(`CREATE FUNCTION swallow_${table}() RETURNS trigger AS $$ ${body} $$ LANGUAGE plpgsql`);
    await dataSource.query(`CREATE TRIGGER swallow BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION swallow_${table}()`);
    return;
  }
  for (const event of ['INSERT', 'UPDATE']) {
    await dataSource.query(
      `CREATE TRIGGER swallow_${event}_${table} BEFORE ${event} ON ${table} WHEN NEW.user_id = 'evil' BEGIN SELECT RAISE(IGNORE); END`,
    );
  }
}

describeEachDatabase(
  'A row that a trigger leaves out',
  (database) => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);
    const { tableName } = entity.options;
    beforeAll(() => addTrigger(dataSource(), database, tableName!));
    afterAll(async () => {
      if (database.name === 'postgres') await dataSource().query(`DROP FUNCTION swallow_${tableName}() CASCADE`);
    });

    const writes: readonly (readonly [string, (table: SessionTable, user: string) => Promise<unknown>])[] = [
      ['insert', (table, user) => table.insert([newRow(key(user), { userId: user })])],
      ['update', (table, user) => table.update([newChange(key(user), { userId: user })])],
      ['upsert', (table, user) => table.upsert([newRow(key(user), { userId: user })])],
    ];
    const users = ['ann', 'bob', 'eve'];

    describe.each(writes)('by %s', (operation, write) => {
      const open = async (): Promise<SessionTable> => {
        const table = openTable(dataSource(), entity);
        await table.clear();
        if (operation === 'update') await table.insert([...users, 'evil'].map((user) => newRow(key(user), { userId: 'zoe' })));
        return batched(openImpatientTable(dataSource(), entity), resolveOptions({ secret: 'a secret' }), () => performance.now());
      };
      const rowOfEvil = async () => (await openTable(dataSource(), entity).find([key('evil')], NOW))[0]?.userId;
      const before = operation === 'update' ? 'zoe' : undefined;

      it('is refused', async () => {
        await expect(write(await open(), 'evil')).rejects.toThrow(SessionRefusedError);
        expect(await rowOfEvil()).toBe(before);
      });

      it('is refused among others, and harms none of them', async () => {
        const table = await open();
        // The first one travels alone, and the others together.
        const first = write(table, 'ann');
        const evil = write(table, 'evil').catch((error: unknown) => error);
        const good = await Promise.all([first, write(table, 'bob'), write(table, 'eve')]);
        expect(good).toEqual(users.map(() => ['saved']));
        expect(await evil).toBeInstanceOf(SessionRefusedError);
        const rows = await table.find(users.map(key), NOW);
        expect(rows.map((row) => row?.userId)).toEqual(users);
        expect(await rowOfEvil()).toBe(before);
      });
    });
  },
  ['postgres', 'better-sqlite3', 'sql.js'],
);
