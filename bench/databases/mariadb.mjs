import mysql from 'mysql2/promise';
import { SCRATCH_NAME } from './scratch-name.mjs';

const SERVER_URL = process.env.MARIADB_URL ?? 'mysql://root@127.0.0.1:3306/test';

/**
 * Room for the tables of all stores at once. The default of 128 MB is less than one of them, and as InnoDB reads past the
 * kernel's cache, the disk would be measured. PostgreSQL reads what it has no room for from that cache.
 */
const BUFFER_POOL_BYTES = 2 ** 30;

export const mariadb = {
  name: 'mariadb',
  title: 'MariaDB',

  sql: {
    quote: (name) => `\`${name}\``,
    sid: 'MD5(n.seq)',
    handle: `MD5(CONCAT('handle-', n.seq))`,
    user: `CONCAT('user-', LPAD(n.seq, 8, '0'))`,
    sha256: (text) => `SHA2(${text}, 256)`,
    series: (first, last) => `seq_${first}_to_${last} AS n`,
    asText: (value) => value,
    asJson: (text) => text,
  },

  async create() {
    const server = await mysql.createConnection(SERVER_URL);
    await server.query(`DROP DATABASE IF EXISTS ${SCRATCH_NAME}`);
    await server.query(`CREATE DATABASE ${SCRATCH_NAME} CHARACTER SET utf8mb4`);
    await server.query(`USE ${SCRATCH_NAME}`);
    const url = new URL(SERVER_URL);
    url.pathname = SCRATCH_NAME;
    const [[{ version, pool }]] = await server.query('SELECT VERSION() AS version, @@innodb_buffer_pool_size AS pool');
    const resize = (bytes) => server.query('SET GLOBAL innodb_buffer_pool_size = ?', [bytes]);
    if (pool < BUFFER_POOL_BYTES) await resize(BUFFER_POOL_BYTES);
    return {
      url: url.href,
      version: `MariaDB ${version.split('-')[0]}`,
      query: async (sql, values) => (await server.query(sql, values))[0],
      settle: (table) => server.query(`ANALYZE TABLE ${table}`),
      async drop() {
        await server.query(`DROP DATABASE ${SCRATCH_NAME}`);
        if (pool < BUFFER_POOL_BYTES) await resize(pool);
        await server.end();
      },
    };
  },
};
