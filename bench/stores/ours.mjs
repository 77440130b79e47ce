import { createSessionStore, defineSessionEntity } from 'nestjs-typeorm-session/express';
import { fileOf } from '../databases/sqlite.mjs';
import { POOL_SIZE } from './pool-size.mjs';
import { versionOfOurs } from './versions.mjs';

const row = { id: 'id', data: 'data', hashesIds: true, own: { handle: 'handle', user_id: 'user' } };

/** Our store, with the default options but where it says otherwise. */
export const ours = {
  name: 'ours',
  title: `nestjs-typeorm-session ${versionOfOurs}`,
  databases: ['postgres', 'mariadb', 'sqlite'],
  row: { ...row, table: 'sessions' },
  /** Its touches are throttled, so those that write are measured with a store of their own. */
  throttlesTouches: true,
  open: (where, options) => open(where, options),
};

/** The same without named prepared statements: all goes through TypeORM's query runner. */
export const oursByQuery = {
  ...ours,
  name: 'ours-by-query',
  title: `nestjs-typeorm-session ${versionOfOurs}, preparedStatements: false`,
  databases: ['postgres'],
  row: { ...row, table: 'sessions_by_query' },
  open: (where, options) =>
    open(where, { ...options, entity: defineSessionEntity({ tableName: 'sessions_by_query' }), preparedStatements: false }),
};

async function open(where, options) {
  const store = createSessionStore({ connection: connectionTo(where), ...options });
  await store.ping();
  return { store, close: () => store.close() };
}

function connectionTo({ database, url, store }) {
  if (database === 'sqlite') return { type: 'better-sqlite3', database: fileOf(url, store), enableWAL: true };
  return { type: database, url, poolSize: POOL_SIZE };
}
