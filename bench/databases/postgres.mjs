import pg from 'pg';
import { SCRATCH_NAME } from './scratch-name.mjs';

const SERVER_URL = process.env.POSTGRES_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/test';

/**
 * How often the server writes a checkpoint: with its default of 1 GB of log every 25 seconds under this load, which it calls too
 * frequent itself. Each makes the next change of any page cost a whole page of log, and falls into the rounds of some stores only.
 */
const SELDOM = { max_wal_size: '8GB', checkpoint_timeout: '1h' };

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
    const restore = await alterSystem(server, SELDOM);
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
        await restore();
        await server.end();
      },
    };
  },
};

/**
 * Settings of the whole server, until what this resolves to is called. What an administrator has set by `ALTER SYSTEM` stays; what is
 * there with the same value comes from a run that was killed.
 */
async function alterSystem(server, settings) {
  const { rows } = await server.query(
    `SELECT name, setting FROM pg_file_settings WHERE name = ANY($1) AND sourcefile LIKE '%postgresql.auto.conf'`,
    [Object.keys(settings)],
  );
  const kept = new Set(rows.filter(({ name, setting }) => setting !== settings[name]).map(({ name }) => name));
  const names = Object.keys(settings).filter((name) => !kept.has(name));
  const each = async (change) => {
    for (const name of names) await server.query(`ALTER SYSTEM ${change(name)}`);
    await server.query('SELECT pg_reload_conf()');
  };
  await each((name) => `SET ${name} = '${settings[name]}'`);
  return () => each((name) => `RESET ${name}`);
}
