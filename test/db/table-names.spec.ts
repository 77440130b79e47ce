import { Column, DataSource, DefaultNamingStrategy, Entity, PrimaryColumn, type ObjectLiteral } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineSessionEntity, SessionEntity } from '../../lib/table/entity/session.entity.js';
import { SESSION_FIELDS } from '../../lib/table/session-row.js';
import { describeOperations } from '../conformance/session-table.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { entityOf } from '../support/table-entities.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

class SnakeNaming extends DefaultNamingStrategy {
  override columnName(property: string, custom: string): string {
    return custom || property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}

const rawRows = async (dataSource: DataSource, table: string) => (await dataSource.query<ObjectLiteral[]>(`SELECT * FROM ${table}`))[0];

describeEachDatabase('An entity', (database) => {
  describe('with names of its own', () => {
    const columns = Object.fromEntries(SESSION_FIELDS.map((field) => [field, `x_${field}`]));
    const entity = ownSessionEntity(database, { name: 'Visit', columns });
    const dataSource = useDataSource(database, [entity]);

    describeOperations(() => openTable(dataSource(), entity));
  });

  describe('with names that need quotes', () => {
    const names = ['order', 'select', 'Group', 'my time', 'größe', 'a-b', '_c', 'limit', 'now', 'from', 'x$1'];
    const columns = Object.fromEntries(SESSION_FIELDS.map((field, index) => [field, names[index]!]));
    const entity = ownSessionEntity(database, { tableName: `Table of ${uniqueTableName()}`, columns });
    const dataSource = useDataSource(database, [entity]);

    describeOperations(() => openTable(dataSource(), entity));
  });

  describe('with properties of its own', () => {
    const entity = entityOf({
      key: { type: 'varchar', length: 64, primary: true },
      session: { type: 'text' },
      until: { type: 'bigint', name: 'id' },
      revision: { type: 'integer', name: 'data' },
      owner: { type: 'varchar', length: 64, nullable: true, name: 'version' },
    });
    const dataSource = useDataSource(database, [entity]);
    const columns = { id: 'key', data: 'session', expiresAt: 'until', version: 'revision', userId: 'owner' };

    it('is mapped by property, even where a column has the name of another field', async () => {
      const table = openTable(dataSource(), entity, { columns });
      await table.insert([newRow('a', { userId: 'ann' })]);
      const { id, data, expiresAt } = newRow('a');
      expect(await table.find(['a'], NOW)).toEqual([{ id, data, expiresAt, version: 1, userId: 'ann' }]);
      expect(await table.count({ userId: 'ann', now: NOW })).toBe(1);
      expect((await table.scan({ limit: 9, now: NOW })).map((row) => row.id)).toEqual(['a']);
    });
  });

  describe('with embedded properties', () => {
    class Times {
      @Column({ type: 'bigint', name: 'expires_at' })
      expires!: number;
      @Column({ type: 'bigint', nullable: true })
      seen!: number;
    }
    @Entity(uniqueTableName())
    class Embedding {
      @PrimaryColumn({ type: 'varchar', length: 64 })
      id!: string;
      @Column({ type: 'text' })
      data!: string;
      @Column(() => Times)
      times!: Times;
    }
    const dataSource = useDataSource(database, [Embedding]);

    it('is mapped by their paths', async () => {
      const columns = { expiresAt: 'times.expires', lastSeenAt: 'times.seen' };
      const table = openTable(dataSource(), Embedding, { columns });
      const { id, data, expiresAt, lastSeenAt } = newRow('a');
      await table.insert([newRow('a', { expiresAt: NOW })]);
      await table.upsert([newRow('a')]);
      expect(await table.find(['a'], NOW)).toEqual([{ id, data, expiresAt, lastSeenAt }]);
      await table.touch([{ id, expiresAt: expiresAt! + 1, pruneAfter: undefined, lastSeenAt: NOW + 1, unseenSince: NOW }], NOW);
      expect(await table.find(['a'], NOW)).toEqual([{ id, data, expiresAt: expiresAt! + 1, lastSeenAt: NOW + 1 }]);
    });
  });

  describe('under a naming strategy and a prefix', () => {
    const tableName = uniqueTableName();
    @Entity(tableName)
    class Visit {
      @PrimaryColumn({ type: 'varchar', length: 64 })
      sessionId!: string;
      @Column({ type: 'text' })
      sessionData!: string;
      @Column({ type: 'bigint' })
      expiresAt!: number;
    }
    const more = { namingStrategy: new SnakeNaming(), entityPrefix: 'app_' };
    const dataSource = useDataSource(database, [Visit], more);

    it('has the columns and the table that these make', async () => {
      const table = openTable(dataSource(), Visit, { columns: { id: 'sessionId', data: 'sessionData' } });
      await table.upsert([newRow('a')]);
      await table.upsert([newRow('a')]);
      const { id, data, expiresAt } = newRow('a');
      expect(await table.find(['a'], NOW)).toEqual([{ id, data, expiresAt }]);
      const raw = await rawRows(dataSource(), `app_${tableName}`);
      expect(raw).toMatchObject({ session_id: 'a', session_data: data });
      expect(Number(raw?.['expires_at'])).toBe(expiresAt);
      expect(await table.prune({ now: expiresAt!, limit: 9 })).toBe(1);
    });
  });

  if (database.name === 'postgres') {
    describe('in a schema', () => {
      const schema = uniqueTableName();
      const entity = defineSessionEntity({ schema });
      const administer = async (sql: string) => {
        const dataSource = new DataSource(database.options);
        await dataSource.initialize();
        await dataSource.query(sql);
        await dataSource.destroy();
      };
      beforeAll(() => administer(`CREATE SCHEMA "${schema}"`));
      afterAll(() => administer(`DROP SCHEMA "${schema}"`));
      const dataSource = useDataSource(database, [entity]);

      describeOperations(() => openTable(dataSource(), entity));

      it('lies there', async () => {
        await openTable(dataSource(), entity).insert([newRow('a')]);
        expect(await rawRows(dataSource(), `"${schema}"."sessions"`)).toMatchObject({ id: 'a' });
      });
    });
  }

  if (database.name === 'mariadb') {
    describe('in a database that its path names', () => {
      const tableName = uniqueTableName();
      @Entity(tableName, { database: new URL(String(Reflect.get(database.options, 'url'))).pathname.slice(1) })
      class Elsewhere extends SessionEntity {}
      const dataSource = useDataSource(database, [Elsewhere]);

      it('holds sessions there', async () => {
        const table = openTable(dataSource(), Elsewhere);
        await table.upsert([newRow('a', { expiresAt: NOW })]);
        await table.upsert([newRow('a', { expiresAt: NOW })]);
        expect(await rawRows(dataSource(), tableName)).toMatchObject({ id: 'a', version: 2 });
        expect(await table.prune({ now: NOW, limit: 9 })).toBe(1);
      });
    });
  }
});
