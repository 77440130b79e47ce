import session from 'express-session';
import pg from 'pg';
import { POOL_SIZE } from './pool-size.mjs';

const TABLE = 'named_sessions';
const FIND = `SELECT data FROM ${TABLE} WHERE id = $1 AND expires_at > $2`;
const SAVE = `INSERT INTO ${TABLE} VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, expires_at = EXCLUDED.expires_at`;

/** The shortest code without batches: a named prepared statement for each operation, as soon as a connection is free. */
export const namedStatements = {
  name: 'named-statements',
  title: 'named statements, one for each operation',
  databases: ['postgres'],
  async open({ url }) {
    const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
    await pool.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (id text PRIMARY KEY, data text NOT NULL, expires_at bigint NOT NULL)`);
    return { store: new NamedStore(pool), close: () => pool.end() };
  },
};

class NamedStore extends session.Store {
  constructor(pool) {
    super();
    this.pool = pool;
  }

  get(sid, callback) {
    this.pool.query({ name: 'find', text: FIND, values: [sid, Date.now()] }, (error, result) => {
      if (error) callback(error);
      else callback(null, result.rows.length > 0 ? JSON.parse(result.rows[0].data) : null);
    });
  }

  set(sid, data, callback) {
    const values = [sid, JSON.stringify(data), data.cookie.expires.getTime()];
    this.pool.query({ name: 'save', text: SAVE, values }, (error) => callback(error));
  }
}
