import { setTimeout } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { SCRATCH_NAME } from './scratch-name.mjs';

const SERVER_URL = process.env.MARIADB_URL ?? 'mysql://root@127.0.0.1:3306/test';

/**
 * What the server has too little of for this load as it comes, in bytes. Its buffer pool of 128 MB is less than one of the tables, of
 * up to 330 MB each, and as InnoDB reads past the kernel's cache, the disk would be measured, most of all of the store that was filled
 * first; this has room for those of all stores, and for as much again. PostgreSQL reads what it has no room for from that cache. Its log of
 * 96 MB is full every few seconds, and then it writes pages before anything else, for 45 ms each time.
 */
const ROOM = { innodb_buffer_pool_size: 2 ** 31, innodb_log_file_size: 2 ** 31 };

/** So few pages need not be written before the measurements begin. */
const FEW_PAGES = 100;
const POLL_MS = 100;
const MOST_POLLS = 600;

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
    const [[{ version }]] = await server.query('SELECT VERSION() AS version');
    const restore = await enlarge(server);
    return {
      url: url.href,
      version: `MariaDB ${version.split('-')[0]}`,
      query: async (sql, values) => (await server.query(sql, values))[0],
      async settle(table) {
        await server.query(`ANALYZE TABLE ${table}`);
        await writeOut(server);
      },
      async drop() {
        await server.query(`DROP DATABASE ${SCRATCH_NAME}`);
        await restore();
        await server.end();
      },
    };
  },
};

/** How the server writes what is in memory: all of it, as fast as the disk takes it. */
const IN_A_HURRY = {
  innodb_io_capacity_max: 20_000,
  innodb_io_capacity: 20_000,
  innodb_max_dirty_pages_pct_lwm: 0,
  innodb_max_dirty_pages_pct: 0,
};

/** Has the server write what filling a table has left in memory: it would do so while the first operations are measured. */
async function writeOut(server) {
  const before = await valuesOf(server, Object.keys(IN_A_HURRY));
  await setAll(server, Object.entries(IN_A_HURRY));
  try {
    for (let poll = 0; poll < MOST_POLLS; poll++) {
      const [[{ Value: pages }]] = await server.query(`SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'`);
      if (Number(pages) <= FEW_PAGES) return;
      await setTimeout(POLL_MS);
    }
    throw new Error('MariaDB does not get its pages written. Does anything else write on it?');
  } finally {
    await setAll(server, Object.entries(before).toReversed());
  }
}

/** Gives the server the room that it lacks, until what this resolves to is called. */
async function enlarge(server) {
  const before = Object.entries(await valuesOf(server, Object.keys(ROOM))).filter(([name, bytes]) => bytes < ROOM[name]);
  await setAll(
    server,
    before.map(([name]) => [name, ROOM[name]]),
  );
  return () => setAll(server, before);
}

async function valuesOf(server, names) {
  const [[values]] = await server.query(`SELECT ${names.map((name) => `@@${name} AS ${name}`).join(', ')}`);
  return values;
}

async function setAll(server, values) {
  for (const [name, value] of values) await server.query(`SET GLOBAL ${name} = ?`, [Number(value)]);
}
