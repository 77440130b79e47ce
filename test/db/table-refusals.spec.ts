import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SessionEntityError, SessionRefusedError, SessionUnavailableError } from '../../lib/session.errors.js';
import { batched } from '../../lib/store/batching/batching-table.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { pickDialect } from '../../lib/table/databases/databases.js';
import type { TableShape } from '../../lib/table/sql/dialect.js';
import { compileText } from '../../lib/table/sql/statement.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { describeEachDatabase, describeEachServer, useDataSource } from '../support/databases.js';
import { FAILING_USERS, GOOD_USERS, REFUSED_USERS, TRIGGER_TEXT, useRefusingTable } from '../support/refusing-table.js';
import { openImpatientTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, NOW } from '../support/table-rows.js';

const key = (name: string): string => createHash('sha256').update(name).digest('hex');
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then<unknown, unknown>(
    () => 'no failure',
    (error: unknown) => error,
  );
const everythingIn = (error: unknown): string => inspect(error, { depth: 10, showHidden: true });
const SECRET = 'marker-of-what-must-not-leak';
const data = `{"card":"${SECRET}"}`;
const isEmbedded = (name: string) => !['postgres', 'mariadb'].includes(name);

describeEachDatabase('A row that the database refuses', (database) => {
  const { entity, owners, dataSource } = useRefusingTable(database);

  /** As a store has it: what waits goes together. */
  const open = async (): Promise<SessionTable> => {
    const table = openImpatientTable(dataSource(), entity);
    await table.fields();
    await table.clear();
    return batched(table, resolveOptions({ secret: 'a secret' }), () => performance.now());
  };

  const writes: readonly (readonly [string, (table: SessionTable, id: string, userId: string | null) => Promise<unknown>])[] = [
    ['insert', (table, id, userId) => table.insert([newRow(id, { userId, data })])],
    ['update', (table, id, userId) => table.update([newChange(id, { userId, data })])],
    ['upsert', (table, id, userId) => table.upsert([newRow(id, { userId, data })])],
  ];
  const reasons = [
    ['NOT NULL', null, 'user_id'] as const,
    ...Object.entries(REFUSED_USERS).map(([why, rest]) => [why, ...rest] as const),
    ...Object.entries(FAILING_USERS[database.name]).map(([user, [, named]]) => [`a failing trigger: ${user}`, user, named] as const),
  ];

  describe.each(reasons)('for %s', (_, userId, named) => {
    it.each(writes)('fails by %s with SessionRefusedError, alone and among good ones, and harms none of them', async (operation, write) => {
      const table = await open();
      const ids = GOOD_USERS.map((user) => key(user));
      if (operation !== 'insert') await Promise.all([...ids, key('bad')].map((id) => table.insert([newRow(id, { userId: 'ann' })])));
      const alone = await failureOf(write(table, key('bad'), userId));
      // The first one travels alone, and the others together.
      const first = write(table, ids[0]!, GOOD_USERS[0]!);
      const bad = failureOf(write(table, key('bad'), userId));
      const rest = ids.slice(1).map((id, index) => write(table, id, GOOD_USERS[index + 1]!));
      const good = await Promise.all([first, ...rest]);
      expect(good).toEqual(ids.map(() => ['saved']));
      for (const error of [alone, await bad]) {
        expect(error).toBeInstanceOf(SessionRefusedError);
        expect(error).toMatchObject({ code: 'SESSION_REFUSED', status: 500, expose: false });
        // Not every driver names every constraint.
        const isNamed = !(named === 'fk_owner' && isEmbedded(database.name));
        if (isNamed) expect((error as Error).message).toContain(named);
        for (const secret of [SECRET, TRIGGER_TEXT, key('bad')]) expect(everythingIn(error)).not.toContain(secret);
      }
      const stored = await table.find([...ids, key('bad')], NOW);
      expect(stored.slice(0, 3).map((row) => row?.userId)).toEqual(GOOD_USERS);
      expect(stored[3]?.userId).toBe(operation === 'insert' ? undefined : 'ann');
    });
  });

  it('because its user was deleted meanwhile is refused at the next save, and stored again once the user is back', async () => {
    const table = await open();
    const userId = 'zoe';
    await expect(table.insert([newRow(key('a'), { userId })])).rejects.toThrow(SessionRefusedError);
    await dataSource().getRepository(owners).insert({ id: userId });
    onTestFinished(async () => {
      await table.clear();
      await dataSource().getRepository(owners).delete({ id: userId });
    });
    await expect(table.insert([newRow(key('a'), { userId })])).resolves.toEqual(['saved']);
  });
});

