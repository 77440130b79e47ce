import { Column, DataSource, Entity, VirtualColumn, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { defineSessionEntity, SessionEntity } from '../../lib/table/entity/session.entity.js';
import { describeEachDatabase, uniqueTableName } from '../support/databases.js';
import { SECRET } from '../support/secret.js';

type Setting = Partial<SessionModuleOptions> & { isIndexed?: boolean; make?: (tableName: string) => EntityTarget<ObjectLiteral> };

describeEachDatabase('The look at the table, at start-up', (database) => {
  const isSqlite = !database.isShared;
  /** The columns of the default table, each as SQL. */
  const COLUMNS: Readonly<Record<string, string>> = {
    id: 'varchar(64) NOT NULL PRIMARY KEY',
    data: 'text NOT NULL',
    expires_at: 'bigint NOT NULL',
    prune_after: 'integer NOT NULL',
    created_at: 'bigint NOT NULL',
    last_seen_at: 'bigint NOT NULL',
    version: 'integer NOT NULL',
    user_id: 'varchar(255)',
    handle: 'varchar(32) UNIQUE',
    ip_address: 'varchar(45)',
    user_agent: 'varchar(255)',
  };

  /** Starts over a table that was made by SQL; resolves to what is warned of. */
  async function start(
    changed: Readonly<Record<string, string | undefined>> = {},
    { isIndexed = true, make = (tableName) => defineSessionEntity({ tableName }), ...options }: Setting = {},
  ) {
    const tableName = uniqueTableName();
    const entity = make(tableName);
    const dataSource = await new DataSource({ ...database.options, entities: [entity as never] }).initialize();
    const columns = Object.entries({ ...COLUMNS, ...changed }).filter(([, type]) => type !== undefined);
    await dataSource.query(`CREATE TABLE ${tableName} (${columns.map(([name, type]) => `${name} ${type}`).join(', ')})`);
    onTestFinished(async () => {
      await dataSource.query(`DROP TABLE ${tableName}`);
      await dataSource.destroy();
    });
    if (isIndexed) {
      for (const name of ['user_id', 'prune_after']) {
        await dataSource.query(`CREATE INDEX ${tableName}_${name} ON ${tableName} (${name})`);
      }
    }
    const warnings: string[] = [];
    const resolved = resolveOptions({ secret: SECRET, entity, prune: false, ...options });
    const store = await openStore(resolved, { dataSource, warn: (message) => void warnings.push(message) });
    await store.close();
    return warnings;
  }

  it('finds nothing where all is well', async () => {
    expect(await start()).toEqual([]);
    expect(await start({ note: "varchar(9) NOT NULL DEFAULT 'none'", seen: 'integer' })).toEqual([]);
  });

  it('names the columns that the table lacks', async () => {
    expect(await start({ handle: undefined, version: undefined })).toEqual([
      expect.stringMatching(/no column "version", "handle".*migration/),
    ]);
  });

  it('names the columns of the application that the table lacks', async () => {
    const make = (tableName: string) => {
      @Entity(tableName)
      class TenantSession extends SessionEntity {
        @Column({ type: 'varchar', length: 64, nullable: true })
        tenant!: string | null;
        @VirtualColumn({ query: () => 'SELECT 1' })
        one!: number;
      }
      return TenantSession;
    };
    expect(await start({}, { make })).toEqual([
      expect.stringMatching(/no column "tenant", which its entity has.*createSessionMigration\(\{ entity, from \}\).*synchronize: true/),
    ]);
    expect(await start({ tenant: 'varchar(64)' }, { make })).toEqual([]);
  });

  it('names the migration of an adopted table, which nothing synchronizes', async () => {
    const make = (tableName: string) => defineSessionEntity({ adopt: 'dancer2-dbic', tableName, extended: true });
    const none = Object.fromEntries(Object.keys(COLUMNS).map((name) => [name, undefined]));
    const table = { ...none, sessions_id: 'varchar(255) PRIMARY KEY', session_data: 'text', created_at: 'bigint' };
    const [missing] = await start(table, { make, isIndexed: false });
    expect(missing).toMatch(/no column "expires_at", "last_seen_at", .*"handle".*createSessionMigration\(\{ adopt \}\).*extended: true/);
    expect(missing).not.toMatch(/synchronize/);
  });

  it('names the columns that no index finds, and what is slow without', async () => {
    expect(await start({ handle: 'varchar(32)' }, { isIndexed: false })).toEqual([
      expect.stringMatching(/no index on "handle" \(.*handle\), "user_id" \(.*of a user\), "prune_after" \(.*expired\).*add an index/),
    ]);
  });

  // SQLite counts no characters, but the type says how many there should be.
  it('refuses an id column that is too short for a hash, or a number', async () => {
    await expect(start({ id: 'varchar(32) NOT NULL PRIMARY KEY' })).rejects.toThrow(/"id".*32 characters.*needs 64.*varchar\(64\)/);
    await expect(start({ id: 'varchar(32) NOT NULL PRIMARY KEY' }, { hashIds: false })).resolves.toBeDefined();
    await expect(start({ id: 'bigint NOT NULL PRIMARY KEY' })).rejects.toThrow(/"id".*type "bigint".*varchar\(64\)/i);
  });

  it('refuses a column that must have a value, and that the entity does not know', async () => {
    await expect(start({ tenant: 'varchar(9) NOT NULL' })).rejects.toThrow(/"tenant".*must have a value.*default/);
  });

  // Its collations tell them apart, unless somebody makes one that does not.
  if (database.name === 'postgres') return;

  it('warns of an id column that ignores case, where ids are plain', async () => {
    const id = isSqlite ? 'varchar(64) COLLATE NOCASE NOT NULL PRIMARY KEY' : 'varchar(64) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY';
    expect(await start({ id }, { hashIds: false })).toEqual([expect.stringMatching(/"id".*differ only in case.*binary collation/)]);
    expect(await start({ id })).toEqual([]);
  });
});
