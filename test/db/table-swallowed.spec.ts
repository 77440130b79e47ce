import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SessionRefusedError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { batched } from '../../lib/store/batching/batching-table.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionRow } from '../../lib/table/session-row.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { describeEachDatabase, useDataSource, type TestDatabase } from '../support/databases.js';
import { newSession } from '../support/store-data.js';
import { openImpatientTable, openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, NOW } from '../support/table-rows.js';

const key = (name: string): string => createHash('sha256').update(name).digest('hex');

/** Triggers that leave out the rows of users such as `evil`, and say nothing. */
async function addTriggers(dataSource: DataSource, { name }: TestDatabase, table: string, events: readonly string[]): Promise<void> {
  for (const event of events) {
    const row = event === 'DELETE' ? 'OLD' : 'NEW';
    const trigger = `TRIGGER swallow_${event}_${table} BEFORE ${event} ON ${table}`;
    const isEvil = `${row}.user_id LIKE 'evil%'`;
    if (name === 'postgres') {
      const body = `BEGIN IF ${isEvil} THEN RETURN NULL; END IF; RETURN ${row}; END`;
      const swallow = `swallow_${event}_${table}()`;
      await dataSource.query(`CREATE FUNCTION ${swallow} RETURNS trigger AS $$ ${body} $$ LANGUAGE plpgsql`);
      await dataSource.query(`CREATE ${trigger} FOR EACH ROW EXECUTE FUNCTION ${swallow}`);
    } else await dataSource.query(`CREATE ${trigger} WHEN ${isEvil} BEGIN SELECT RAISE(IGNORE); END`);
  }
}

async function dropTriggers(dataSource: DataSource, { name }: TestDatabase, table: string, events: readonly string[]): Promise<void> {
  for (const event of events) {
    const swallow = `swallow_${event}_${table}`;
    await dataSource.query(name === 'postgres' ? `DROP FUNCTION ${swallow}() CASCADE` : `DROP TRIGGER ${swallow}`);
  }
}

const WRITES = ['INSERT', 'UPDATE'];
const DATABASES: TestDatabase['name'][] = ['postgres', 'better-sqlite3', 'sql.js'];

describeEachDatabase(
  'A row that a trigger leaves out',
  (database) => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);
    const { tableName } = entity.options;
    beforeAll(() => addTriggers(dataSource(), database, tableName!, WRITES));
    afterAll(() => dropTriggers(dataSource(), database, tableName!, WRITES));

    const writes: readonly (readonly [string, (table: SessionTable, user: string) => Promise<unknown>])[] = [
      ['insert', (table, user) => table.insert([newRow(key(user), { userId: user })])],
      ['update', (table, user) => table.update([newChange(key(user), { userId: user })])],
      ['upsert', (table, user) => table.upsert([newRow(key(user), { userId: user })])],
    ];
    const users = ['ann', 'bob', 'eve'];
    const evils = ['evil', 'evil2', 'evil3'];

    describe.each(writes)('by %s', (operation, write) => {
      const open = async (): Promise<SessionTable> => {
        const table = openTable(dataSource(), entity);
        await table.clear();
        if (operation === 'update') await table.insert([...users, ...evils].map((user) => newRow(key(user), { userId: 'zoe' })));
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

      it('is refused with others of its kind, before anybody waits in vain', async () => {
        const table = await open();
        const first = write(table, 'ann');
        const refusals = Promise.allSettled(evils.map((user) => write(table, user)));
        await Promise.all([first, write(table, 'bob')]);
        expect((await refusals).map((refusal) => refusal.status === 'rejected' && refusal.reason)).toEqual(
          evils.map(() => expect.any(SessionRefusedError)),
        );
      });
    });
  },
  DATABASES,
);

