import { ConnectSessionKnexStore } from 'connect-session-knex';
import knex from 'knex';
import { fileOf } from '../databases/sqlite.mjs';
import { POOL_SIZE } from './pool-size.mjs';
import { versionOf } from './versions.mjs';

const CLIENTS = { postgres: 'pg', mariadb: 'mysql2', sqlite: 'better-sqlite3' };

export const connectSessionKnex = {
  name: 'connect-session-knex',
  title: `connect-session-knex ${versionOf('connect-session-knex')} on Knex ${versionOf('knex')}`,
  databases: ['postgres', 'mariadb', 'sqlite'],
  row: { table: 'knex_sessions', id: 'sid', data: 'sess', isJson: true },
  async open({ database, url, store: name }) {
    const isFile = database === 'sqlite';
    const db = knex({
      client: CLIENTS[database],
      connection: isFile ? { filename: fileOf(url, name) } : url,
      ...(isFile ? { useNullAsDefault: true } : { pool: { min: 0, max: POOL_SIZE } }),
    });
    if (isFile) await db.raw('PRAGMA journal_mode = WAL');
    const store = new ConnectSessionKnexStore({ knex: db, tableName: 'knex_sessions' });
    await store.get('nobody');
    return { store, close: () => db.destroy() };
  },
};
