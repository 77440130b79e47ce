import pg from 'pg';
import { SCRATCH_NAME } from './scratch-name.mjs';

const SERVER_URL = process.env.POSTGRES_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/test';

export const postgres = {
  name: 'postgres',
  title: 'PostgreSQL',

  /** SQL of the values that rows differ by; `i` is their number. */
  sql: {
    quote: (name) => `"${name}"`,
    sid: 'md5(n.i::text)',
    handle: `md5('handle-' || n.i)`,
    user: `'user-' || lpad(n.i::text, 8, '0')`,
    sha256: (text) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`,
    series: (first, last) => `generate_series(${first}, ${last}) AS n (i)`,
    asText: (value) => `CAST(${value} AS text)`,
    asJson: (text) => `CAST(${text} AS json)`,
  },

  async create() {
    const server = new pg.Client({ connectionString: SERVER_URL });
    await server.connect();
    await server.query(`DROP DATABASE IF EXISTS ${SCRATCH_NAME}`);
    await server.query(`CREATE DATABASE ${SCRATCH_NAME}`);
    const url = new URL(SERVER_URL);
    url.pathname = SCRATCH_NAME;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    const { rows } = await client.query('SHOW server_version');
    return {
      url: url.href,
      version: `PostgreSQL ${rows[0].server_version.split(' ')[0]}`,
      query: async (sql, values) => (await client.query(sql, values)).rows,
      settle: (table) => client.query(`VACUUM ANALYZE ${table}`),
      async drop() {
        await client.end();
        await server.query(`DROP DATABASE ${SCRATCH_NAME} WITH (FORCE)`);
        await server.end();
      },
    };
  },
};
