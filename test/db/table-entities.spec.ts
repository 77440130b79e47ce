import {
  Column,
  DeleteDateColumn,
  Entity,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  VersionColumn,
  type DataSource,
  type EntityTarget,
  type ObjectLiteral,
} from 'typeorm';
import { describe, expect, it } from 'vitest';
import { SessionEntityError } from '../../lib/session.errors.js';
import { SessionEntity } from '../../lib/table/entity/session.entity.js';
import type { SessionTable } from '../../lib/table/session-table.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { openTable } from '../support/table-open.js';
import { HOUR, newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

/** What every entity has to be able to do. */
async function expectWholeLife(table: SessionTable): Promise<void> {
  const data = async (id: string) => (await table.find([id], NOW))[0]?.data;

  expect(await table.insert([newRow('a', { data: '{"n":1}' }), newRow('b'), newRow('c')])).toEqual(['saved', 'saved', 'saved']);
  expect(await data('a')).toBe('{"n":1}');
  expect(await table.insert([newRow('a', { data: '{"n":2}' })])).toEqual(['conflict']);
  expect(await table.update([newChange('a', { data: '{"n":3}' }), newChange('x')])).toEqual(['saved', 'gone']);
  expect(await data('a')).toBe('{"n":3}');
  expect(await table.upsert([newRow('a', { data: '{"n":4}' }), newRow('d', { data: '{"n":5}' })])).toEqual(['saved', 'saved']);
  expect(await data('a')).toBe('{"n":4}');
  expect(await data('d')).toBe('{"n":5}');
  expect(await table.touch([newTouch('a'), newTouch('x')], NOW)).toEqual(['saved', 'gone']);
  expect(await data('a')).toBe('{"n":4}');
  expect(await table.changeId([{ id: 'd', newId: 'e' }])).toEqual(['saved']);
  expect(await data('e')).toBe('{"n":5}');
  expect(await table.count({ now: NOW })).toBe(4);
  expect((await table.scan({ limit: 2, after: 'a', now: NOW })).map(({ id }) => id)).toEqual(['b', 'c']);
  expect(await table.remove(['b', 'x'])).toEqual(['removed', 'gone']);
  await table.clear();
  expect(await table.count({ now: NOW })).toBe(0);
}

const columnsOf = (dataSource: DataSource, entity: EntityTarget<ObjectLiteral>) => dataSource.getRepository(entity).find();

describeEachDatabase('An entity', (database) => {
  describe('with nothing but an id and data', () => {
    @Entity(uniqueTableName())
    class MySession {
      @PrimaryColumn({ type: 'varchar' })
      my_session_id!: string;
      @Column({ type: 'text' })
      my_session_data!: string;
    }
    const dataSource = useDataSource(database, [MySession]);
    const columns = { id: 'my_session_id', data: 'my_session_data' };
    const open = () => openTable(dataSource(), MySession, { columns });

    it('holds sessions', () => expectWholeLife(open()));

    it('holds the data as it is', async () => {
      await open().insert([newRow('a', { data: '{"cart":["tea"]}' })]);
      const [row] = await columnsOf(dataSource(), MySession);
      expect(row).toEqual({ my_session_id: 'a', my_session_data: '{"cart":["tea"]}' });
      await open().clear();
    });

    it('says which fields it has', async () => {
      expect([...(await open().fields())]).toEqual(['id', 'data']);
    });

    it('knows no expiry: every row is live and none is pruned', async () => {
      await open().insert([newRow('a', { expiresAt: NOW })]);
      expect(await open().find(['a'], NOW + HOUR)).toEqual([{ id: 'a', data: '{"of":"a"}' }]);
      expect(await open().prune({ now: NOW + HOUR, limit: 9 })).toBe(0);
      expect(await open().count({ now: NOW + HOUR })).toBe(1);
      await open().clear();
    });

    it('cannot list, and says what it lacks', async () => {
      const lacks = (field: string) => expect.objectContaining({ message: expect.stringContaining(`columns.${field}`) });
      await expect(open().page({ limit: 1, now: NOW })).rejects.toThrow(SessionEntityError);
      await expect(open().page({ limit: 1, now: NOW })).rejects.toEqual(lacks('handle'));
      await expect(open().count({ userId: 'ann', now: NOW })).rejects.toEqual(lacks('userId'));
    });
  });

  describe('with a generated number as its primary key, and a unique id', () => {
    @Entity(uniqueTableName())
    class Numbered {
      @PrimaryGeneratedColumn()
      number!: number;
      @Column({ type: 'varchar', length: 64, unique: true })
      id!: string;
      @Column({ type: 'text' })
      data!: string;
      @Column({ type: 'integer', nullable: true })
      version!: number;
    }
    const dataSource = useDataSource(database, [Numbered]);

    it('holds sessions', () => expectWholeLife(openTable(dataSource(), Numbered)));

    it('keeps its key through an upsert', async () => {
      const table = openTable(dataSource(), Numbered);
      await table.insert([newRow('a')]);
      const [before] = await columnsOf(dataSource(), Numbered);
      await table.upsert([newRow('a', { data: '{"n":1}' })]);
      expect(await columnsOf(dataSource(), Numbered)).toEqual([{ ...before, data: '{"n":1}', version: 2 }]);
    });
  });

  describe('with a generated uuid as its primary key, and a unique id', () => {
    @Entity(uniqueTableName())
    class Identified {
      @PrimaryGeneratedColumn('uuid')
      uuid!: string;
      @Column({ type: 'varchar', length: 64, unique: true })
      id!: string;
      @Column({ type: 'text' })
      data!: string;
    }
    // PostgreSQL has `gen_random_uuid()` without an extension.
    const dataSource = useDataSource(database, [Identified], { uuidExtension: 'pgcrypto', installExtensions: false });

    it('holds sessions', () => expectWholeLife(openTable(dataSource(), Identified)));

    it('gives each row a key of its own', async () => {
      const table = openTable(dataSource(), Identified);
      await table.insert([newRow('a'), newRow('b')]);
      await table.upsert([newRow('c')]);
      const keys = (await columnsOf(dataSource(), Identified)).map(({ uuid }) => String(uuid));
      expect(new Set(keys).size).toBe(3);
      expect(keys.every((key) => /^[0-9a-f-]{36}$/.test(key))).toBe(true);
    });
  });

  describe('derived from SessionEntity', () => {
    @Entity(uniqueTableName())
    class MySession extends SessionEntity {
      @Column({ type: 'varchar', length: 20, nullable: true })
      device!: string | null;
      @Column({ type: 'integer', default: 7 })
      priority!: number;
    }
    const dataSource = useDataSource(database, [MySession]);
    const device = { id: 'a', device: 'phone', priority: 1 };

    it('holds sessions', () => expectWholeLife(openTable(dataSource(), MySession)));

    it('gets the defaults of its own columns', async () => {
      const table = openTable(dataSource(), MySession);
      await table.insert([newRow('a')]);
      expect(await columnsOf(dataSource(), MySession)).toMatchObject([{ id: 'a', device: null, priority: 7 }]);
      await table.clear();
    });

    it('keeps what the application wrote there through updates, upserts and touches', async () => {
      const table = openTable(dataSource(), MySession);
      await table.insert([newRow('a')]);
      await dataSource().getRepository(MySession).update('a', device);
      await table.update([newChange('a')]);
      await table.upsert([newRow('a')]);
      await table.touch([newTouch('a')], NOW);
      expect(await columnsOf(dataSource(), MySession)).toMatchObject([device]);
    });
  });

  describe('whose version is a VersionColumn', () => {
    @Entity(uniqueTableName())
    class Versioned {
      @PrimaryColumn({ type: 'varchar', length: 64 })
      id!: string;
      @Column({ type: 'text' })
      data!: string;
      @Column({ type: 'bigint' })
      expiresAt!: number;
      @VersionColumn()
      version!: number;
    }
    const dataSource = useDataSource(database, [Versioned]);

    it('holds sessions', () => expectWholeLife(openTable(dataSource(), Versioned)));

    it('is at a new version after a write of data, and not after a touch', async () => {
      const table = openTable(dataSource(), Versioned);
      const version = async () => (await table.find(['a'], NOW))[0]?.version;
      await table.insert([newRow('a')]);
      expect(await version()).toBe(1);
      await table.touch([newTouch('a')], NOW);
      expect(await version()).toBe(1);
      await table.changeId([{ id: 'a', newId: 'b' }]);
      await table.changeId([{ id: 'b', newId: 'a' }]);
      expect(await version()).toBe(1);
      await table.update([newChange('a')]);
      expect(await version()).toBe(2);
      await table.upsert([newRow('a')]);
      expect(await version()).toBe(3);
    });
  });

  describe('with rows that were deleted softly', () => {
    @Entity(uniqueTableName())
    class SoftlyDeleted extends SessionEntity {
      @DeleteDateColumn()
      deletedAt!: Date | null;
    }
    const dataSource = useDataSource(database, [SoftlyDeleted]);

    it('holds sessions', () => expectWholeLife(openTable(dataSource(), SoftlyDeleted)));

    it('hides them', async () => {
      const table = openTable(dataSource(), SoftlyDeleted);
      await table.insert([newRow('a', { userId: 'ann' }), newRow('kept', { userId: 'ann' })]);
      await dataSource().getRepository(SoftlyDeleted).softDelete('a');
      expect(await table.find(['a'], NOW)).toEqual([undefined]);
      expect(await table.update([newChange('a'), newChange('a', { version: undefined })])).toEqual(['gone', 'gone']);
      expect(await table.touch([newTouch('a')], NOW)).toEqual(['gone']);
      expect(await table.changeId([{ id: 'a', newId: 'b' }])).toEqual(['gone']);
      expect(await table.count({ now: NOW })).toBe(1);
      expect(await table.count({ userId: 'ann', now: NOW })).toBe(1);
      expect((await table.scan({ limit: 9, now: NOW })).map(({ id }) => id)).toEqual(['kept']);
      expect(await table.page({ userId: 'ann', limit: 9, now: NOW })).toHaveLength(1);
      await table.clear();
    });

    it('prunes and clears them with the others', async () => {
      const table = openTable(dataSource(), SoftlyDeleted);
      await table.insert([newRow('a', { expiresAt: NOW }), newRow('b')]);
      await dataSource().getRepository(SoftlyDeleted).softDelete(['a', 'b']);
      expect(await table.prune({ now: NOW, limit: 9 })).toBe(1);
      await table.clear();
      expect(await dataSource().getRepository(SoftlyDeleted).count({ withDeleted: true })).toBe(0);
    });
  });
});
