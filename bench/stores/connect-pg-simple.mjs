import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import pg from 'pg';
import { POOL_SIZE } from './pool-size.mjs';
import { versionOf } from './versions.mjs';

export const pgSimple = {
  name: 'connect-pg-simple',
  title: `connect-pg-simple ${versionOf('connect-pg-simple')} on pg ${versionOf('pg')}`,
  databases: ['postgres'],
  row: { table: 'session', id: 'sid', data: 'sess', isJson: true },
  async open({ url }) {
    const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
    const PgStore = connectPgSimple(session);
    const store = new PgStore({ pool, createTableIfMissing: true });
    // Its first callers race for the table.
    await new Promise((resolve, reject) => store.get('nobody', (error) => (error ? reject(error) : resolve())));
    const close = async () => {
      await store.close();
      await pool.end();
    };
    return { store, close };
  },
};