describeEachDatabase(
  'A removal that a trigger leaves out',
  (database) => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);
    const { tableName } = entity.options;
    afterEach(() => dropTriggers(dataSource(), database, tableName!, ['DELETE']));

    const users = ['ann', 'bob'];
    const evils = ['evil', 'evil2', 'evil3'];
    const rowOf = (user: string) => newRow(key(user), { userId: user, handle: key(user).slice(0, 32) });
    const fill = async (...rows: SessionRow[]): Promise<SessionTable> => {
      const table = openTable(dataSource(), entity);
      await table.clear();
      await table.insert(rows);
      await addTriggers(dataSource(), database, tableName!, ['DELETE']);
      return batched(openImpatientTable(dataSource(), entity), resolveOptions({ secret: 'a secret' }), () => performance.now());
    };
    const usersLeft = async () => {
      const rows = await openTable(dataSource(), entity).find([...users, ...evils].map(key), NOW);
      return rows.flatMap((row) => row?.userId ?? []);
    };

    it('by id is refused', async () => {
      const table = await fill(rowOf('evil'));
      await expect(table.remove([key('evil')])).rejects.toThrow(SessionRefusedError);
      expect(await usersLeft()).toEqual(['evil']);
    });

    it('by handle is refused, and that of nobody is none', async () => {
      const table = await fill(rowOf('evil'), rowOf('ann'));
      await expect(table.removeHandle(rowOf('evil').handle!)).rejects.toThrow(SessionRefusedError);
      expect(await table.removeHandle(rowOf('ann').handle!)).toBe('removed');
      expect(await table.removeHandle(rowOf('ann').handle!)).toBe('gone');
      expect(await usersLeft()).toEqual(['evil']);
    });

    it('is refused among others, which are removed, and those that are gone are no error', async () => {
      const table = await fill(...[...users, ...evils].map(rowOf));
      const first = table.remove([key('ann')]);
      const refusals = Promise.allSettled(evils.map((user) => table.remove([key(user)])));
      expect(await Promise.all([first, table.remove([key('bob')]), table.remove([key('nobody')])])).toEqual([
        ['removed'],
        ['removed'],
        ['gone'],
      ]);
      expect((await refusals).map((refusal) => refusal.status === 'rejected' && refusal.reason)).toEqual(
        evils.map(() => expect.any(SessionRefusedError)),
      );
      expect(await usersLeft()).toEqual(evils);
    });

    it('of all rows is refused', async () => {
      const table = await fill(rowOf('ann'), rowOf('evil'));
      await expect(table.clear()).rejects.toThrow(SessionRefusedError);
      expect(await usersLeft()).toEqual(['evil']);
    });

    it('is no success of the store, however it ends sessions', async () => {
      await fill();
      const store = composeStore(resolveOptions({ secret: 'a secret', entity, prune: false, onUnavailable: 'anonymous' }), {
        dataSource: dataSource(),
      });
      const session = newSession(store, 'a session id of the tests', { userId: 'evil' });
      await session.save();
      const { handle } = session;
      const ends: (() => Promise<unknown>)[] = [
        () => store.destroy('a session id of the tests'),
        () => store.revoke(handle!),
        () => store.revokeUser('evil'),
        () => store.revokeAll(),
        () => store.clear(),
        () => session.destroy(),
      ];
      for (const end of ends) await expect(end()).rejects.toThrow(SessionRefusedError);
      expect(await store.count({ userId: 'evil' })).toBe(1);
      await store.close();
    });
  },
  DATABASES,
);

describeEachDatabase(
  'A rule that drops every removal',
  (database) => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);

    it('is a refusal of each way to remove rows', async () => {
      const table = openTable(dataSource(), entity);
      const rows = ['ann', 'bob'].map((user) => newRow(key(user), { handle: key(user).slice(0, 32) }));
      await table.insert(rows);
      await dataSource().query(`CREATE RULE keep AS ON DELETE TO ${entity.options.tableName} DO INSTEAD NOTHING`);
      const removals = [
        () => table.remove([rows[0]!.id]),
        () => table.remove(rows.map(({ id }) => id)),
        () => table.removeHandle(rows[0]!.handle!),
        () => table.clear(),
      ];
      for (const remove of removals) await expect(remove()).rejects.toThrow(SessionRefusedError);
    });
  },
  ['postgres'],
);
