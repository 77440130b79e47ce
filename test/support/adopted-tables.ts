import { DataSource, type DataSourceOptions } from 'typeorm';
import { onTestFinished } from 'vitest';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { defineSessionEntity, type SessionEntityDefinition } from '../../lib/table/entity/session.entity.js';
import type { AdoptedStore } from '../../lib/table/entity/adopted-tables.js';
import { uniqueTableName, type TestDatabase } from './databases.js';
import { SECRET } from './secret.js';

export const START = Date.UTC(2030, 0, 1);

type Name = TestDatabase['name'];
interface Peer {
  /** The table as the store makes it, without its name; missing for databases that it does not work on. */
  readonly columns: (name: Name) => string | undefined;
  /** The columns of the id, the data and the end of a session. */
  readonly names: readonly [id: string, data: string, expires?: string];
  /** What the store writes for the moment at which a session ends. */
  readonly expires: (at: number, name: Name) => unknown;
  /** What it writes beside that. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const seconds = (at: number) => Math.round(at / 1_000);
const utc = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
const onServers = (postgres: string, mariadb: string, sqlite: string) => (name: Name) =>
  name === 'postgres' ? postgres : name === 'mariadb' ? mariadb : sqlite;

/** The other stores' tables, as their code or their documentation makes them. */
export const PEERS: Readonly<Record<AdoptedStore, Peer>> = {
  'connect-pg-simple': {
    columns: (name) =>
      name === 'postgres'
        ? `sid varchar NOT NULL COLLATE "default" PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL`
        : undefined,
    names: ['sid', 'sess', 'expire'],
    expires: (at) => `${new Date(at).toISOString()}`,
  },
  'connect-typeorm': {
    columns: onServers(
      `"expiredAt" bigint NOT NULL, id varchar(255) PRIMARY KEY, json text NOT NULL, "destroyedAt" timestamp NULL`,
      `expiredAt bigint NOT NULL, id varchar(255) PRIMARY KEY, json text NOT NULL, destroyedAt datetime(6) NULL`,
      `expiredAt bigint NOT NULL, id varchar(255) PRIMARY KEY NOT NULL, json text NOT NULL, destroyedAt datetime`,
    ),
    names: ['id', 'json', 'expiredAt'],
    expires: (at) => at,
  },
  'express-mysql-session': {
    columns: (name) =>
      name === 'mariadb'
        ? 'session_id varchar(128) COLLATE utf8mb4_bin NOT NULL, expires int(11) unsigned NOT NULL, data mediumtext COLLATE utf8mb4_bin, PRIMARY KEY (session_id)'
        : undefined,
    names: ['session_id', 'data', 'expires'],
    expires: seconds,
  },
  'typeorm-store': {
    columns: onServers(
      `id character varying PRIMARY KEY, "expiresAt" integer NOT NULL, data character varying NOT NULL`,
      'id varchar(255) PRIMARY KEY, expiresAt int NOT NULL, data text NOT NULL',
      'id varchar PRIMARY KEY NOT NULL, expiresAt integer NOT NULL, data varchar NOT NULL',
    ),
    names: ['id', 'data', 'expiresAt'],
    expires: seconds,
  },
  'connect-session-knex': {
    columns: onServers(
      'sid varchar(255) PRIMARY KEY, sess json NOT NULL, expired timestamptz NOT NULL',
      'sid varchar(255) PRIMARY KEY, sess json NOT NULL, expired datetime NOT NULL',
      'sid varchar(255) PRIMARY KEY, sess json NOT NULL, expired datetime NOT NULL',
    ),
    names: ['sid', 'sess', 'expired'],
    expires: (at, name) => (name === 'mariadb' ? utc(at) : new Date(at).toISOString()),
  },
  'connect-session-sequelize': {
    columns: onServers(
      'sid varchar(36) PRIMARY KEY, expires timestamptz, data text, "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL',
      'sid varchar(36) PRIMARY KEY, expires datetime, data text, createdAt datetime NOT NULL, updatedAt datetime NOT NULL',
      'sid varchar(36) PRIMARY KEY, expires datetime, data text, createdAt datetime NOT NULL, updatedAt datetime NOT NULL',
    ),
    names: ['sid', 'data', 'expires'],
    expires: (at, name) => (name === 'mariadb' ? utc(at) : new Date(at).toISOString().replace('T', ' ').replace('Z', ' +00:00')),
    more: { createdAt: utc(START), updatedAt: utc(START) },
  },
  'dancer2-dbic': {
    columns: () => 'sessions_id varchar(255) NOT NULL PRIMARY KEY, session_data text NOT NULL',
    names: ['sessions_id', 'session_data'],
    expires: () => undefined,
  },
};

export const STORES = Object.keys(PEERS) as AdoptedStore[];

/** Whether the store works on a database. */
export const worksOn = (store: AdoptedStore, { name }: TestDatabase): boolean => PEERS[store].columns(name) !== undefined;

/** The table of another store, and ours over it. */
export interface AdoptedFixture {
  readonly dataSource: DataSource;
  readonly tableName: string;
  readonly clock: { now: number };
  readonly warnings: string[];
  open(options?: Partial<SessionModuleOptions>): SessionStore;
  /** A row as the other store writes it. */
  add(id: string, data: unknown, expiresAt: number, more?: Readonly<Record<string, unknown>>): Promise<void>;
  rows(): Promise<Record<string, unknown>[]>;
}

/** Makes the table of a store, and drops it after the test. */
export async function adopt(
  database: TestDatabase,
  store: AdoptedStore,
  definition: SessionEntityDefinition = {},
  more: Partial<DataSourceOptions> = {},
): Promise<AdoptedFixture> {
  const { columns, names, expires, more: always } = PEERS[store];
  const tableName = uniqueTableName();
  const entity = defineSessionEntity({ adopt: store, tableName, ...definition });
  const options = { ...database.options, ...more, entities: [entity] } as DataSourceOptions;
  const dataSource = await new DataSource(options).initialize();
  const clock = { now: START };
  const warnings: string[] = [];
  const stores: SessionStore[] = [];
  const escape = (name: string) => dataSource.driver.escape(name);
  await dataSource.query(`CREATE TABLE ${escape(tableName)} (${columns(database.name)})`);
  onTestFinished(async () => {
    await Promise.all(stores.map((each) => each.close()));
    await dataSource.query(`DROP TABLE ${escape(tableName)}`);
    await dataSource.destroy();
  });
  return {
    dataSource,
    tableName,
    clock,
    warnings,
    open(more = {}) {
      const { columns: columnNames, extended, schema } = definition;
      const adopted = {
        store,
        tableName,
        ...(columnNames && { columns: columnNames }),
        ...(schema && { schema }),
        ...(extended && { extended }),
      };
      const resolved = resolveOptions({ secret: SECRET, adopt: adopted, prune: false, ...more });
      const warn = (message: string) => void warnings.push(message);
      stores.push(composeStore(resolved, { dataSource, now: () => clock.now, warn }));
      return stores.at(-1)!;
    },
    async add(id, data, expiresAt, others = {}) {
      const [idName, dataName, expiresName] = names;
      const row: Record<string, unknown> = { [idName]: id, [dataName]: JSON.stringify(data), ...always, ...others };
      if (expiresName) row[expiresName] = expires(expiresAt, database.name);
      const places = Object.keys(row).map((_, index) => {
        if (database.name !== 'postgres') return '?';
        // The store has the server make a time of it.
        return store === 'connect-pg-simple' && Object.keys(row)[index] === expiresName ? `$${index + 1}::timestamptz` : `$${index + 1}`;
      });
      const sql = `INSERT INTO ${escape(tableName)} (${Object.keys(row).map(escape).join(', ')}) VALUES (${places.join(', ')})`;
      await dataSource.query(sql, Object.values(row));
    },
    rows: () => dataSource.query(`SELECT * FROM ${escape(tableName)}`),
  };
}
