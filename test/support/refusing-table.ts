import { DataSource, EntitySchema } from 'typeorm';
import type { DataSourceOptions, EntitySchemaColumnOptions, ObjectLiteral } from 'typeorm';
import { afterAll, beforeAll } from 'vitest';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { uniqueTableName, type TestDatabase } from './databases.js';

/** The user that the database of `useRefusingTable` refuses for each reason, and what the error names. */
export const REFUSED_USERS = {
  'a foreign key': ['deleted', 'fk_owner'],
  'a check': ['banned', 'chk_owner'],
  'a trigger': ['raised', 'trigger'],
} as const;

/** The user at which the trigger fails, what it does there, and what the error names. */
export const FAILING_USERS: Record<TestDatabase['name'], Record<string, readonly [sql: string, named: string]>> = {
  postgres: {
    'missing table': ['INSERT INTO audit_of_nobody VALUES (1)', '"audit_of_nobody"'],
    'missing column': ['NEW.user_id := (SELECT nope FROM pg_class LIMIT 1)', '"nope"'],
    'missing function': ['PERFORM no_such(1)', '"no_such"'],
    'no permission': [`RAISE EXCEPTION 'no' USING ERRCODE = '42501'`, 'the function "refuse'],
    'no time': [`RAISE EXCEPTION 'no' USING ERRCODE = '57014'`, 'the function "refuse'],
    'no order': [`RAISE EXCEPTION 'no' USING ERRCODE = '40001'`, 'the function "refuse'],
  },
  mariadb: {
    'missing table': ['INSERT INTO audit_of_nobody VALUES (1)', 'audit_of_nobody"'],
    'missing column': ['SET @x = (SELECT nope FROM information_schema.TABLES LIMIT 1)', '"nope"'],
    'missing function': ['SET @x = no_such(1)', 'trigger'],
    'several rows': ['SELECT TABLE_NAME INTO @x FROM information_schema.TABLES', 'trigger'],
  },
  'better-sqlite3': { 'wrong JSON': [`SELECT json('bad')`, 'trigger'] },
  'sql.js': { 'wrong JSON': [`SELECT json('bad')`, 'trigger'] },
};

export const GOOD_USERS = ['ann', 'bob', 'eve'];

/** What the trigger says: a value of the row, which must not reach a log. */
export const TRIGGER_TEXT = 'nobody may be called raised';

/** A session table that refuses some users, in a way that its entity does not know of. */
export function useRefusingTable(database: TestDatabase) {
  const owners = uniqueTableName();
  const tableName = uniqueTableName();
  const { options } = defineSessionEntity();
  const charset = database.name === 'mariadb' ? { charset: 'utf8mb4' } : {};
  const userId: EntitySchemaColumnOptions = { ...options.columns.userId, type: 'varchar', nullable: false, ...charset };
  const Owner = new EntitySchema<ObjectLiteral>({
    name: `Owner_${owners}`,
    tableName: owners,
    columns: { id: { type: 'varchar', length: 255, primary: true, ...charset } },
  });
  const entity = new EntitySchema<ObjectLiteral>({
    name: `Refusing_${owners}`,
    tableName,
    columns: { ...options.columns, userId },
    foreignKeys: [{ target: Owner, columnNames: ['userId'], referencedColumnNames: ['id'], name: `fk_owner_${owners}` }],
    checks: [{ name: 'chk_owner', expression: `user_id <> 'banned'` }],
  });
  let dataSource: DataSource;

  beforeAll(async () => {
    const opened = { ...database.options, entities: [Owner, entity], synchronize: true } as DataSourceOptions;
    dataSource = await new DataSource(opened).initialize();
    await dataSource
      .getRepository(Owner)
      .insert([...GOOD_USERS, 'banned', 'raised', 'slow', ...Object.keys(FAILING_USERS[database.name])].map((id) => ({ id })));
    for (const sql of definitions(database.name, tableName)) await dataSource.query(sql);
  });
  afterAll(async () => {
    const runner = dataSource.createQueryRunner();
    for (const name of [tableName, owners]) await runner.dropTable(name, true);
    if (database.name === 'postgres') await runner.query(`DROP FUNCTION refuse_${tableName}()`);
    await runner.release();
    await dataSource.destroy();
  });
  return { entity, tableName, owners: Owner, dataSource: () => dataSource };
}

/** The trigger, which also takes a long time for the user `slow`, and the check where TypeORM makes none. */
function definitions(name: TestDatabase['name'], table: string): string[] {
  const failing = Object.entries(FAILING_USERS[name]);
  const failures = failing.map(([user, [sql]]) => `IF NEW.user_id = '${user}' THEN ${sql}; END IF;`).join('\n');
  const events = ['INSERT', 'UPDATE'];
  switch (name) {
    case 'postgres':
      return [
        `CREATE FUNCTION refuse_${table}() RETURNS trigger AS $$ BEGIN
           IF NEW.user_id = 'raised' THEN RAISE EXCEPTION 'nobody may be called %', NEW.user_id; END IF;
           IF NEW.user_id = 'slow' THEN PERFORM pg_sleep(60); END IF;
           ${failures}
           RETURN NEW; END $$ LANGUAGE plpgsql`,
        `CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_${table}()`,
      ];
    case 'mariadb':
      return [
        `ALTER TABLE ${table} ADD CONSTRAINT chk_owner CHECK (user_id <> 'banned')`,
        ...events.map(
          (event) => `CREATE TRIGGER refuse_${event}_${table} BEFORE ${event} ON ${table} FOR EACH ROW BEGIN
            IF NEW.user_id = 'raised' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${TRIGGER_TEXT}'; END IF;
            IF NEW.user_id = 'slow' THEN DO SLEEP(60); END IF;
            ${failures} END`,
        ),
      ];
    default:
      return events.flatMap((event) =>
        [['raised', [`SELECT RAISE(ABORT, '${TRIGGER_TEXT}')`]] as const, ...failing].map(
          ([user, [sql]], index) => `CREATE TRIGGER refuse_${index}_${event}_${table} BEFORE ${event} ON ${table}
            WHEN NEW.user_id = '${user}' BEGIN ${sql}; END`,
        ),
      );
  }
}