describeEachServer('A row that the database refuses', (database) => {
  const { entity, tableName, dataSource } = useRefusingTable(database);

  it('once another transaction lets go of it harms none of those that travelled with it', async () => {
    const table = openImpatientTable(dataSource(), entity);
    await table.fields();
    const together = batched(table, resolveOptions({ secret: 'a secret' }), () => performance.now());
    await Promise.all(GOOD_USERS.map((user) => together.insert([newRow(key(user), { userId: 'ann' })])));
    const holder = dataSource().createQueryRunner();
    onTestFinished(() => holder.release());
    await holder.startTransaction();
    await holder.query(`SELECT 1 FROM ${tableName} WHERE id = '${key('bob')}' FOR UPDATE`);
    const update = (user: string, userId: string) => together.update([newChange(key(user), { userId, data })]);
    // The first one travels alone, and the others together.
    const good = [update('ann', 'ann'), update('eve', 'eve')];
    const bad = failureOf(update('bob', 'deleted'));
    expect(await Promise.all(good)).toEqual([['saved'], ['saved']]);
    await holder.rollbackTransaction();
    expect(await bad).toBeInstanceOf(SessionRefusedError);
  });
});

describeEachDatabase('A statement that the database refuses', (database) => {
  const { entity, tableName, dataSource } = useRefusingTable(database);
  const good = newRow(key('good'), { userId: 'ann' });

  /** A data source with other settings, whose table is there already. */
  async function openWith(more: object, prepare: (dataSource: DataSource) => Promise<unknown> = async () => undefined) {
    const other = new DataSource({ ...database.options, entities: dataSource().options.entities, ...more } as DataSourceOptions);
    await other.initialize();
    onTestFinished(() => other.destroy());
    await prepare(other);
    return other;
  }

  async function expectRefusal(table: SessionTable<'locked'>): Promise<void> {
    await table.fields();
    const together = batched(table, resolveOptions({ secret: 'a secret' }), () => performance.now());
    const rows = ['a', 'b', 'c', 'd'].map((name) => newRow(key(name), { userId: 'bob' }));
    const errors = await Promise.all(rows.map((row) => failureOf(together.insert([row]))));
    for (const error of errors) {
      expect(error).toBeInstanceOf(SessionRefusedError);
      expect(everythingIn(error)).not.toContain(good.id);
    }
    // Reads go on, and none of the rows is there.
    expect(await openImpatientTable(dataSource(), entity).count({ now: NOW })).toBe(0);
  }

  it('for its syntax', async () => {
    const picked = pickDialect(dataSource());
    const broken = { ...picked, multiRow: {}, insert: (shape: TableShape) => compileText(shape, 'INSERT NOWHERE') };
    await expectRefusal(openImpatientTable(dataSource(), entity, { dialect: broken }));
  });

  it('because the server, or the transaction, is read-only', async () => {
    switch (database.name) {
      case 'postgres': {
        const readOnly = await openWith({ extra: { options: '-c default_transaction_read_only=on' } });
        return expectRefusal(openImpatientTable(readOnly, entity));
      }
      case 'mariadb': {
        const readOnly = await openWith({ extra: { connectionLimit: 1 } }, (other) => other.query('SET SESSION TRANSACTION READ ONLY'));
        return expectRefusal(openImpatientTable(readOnly, entity));
      }
      default: {
        await dataSource().query('PRAGMA query_only = 1');
        try {
          await expectRefusal(openImpatientTable(dataSource(), entity));
        } finally {
          await dataSource().query('PRAGMA query_only = 0');
        }
      }
    }
  });

  if (isEmbedded(database.name)) return;

  it('because its user has no permission', async () => {
    if (database.name === 'postgres') {
      const reader = await openWith({ extra: { options: '-c role=pg_read_all_data' } });
      return expectRefusal(openImpatientTable(reader, entity));
    }
    const user = `reader_${tableName.slice(-12)}`;
    await dataSource().query(`CREATE USER ${user}@'%' IDENTIFIED BY 'reader'`);
    onTestFinished(() => dataSource().query(`DROP USER ${user}@'%'`));
    await dataSource().query(`GRANT SELECT ON ${tableName} TO ${user}@'%'`);
    const url = new URL((database.options as { url: string }).url);
    url.username = user;
    url.password = 'reader';
    await expectRefusal(openImpatientTable(await openWith({ url: String(url) }), entity));
  });

  describe('or cannot finish is no refusal:', () => {
    const slow = newRow(key('slow'), { userId: 'slow' });

    it('one takes longer than the server allows', async () => {
      const limited =
        database.name === 'postgres'
          ? await openWith({ extra: { options: '-c statement_timeout=100' } })
          : await openWith({ extra: { connectionLimit: 1 } }, (other) => other.query('SET SESSION max_statement_time = 0.1'));
      await expect(openImpatientTable(limited, entity).insert([slow])).rejects.toThrow(SessionUnavailableError);
    });

    it('one is ended by an administrator', async () => {
      const other = await openWith(database.name === 'postgres' ? {} : { extra: { connectionLimit: 1 } });
      const failure = failureOf(openImpatientTable(other, entity).insert([slow]));
      await killSleeping();
      expect(await failure).toBeInstanceOf(SessionUnavailableError);
    });

    /** Ends the connection that waits in the trigger, as soon as the server shows it. */
    async function killSleeping(): Promise<void> {
      for (;;) {
        if (database.name === 'postgres') {
          const own = `state = 'active' AND wait_event = 'PgSleep' AND datname = current_database() AND query LIKE '%${tableName}%'`;
          const found: unknown[] = await dataSource().query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${own}`);
          if (found.length > 0) return;
        } else {
          const own = `DB = DATABASE() AND STATE = 'User sleep'`;
          const [found]: { id: number }[] = await dataSource().query(`SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ${own}`);
          if (found) return dataSource().query(`KILL ${found.id}`);
        }
      }
    }
  });

  it('is told apart from a table that is missing', async () => {
    const missing = ownSessionEntity(database);
    const bare = await openWith({ entities: [missing] });
    await expect(openImpatientTable(bare, missing).insert([good])).rejects.toThrow(SessionEntityError);
  });
});

describeEachDatabase(
  'A policy that takes no row of a user',
  (database) => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);

    it('refuses that row, and harms no neighbour', async () => {
      const { tableName } = entity.options;
      const role = `role_of_${tableName}`;
      await dataSource().query(`CREATE ROLE ${role}`);
      onTestFinished(() => dataSource().query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
      await dataSource().query(`GRANT ALL ON ${tableName} TO ${role}; ALTER TABLE ${tableName} ENABLE ROW LEVEL SECURITY`);
      await dataSource().query(`CREATE POLICY p ON ${tableName} USING (true) WITH CHECK (user_id <> 'evil')`);
      const other = new DataSource({ ...database.options, entities: [entity], extra: { options: `-c role=${role}` } });
      await other.initialize();
      onTestFinished(() => other.destroy());
      const table = openImpatientTable(other, entity);
      await table.fields();
      const together = batched(table, resolveOptions({ secret: 'a secret' }), () => performance.now());
      const insert = (userId: string) => together.insert([newRow(key(userId), { userId })]);
      // The first one travels alone, and the others together.
      const [first, evil, ...rest] = [insert('ann'), failureOf(insert('evil')), insert('bob'), insert('eve')];
      expect(await Promise.all([first, ...rest])).toEqual([['saved'], ['saved'], ['saved']]);
      expect(await evil).toBeInstanceOf(SessionRefusedError);
    });
  },
  ['postgres'],
);

describeEachDatabase(
  'A trigger that needs a table which does not exist',
  (database) => {
    const entity = ownSessionEntity(database);
    const dataSource = useDataSource(database, [entity]);

    it('is no missing session table, and is named', async () => {
      const { tableName } = entity.options;
      await dataSource().query(
        `CREATE TRIGGER t_${tableName} BEFORE INSERT ON ${tableName} BEGIN INSERT INTO audit_of_nobody VALUES (1); END`,
      );
      const error = await failureOf(openImpatientTable(dataSource(), entity).insert([newRow(key('a'))]));
      expect(error).toBeInstanceOf(SessionRefusedError);
      expect((error as Error).message).toContain('audit_of_nobody');
    });
  },
  ['better-sqlite3', 'sql.js'],
);
