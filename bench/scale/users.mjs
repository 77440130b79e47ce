// A million sessions: list, count and revoke those of one user, then revoke all. Makes a table of its own in the database of POSTGRES_URL
// and MARIADB_URL, and drops it. Ends with an error where a query of one user is slow or reads more than the index finds, or where a statement of
// `revokeAll` is slow. The buffer pool of MariaDB has to hold the table (1 GB): with 128 MB each row of a user is a read from the disk.
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { createSessionStore, defineSessionEntity } from '../../dist/express.js';
import { columns } from '../report/text-table.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: process.env.BENCH_SCALE_ROWS ?? '1000000' },
    database: { type: 'string', default: 'postgres,mariadb' },
  },
});
const ROWS = Number(values.rows);
const SESSIONS_PER_USER = 4;
const USERS = Math.ceil(ROWS / SESSIONS_PER_USER);
const SAMPLES = 200;
const MOST_MS = 5;
const MOST_STATEMENT_MS = 100;
const SAMPLE_MS = 10;
const HOUR_MS = 3_600_000;
const TABLE = 'sessions_of_many_users';
const DATA = JSON.stringify({ cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' }, text: 'x'.repeat(400) });

const now = Date.now();
const expiresAt = now + 24 * HOUR_MS;
const times = `${expiresAt}, ${Math.ceil(expiresAt / HOUR_MS)}, ${now - HOUR_MS}, ${now - HOUR_MS}, 1`;
const fields = 'id, data, expires_at, prune_after, created_at, last_seen_at, version, user_id, handle';

const DATABASES = {
  async postgres() {
    const url = process.env.POSTGRES_URL ?? 'postgres://postgres:postgres@127.0.0.1:5432/test';
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const query = async (sql) => (await client.query(sql)).rows;
    return {
      connection: { type: 'postgres', url },
      query,
      fill: `INSERT INTO ${TABLE} (${fields})
        SELECT encode(sha256(i::text::bytea), 'hex'), '${DATA}', ${times}, 'user ' || i % ${USERS}, lpad(to_hex(i), 12, '0') || substr(md5(i::text), 1, 20)
        FROM generate_series(1, ${ROWS}) AS n (i)`,
      // What the filling has left to be written is not the work of `revokeAll`.
      settle: [`VACUUM ANALYZE ${TABLE}`, 'CHECKPOINT'],
      slowest: `SELECT extract(epoch FROM clock_timestamp() - query_start) * 1000 AS ms, COALESCE(wait_event, 'work') AS at, query AS sql
        FROM pg_stat_activity WHERE backend_type = 'client backend' AND state = 'active' AND query LIKE '%${TABLE}%' AND pid <> pg_backend_pid() ORDER BY 1 DESC LIMIT 1`,
      indexOf: async (sql) => JSON.stringify(await query(`EXPLAIN ${sql}`)).match(/Index (?:Only )?Scan (?:using|on) \W*(\w+)/)?.[1],
      userIndex: async () =>
        (await query(`SELECT indexname FROM pg_indexes WHERE tablename = '${TABLE}' AND indexdef LIKE '%(user_id)%'`))[0].indexname,
      end: () => client.end(),
    };
  },
  async mariadb() {
    const url = process.env.MARIADB_URL ?? 'mysql://root@127.0.0.1:3306/test';
    const client = await mysql.createConnection(url);
    const query = async (sql) => (await client.query(sql))[0];
    return {
      connection: { type: 'mariadb', url },
      query,
      fill: `INSERT INTO ${TABLE} (${fields})
        SELECT SHA2(seq, 256), '${DATA}', ${times}, CONCAT('user ', seq % ${USERS}), CONCAT(LPAD(HEX(seq), 12, '0'), SUBSTR(MD5(seq), 1, 20))
        FROM seq_1_to_${ROWS}`,
      settle: [`ANALYZE TABLE ${TABLE}`],
      slowest: `SELECT TIME_MS AS ms, STATE AS at, INFO AS \`sql\` FROM information_schema.PROCESSLIST
        WHERE INFO LIKE '%${TABLE}%' AND COMMAND IN ('Query', 'Execute') AND ID <> CONNECTION_ID() ORDER BY 1 DESC LIMIT 1`,
      indexOf: async (sql) => (await query(`EXPLAIN ${sql}`))[0].key,
      userIndex: async () => (await query(`SHOW INDEX FROM ${TABLE} WHERE Column_name = 'user_id'`))[0].Key_name,
      end: () => client.end(),
    };
  },
};

let isMissed = false;
for (const name of values.database.split(',')) await measure(name);
process.exitCode = isMissed ? 1 : 0;

async function measure(name) {
  const database = await DATABASES[name]();
  const { query } = database;
  const entity = defineSessionEntity({ tableName: TABLE });
  await query(`DROP TABLE IF EXISTS ${TABLE}`);
  const store = createSessionStore({ connection: database.connection, entity, prune: false, operationTimeout: '60s' });
  try {
    await store.ping();
    await query(database.fill);
    for (const sql of database.settle) await query(sql);
    const userIndex = await database.userIndex();
    const ofUser = `FROM ${TABLE} WHERE user_id = 'user 7' AND expires_at > ${now}`;
    const plans = [
      `SELECT handle ${ofUser} ORDER BY handle DESC LIMIT 100`,
      `SELECT id ${ofUser} ORDER BY handle LIMIT 500`,
      `SELECT user_id ${ofUser}`,
    ];
    for (const sql of plans) check(`the index of ${sql}`, (await database.indexOf(sql)) === userIndex);

    // Each user is asked for once; the first ones only warm the statements up.
    let user = 0;
    const next = () => `user ${(user += 37) % USERS}`;
    const lines = [[`${name}, ${ROWS} rows`, 'median', 'p95', 'most']];
    for (const [operation, work] of [
      ['list', () => store.list({ userId: next() })],
      ['count', () => store.count({ userId: next() })],
      ['revokeUser', () => store.revokeUser(next())],
    ]) {
      const taken = [];
      for (let sample = -20; sample < SAMPLES; sample++) {
        const begun = performance.now();
        await work();
        if (sample >= 0) taken.push(performance.now() - begun);
      }
      taken.sort((left, right) => left - right);
      const [median, p95, most] = [0.5, 0.95, 1].map((share) => taken[Math.ceil(taken.length * share) - 1]);
      lines.push([operation, ...[median, p95, most].map((ms) => `${ms.toFixed(2)} ms`)]);
      check(`${String(operation)} of one user under ${MOST_MS} ms`, median < MOST_MS);
    }
    console.log(columns(lines));

    const left = await store.count();
    let batches = 0;
    store.on('revoking', () => batches++);
    const begun = performance.now();
    const ending = { isOver: false };
    const slowest = watch(database, ending);
    const ended = await store.revokeAll();
    ending.isOver = true;
    const seconds = (performance.now() - begun) / 1_000;
    const { ms: slowestMs, at, sql } = await slowest;
    console.log(
      `revokeAll: ${ended} in ${seconds.toFixed(1)} s, told ${batches} times; the slowest statement took ${slowestMs.toFixed(0)} ms (${at}): ${sql.slice(0, 200)}`,
    );
    check('revokeAll ends all', ended === left && (await store.count()) === 0);
    check(`no statement of revokeAll over ${MOST_STATEMENT_MS} ms`, slowestMs < MOST_STATEMENT_MS);
  } finally {
    await store.close();
    await query(`DROP TABLE IF EXISTS ${TABLE}`);
    await database.end();
  }
}

/** The statement that has been seen at work for longest, to a hundredth of a second, and what it was doing then. */
async function watch({ query, slowest }, ending) {
  let most = { ms: 0, at: '', sql: '' };
  while (!ending.isOver) {
    const [seen] = await query(slowest);
    if (seen && Number(seen.ms) > most.ms) most = { ...seen, ms: Number(seen.ms) };
    await setTimeout(SAMPLE_MS);
  }
  return most;
}

function check(what, holds) {
  if (holds) return;
  isMissed = true;
  console.error(`MISSED: ${what}`);
}
