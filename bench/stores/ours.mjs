import { createSessionStore, defineSessionEntity } from '../../dist/express.js';
import { fileOf } from '../databases/sqlite.mjs';
import { POOL_SIZE } from './pool-size.mjs';
import { versionOfOurs } from './versions.mjs';

const TITLE = `nestjs-typeorm-session ${versionOfOurs}`;

/** Our store, with the default options. */
export const ours = {
  ...inTable('sessions'),
  name: 'ours',
  title: TITLE,
  databases: ['postgres', 'mariadb', 'sqlite'],
  /** Its touches are throttled, so those that write are measured with a second store on the same table. */
  throttlesTouches: true,
};

/** The same without named prepared statements: all goes through TypeORM's query runner. */
export const oursByQuery = {
  ...inTable('sessions_by_query', { preparedStatements: false }),
  name: 'ours-by-query',
  title: `${TITLE}, preparedStatements: false`,
  databases: ['postgres'],
  throttlesTouches: true,
};

/** The same with a write for every request. */
export const oursTouching = {
  ...inTable('sessions_touching', { touchInterval: 0 }),
  name: 'ours-touching',
  title: `${TITLE}, touchInterval: 0`,
  databases: ['postgres'],
};

/** The same with a cache, for requests that only read and find their session in memory. */
export const oursCached = {
  ...inTable('sessions_cached', { cache: { ttl: '1m' } }),
  name: 'ours-cached',
  title: `${TITLE}, cache, reads only`,
  databases: ['postgres'],
  writeShare: 0,
};

/** With the default options, but for these. */
export function inTable(table, options) {
  /** Options of the module, and of the store. */
  const optionsFor = (where) => ({ connection: connectionTo(where), entity: defineSessionEntity({ tableName: table }), ...options });
  return {
    row: { table, id: 'id', data: 'data', hashesIds: true, own: { handle: 'handle', user_id: 'user' } },
    optionsFor,
    async open(where, more) {
      const store = createSessionStore({ ...optionsFor(where), ...more });
      await store.ping();
      return { store, close: () => store.close() };
    },
  };
}

function connectionTo({ database, url, store }) {
  if (database === 'sqlite') return { type: 'better-sqlite3', database: fileOf(url, store), enableWAL: true };
  return { type: database, url, poolSize: POOL_SIZE };
}
