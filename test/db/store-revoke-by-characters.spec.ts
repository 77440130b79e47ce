import { DataSource, EntitySchema } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SessionSerializationError } from '../../lib/session.errors.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { defineSessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName, type TestDatabase } from '../support/databases.js';
import { dataOf } from '../support/store-data.js';

interface Place {
  /** Of the connection. */
  readonly options?: object;
  /** Of the column. */
  readonly charset?: string;
  /** Of the database, where it is one of its own. */
  readonly encoding?: string;
  /** Whether the connection carries every character. */
  readonly isWide: boolean;
}

const PLACES: Readonly<Record<TestDatabase['name'], Readonly<Record<string, Place>>>> = {
  'better-sqlite3': { memory: { isWide: true } },
  'sql.js': { memory: { isWide: true } },
  postgres: {
    UTF8: { isWide: true },
    'a database of LATIN1': { isWide: true, encoding: 'LATIN1' },
  },
  mariadb: {
    utf8mb4: { isWide: true, charset: 'utf8mb4' },
    'a column of latin1': { isWide: true, charset: 'latin1' },
    'a connection of latin1': { isWide: false, charset: 'utf8mb4', options: { charset: 'latin1' } },
    'a connection of ascii': { isWide: false, charset: 'utf8mb4', options: { charset: 'ascii' } },
  },
};

describeEachDatabase('revokeBy, for what users type,', (database) => {
  describe.each(Object.entries(PLACES[database.name]))('in %s', (_, { options, charset, encoding, isWide }) => {
    const base = defineSessionEntity({ tableName: uniqueTableName(), ...(database.name === 'mariadb' && { charset: 'utf8mb4' }) }).options;
    const tenant = { type: 'varchar', length: 100, nullable: true, ...(charset && { charset }) } as const;
    const entity = new EntitySchema<object>({
      name: base.tableName!,
      tableName: base.tableName!,
      columns: { ...base.columns, tenant },
      indices: [...base.indices!, { columns: ['tenant'] }],
    });
    const own = encoding && uniqueTableName();
    const dataSources: DataSource[] = [];
    let store: SessionStore;

    const connect = async (more: object) => {
      const dataSource = await new DataSource({ ...database.options, ...more }).initialize();
      dataSources.push(dataSource);
      return dataSource;
    };
    beforeAll(async () => {
      if (own)
        await (await connect({})).query(`CREATE DATABASE ${own} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`);
      const { url } = database.options as { url?: string };
      const elsewhere = own && url ? { url: new URL(`/${own}`, url).href } : {};
      const dataSource = await connect({ ...elsewhere, ...options, entities: [entity], synchronize: true });
      store = composeStore(resolveOptions({ secret: 'secret', entity, prune: false }), { dataSource });
    });
    afterAll(async () => {
      await store.close();
      const [admin, last] = [dataSources[0]!, dataSources.at(-1)!];
      await last.query(`DROP TABLE ${base.tableName}`);
      if (own) {
        await last.destroy();
        await admin.query(`DROP DATABASE ${own}`);
      }
      for (const dataSource of dataSources) if (dataSource.isInitialized) await dataSource.destroy();
    });

    beforeEach(async () => {
      await store.clear();
      await store.set('a', dataOf({ userId: 'ann' }));
      await dataSources.at(-1)!.query(`UPDATE ${base.tableName} SET tenant = 'acme"'`);
    });

    it.each(['acme\u2222', 'acme"\u0141', '\u{1f600}'])('ends nobody else’s sessions: %s', async (value) => {
      const revoked = store.revokeBy({ tenant: value });
      if (isWide) expect(await revoked).toBe(0);
      else await expect(revoked).rejects.toThrow(SessionSerializationError);
      expect(await store.length()).toBe(1);
    });

    it('ends those with exactly this value', async () => {
      expect(await store.revokeBy({ tenant: 'acme"' })).toBe(1);
      expect(await store.length()).toBe(0);
    });
  });
});
