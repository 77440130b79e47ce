import { Column, CreateDateColumn, Entity, PrimaryColumn, type EntitySchemaColumnOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionEntityError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { SessionEntity } from '../../lib/table/entity/session.entity.js';
import type { SessionField } from '../../lib/table/session-row.js';
import { describeEachDatabase, uniqueTableName, useDataSource, type TestDatabase } from '../support/databases.js';
import { dataOf } from '../support/store-data.js';
import { variantOf } from '../support/table-entities.js';
import { openTable } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

type Fault = readonly [title: string, field: SessionField, column: EntitySchemaColumnOptions, message: RegExp];

/** Columns of numbers that round those of their field, or have no room for them, and their type as it is called. SQLite has none. */
const NARROW: Readonly<Record<TestDatabase['name'], readonly (readonly [SessionField, EntitySchemaColumnOptions, string])[]>> = {
  'better-sqlite3': [],
  'sql.js': [],
  postgres: [
    ['expiresAt', { type: 'real' }, 'real'],
    ['lastSeenAt', { type: 'float4' }, 'real'],
    ['expiresAt', { type: 'numeric', precision: 10 }, 'numeric\\(10\\)'],
    ['createdAt', { type: 'decimal', precision: 15, scale: 3 }, 'numeric\\(15,3\\)'],
    ['pruneAfter', { type: 'smallint' }, 'smallint'],
    ['pruneAfter', { type: 'numeric', precision: 5 }, 'numeric\\(5\\)'],
    ['version', { type: 'smallint' }, 'smallint'],
  ],
  mariadb: [
    ['expiresAt', { type: 'float' }, 'float'],
    ['createdAt', { type: 'decimal' }, 'decimal'],
    ['expiresAt', { type: 'decimal', precision: 12 }, 'decimal\\(12\\)'],
    ['pruneAfter', { type: 'smallint', unsigned: true }, 'smallint'],
    ['version', { type: 'boolean' }, 'tinyint'],
    ['version', { type: 'smallint' }, 'smallint'],
    ['version', { type: 'float' }, 'float'],
  ],
};

/** Columns of numbers that hold them exactly, though not each may look so. */
const EXACT: Readonly<Record<TestDatabase['name'], readonly (readonly [SessionField, EntitySchemaColumnOptions])[]>> = {
  'better-sqlite3': [
    ['expiresAt', { type: 'real' }],
    ['lastSeenAt', { type: 'decimal', precision: 10 }],
    ['version', { type: 'smallint' }],
  ],
  'sql.js': [['createdAt', { type: 'float' }]],
  postgres: [
    ['expiresAt', { type: 'float' }],
    ['createdAt', { type: 'numeric' }],
    ['lastSeenAt', { type: 'numeric', precision: 13 }],
    ['pruneAfter', { type: 'real' }],
    ['version', { type: 'bigint' }],
    ['createdAt', { type: 'bigint', update: false }],
  ],
  mariadb: [
    ['expiresAt', { type: 'double' }],
    ['createdAt', { type: 'decimal', precision: 13 }],
    ['pruneAfter', { type: 'float' }],
    ['version', { type: 'mediumint' }],
    ['handle', { type: 'varchar', length: 32, update: false }],
  ],
};

/** Columns that can never hold their field, and what is said of them. */
const faultsOf = ({ name }: TestDatabase): Fault[] => [
  ['an id of 32 characters', 'id', { type: 'varchar', length: 32 }, /"id".* room for 32 characters.*needs 64.*varchar\(64\)/],
  ['an id of one character', 'id', { type: name === 'better-sqlite3' || name === 'sql.js' ? 'character' : 'char' }, /"id".* 1 char/],
  ['an id that is a number', 'id', { type: 'integer' }, /"id".*cannot hold the hash of a session id.*varchar\(64\)/],
  ['a handle of 16 characters', 'handle', { type: 'varchar', length: 16 }, /"handle".* 16 characters.*needs 32/],
  ['a handle that is a number', 'handle', { type: 'bigint' }, /"handle".*cannot hold the handle/],
  ['a version that is text', 'version', { type: 'varchar' }, /"version".*integer/],
  ['data that is a number', 'data', { type: 'bigint' }, /"data".*cannot hold the data of sessions.*text/],
  ['a user that is a date', 'userId', { type: 'date', nullable: true }, /"user_id".*cannot hold the id of a user/],
  ['an id of a few values', 'id', { type: 'simple-enum', enum: ['a', 'b'] }, /"id".*cannot hold the hash of a session id.*varchar\(64\)/],
  ['data of a few values', 'data', { type: 'simple-enum', enum: ['a', 'b'] }, /"data".*cannot hold the data/],
  ['data that an insert leaves out', 'data', { type: 'text', insert: false }, /"data".*"\w*text".*insert.*Remove `insert: false`/],
  ['data that an update leaves out', 'data', { type: 'text', update: false }, /"data".*"\w*text".*update.*Remove `update: false`/],
  ['a version that an update leaves out', 'version', { type: 'integer', update: false }, /"version".*Remove `update: false`/],
  ['a handle that an insert leaves out', 'handle', { type: 'varchar', insert: false }, /"handle".*Remove `insert: false`/],
  ...NARROW[name].flatMap(
    ([field, column, type]) =>
      [
        [
          `${field} in ${type}`,
          field,
          column,
          new RegExp(`"Faulty_.*"${type}" and cannot hold the ${field} of a session.*(bigint|integer)`),
        ],
      ] as const,
  ),
  ...(name === 'postgres' ? ([['an id of bytes', 'id', { type: 'bytea' }, /"id".*"bytea".*varchar\(64\)/]] as const) : []),
  ...(['postgres', 'mariadb'].includes(name)
    ? ([['an id that is a uuid', 'id', { type: 'uuid' }, /"id".*"uuid".*varchar\(64\).*hashIds: false/]] as const)
    : []),
];

describeEachDatabase('An entity that can never hold sessions', (database) => {
  const open = (dataSource: ReturnType<ReturnType<typeof useDataSource>>, entity: never, options = {}) =>
    composeStore(resolveOptions({ secret: 'secret', entity, prune: false, ...options }), { dataSource });

  describe.each(faultsOf(database))('because of %s', (_, field, column, message) => {
    const entity = variantOf({ [field]: { ...(database.name === 'mariadb' && column.type === 'varchar' && { length: 255 }), ...column } });
    Object.assign(entity.options, { name: `Faulty_${entity.options.tableName}` });
    const dataSource = useDataSource(database, [entity]);

    it('is refused at start-up, and later where it is not known before', async () => {
      expect(() => open(dataSource(), entity as never)).toThrow(SessionEntityError);
      expect(() => open(dataSource(), entity as never)).toThrow(message);
      await expect(openTable(dataSource(), entity, { hashIds: true }).find(['a'], NOW)).rejects.toThrow(message);
    });
  });

  describe('because of a column that no field fills', () => {
    @Entity(uniqueTableName())
    class Demanding extends SessionEntity {
      @Column({ type: 'varchar', length: 10 })
      tenant!: string;
    }
    @Entity(uniqueTableName())
    class Numbered {
      @PrimaryColumn({ type: 'varchar', length: 9 })
      number!: string;
      @Column({ type: 'varchar', length: 64, unique: true })
      id!: string;
      @Column({ type: 'text' })
      data!: string;
    }
    @Entity(uniqueTableName())
    class Filled extends SessionEntity {
      @Column({ type: 'varchar', length: 10, default: 'none' })
      tenant!: string;
      @Column({ type: 'varchar', length: 10, nullable: true })
      device!: string | null;
      @CreateDateColumn()
      madeAt!: Date;
    }
    const dataSource = useDataSource(database, [Demanding, Numbered, Filled]);

    it.each([
      ['of its own', Demanding, 'tenant'],
      ['of its primary key', Numbered, 'number'],
    ])('%s is refused by name, with the remedy', (_, entity, name) => {
      const refusal = new RegExp(`"${name}".*must have a value.*nullable: true.*default`);
      expect(() => open(dataSource(), entity as never)).toThrow(refusal);
    });

    it('is filled by its mapping', () => {
      expect(() => open(dataSource(), Demanding as never, { columns: { ipAddress: 'tenant' } })).not.toThrow(/must have a value/);
    });

    it('is none where the database fills it', () => {
      expect(() => open(dataSource(), Filled as never)).not.toThrow();
    });
  });
});

describeEachDatabase('A column of numbers', (database) => {
  describe.each(EXACT[database.name])('for %s as %o', (field, column) => {
    const entity = variantOf({ [field]: column });
    const dataSource = useDataSource(database, [entity]);

    it('holds sessions exactly', async () => {
      const table = openTable(dataSource(), entity);
      await table.clear();
      const expiresAt = NOW + 3_600_001;
      await table.insert([newRow('a', { expiresAt })]);
      await table.update([newChange('a', { expiresAt })]);
      expect((await table.find(['a'], NOW))[0]).toMatchObject({ expiresAt, createdAt: NOW, lastSeenAt: NOW + 3_600_000, version: 2 });
    });
  });
});

describeEachDatabase('A uuid as the id', (database) => {
  const entity = variantOf({ id: { type: 'uuid' } });
  const dataSource = useDataSource(database, [entity]);
  const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const older = ['Zx8Qe0Qv7zGkT4Yd', uuid.slice(1), '', `${uuid}x`, '0'.repeat(64)];

  it.each(older)('is no other text: there is no session of %j, and no error', async (id) => {
    const table = openTable(dataSource(), entity);
    await table.clear();
    await table.insert([newRow(uuid)]);
    expect(await table.find([id], NOW)).toEqual([undefined]);
    expect(await table.update([newChange(id)])).toEqual(['gone']);
    expect(await table.touch([newTouch(id)], NOW)).toEqual(['gone']);
    expect(await table.changeId([{ id, newId: '1f8fad5b-d9cb-469f-a165-70867728950e' }])).toEqual(['gone']);
    expect(await table.remove([id])).toEqual(['gone']);
    expect((await table.find([uuid], NOW))[0]).toEqual(newRow(uuid));
  });

  it('signs nobody in with an older id, and holds sessions with `hashIds: false`', async () => {
    const options = resolveOptions({ secret: 'secret', entity, hashIds: false, prune: false, genid: () => uuid });
    const store = composeStore(options, { dataSource: dataSource() });
    await store.clear();
    await expect(store.get(older[0]!)).resolves.toBeUndefined();
    await store.set(uuid, dataOf({ views: 1 }));
    await expect(store.get(uuid)).resolves.toMatchObject({ views: 1 });
    await expect(store.get(older[0]!)).resolves.toBeUndefined();
    await store.close();
  });
});

describeEachDatabase('A number or a uuid as the user', (database) => {
  describe.each(['integer', 'uuid'] as const)('%s', (type) => {
    const entity = variantOf({ userId: { type, nullable: true } });
    const dataSource = useDataSource(database, [entity]);
    const userId = type === 'uuid' ? '0f8fad5b-d9cb-469f-a165-70867728950e' : '7';

    it('has sessions, and another text is nobody', async () => {
      const table = openTable(dataSource(), entity);
      await table.clear();
      await table.insert([newRow('a', { userId })]);
      expect(await table.count({ userId, now: NOW })).toBe(1);
      for (const nobody of ['ann', '7 ', '07', `${userId}0`, '9'.repeat(30)]) {
        expect(await table.count({ userId: nobody, now: NOW })).toBe(0);
        expect(await table.page({ userId: nobody, limit: 9, now: NOW })).toEqual([]);
      }
    });
  });
});
