import Database from 'better-sqlite3';
import betterSqlite3SessionStore from 'better-sqlite3-session-store';
import session from 'express-session';
import { fileOf } from '../databases/sqlite.mjs';
import { versionOf } from './versions.mjs';

export const sqliteSessionStore = {
  name: 'better-sqlite3-session-store',
  title: `better-sqlite3-session-store ${versionOf('better-sqlite3-session-store')}`,
  databases: ['sqlite'],
  row: { table: 'sessions', id: 'sid', data: 'sess' },
  async open({ url, store: name }) {
    const client = new Database(fileOf(url, name));
    client.pragma('journal_mode = WAL');
    const SqliteStore = betterSqlite3SessionStore(session);
    return { store: new SqliteStore({ client }), close: async () => client.close() };
  },
};
