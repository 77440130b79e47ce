// A million expired sessions among 1.2 million, removed by four processes at once while others read; and by one single
// DELETE, for comparison. On servers of its own.
//   npm run bench:prune -- [--database postgres|mariadb] [--rows 1200000] [--processes 4]
import { parseArgs } from 'node:util';
import { startApp } from '../../test/cluster/support/app.mjs';
import { MariaDbServer } from '../../test/cluster/support/mariadb-server.mjs';
import { PostgresServer } from '../../test/cluster/support/postgres-server.mjs';
import { runScript } from '../../test/cluster/support/script.mjs';
import { finish } from '../report/finish.mjs';
import { markdownTable } from '../report/markdown-table.mjs';
import { PruneProcess } from './prune-process.mjs';

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    rows: { type: 'string', default: '1200000' },
    processes: { type: 'string', default: '4' },
  },
});
const ROWS = Number(values.rows);
const PROCESSES = Number(values.processes);
/** Every sixth session is alive. */
const LIVE_SHARE = 6;
const LIVE = Math.floor(ROWS / LIVE_SHARE);
const QUIET_MS = 10_000;
const SLOW_MS = 100;
const MOST_OF_SINGLE = 0.6;
const DATA = JSON.stringify({ cookie: { path: '/' }, visits: 3, note: 'x'.repeat(450) });
const LIMIT_MS = 30 * 60_000;

/** What differs between the databases; `slowest` is the longest DELETE in ms, as the server saw it. */
const DATABASES = {
  postgres: {
    isCompared: true,
    create: (scratch) =>
      PostgresServer.create(scratch, 'postgres', {
        shared_buffers: '256MB',
        max_wal_size: '4GB',
        shared_preload_libraries: 'pg_stat_statements',
      }),
    version: async (server) => `PostgreSQL ${(await server.query('SHOW server_version'))[0].server_version.split(' ')[0]}`,
    prepare: (server) => server.query('CREATE EXTENSION pg_stat_statements'),
    table: 'sessions',
    hash: `encode(sha256(('session-' || n)::bytea), 'hex')`,
    series: `generate_series(1, ${ROWS}) AS n`,
    handle: 'md5(n::text)',
    settle: ['VACUUM ANALYZE sessions', 'CHECKPOINT'],
    reset: 'SELECT pg_stat_statements_reset()',
    slowest: `SELECT max(max_exec_time) AS ms FROM pg_stat_statements WHERE query LIKE 'DELETE%'`,
    deadlocks: `SELECT deadlocks AS count FROM pg_stat_database WHERE datname = 'postgres'`,
  },
  mariadb: {
    create: (scratch) =>
      MariaDbServer.create(scratch, 'mariadb', {
        'innodb-buffer-pool-size': '512M',
        'innodb-log-file-size': '1G',
        'slow-query-log': 'ON',
        'log-output': 'TABLE',
        'long-query-time': 0.005,
      }),
    version: async (server) => `MariaDB ${(await server.query('SELECT VERSION() AS version'))[0].version.split('-')[0]}`,
    prepare: async () => {},
    table: 'test.sessions',
    hash: `SHA2(CONCAT('session-', n), 256)`,
    // In the order of the key, by which the rows lie: filling takes minutes otherwise.
    series: `(SELECT seq AS n FROM test.seq_1_to_${ROWS} ORDER BY SHA2(CONCAT('session-', seq), 256)) AS numbers`,
    handle: 'MD5(n)',
    isCompared: false,
    settle: ['ANALYZE TABLE test.sessions'],
    reset: 'TRUNCATE mysql.slow_log',
    slowest: `SELECT MAX(TIME_TO_SEC(query_time)) * 1000 AS ms FROM mysql.slow_log WHERE sql_text LIKE 'DELETE%'`,
    deadlocks: `SELECT variable_value AS count FROM information_schema.global_status WHERE variable_name = 'INNODB_DEADLOCKS'`,
  },
};

const names = values.database ? [values.database] : Object.keys(DATABASES);
await runScript(
  'prune',
  async (scratch, script) => {
    const measured = [];
    for (const name of names) measured.push(await measure(scratch, script, name));
    await finish('prune', resultOf(measured));
  },
  { limitMs: LIMIT_MS },
);

async function measure(scratch, script, name) {
  const database = DATABASES[name];
  const server = await database.create(scratch);
  await database.prepare(server);
  const options = { type: name, url: server.url };
  await (await startApp({ ...options, synchronize: true })).close();

  await fill(server, database);
  script.say(`${name}: ${ROWS} sessions, ${LIVE} of them alive`);
  const reader = await PruneProcess.start({ options, live: LIVE, every: LIVE_SHARE });
  const quiet = await reader.readWhile(() => new Promise((resolve) => setTimeout(resolve, QUIET_MS)));
  script.say(`${name}, nothing else: ${show(quiet)}`);

  const pruners = await Promise.all(Array.from({ length: PROCESSES }, () => PruneProcess.start({ options })));
  await server.query(database.reset);
  let counts;
  const pruning = await reader.readWhile(async () => {
    counts = await Promise.all(pruners.map((pruner) => pruner.call('prune')));
  });
  const [{ ms: slowestMs }] = await server.query(database.slowest);
  const [{ count: deadlocks }] = await server.query(database.deadlocks);
  const left = await countRows(server, database);
  script.say(`${name}, ${PROCESSES} processes prune: ${show(pruning)}; ${counts.join(' + ')} rows in ${pruning.seconds} s`);

  const single = database.isCompared && (await deleteAtOnce(server, database, reader));
  if (single) script.say(`${name}, one single DELETE: ${show(single)}; in ${single.seconds} s`);
  await Promise.all([reader, ...pruners].map((process) => process.close()));

  const pruned = counts.reduce((sum, count) => sum + count, 0);
  script.check(`${name}: each expired row was removed once`, pruned === ROWS - LIVE, pruned);
  script.check(`${name}: no live row was lost`, left.live === LIVE && left.total === LIVE, `${left.live} of ${LIVE}`);
  script.check(
    `${name}: no read failed or found nothing`,
    [quiet, pruning, single].every((reads) => !reads || reads.failed === 0),
  );
  script.say(`${name}: ${Number(deadlocks)} deadlocks in the server, none of which came out`);
  script.check(`${name}: no statement took over ${SLOW_MS} ms`, Number(slowestMs) <= SLOW_MS, `${Number(slowestMs).toFixed(1)} ms at most`);
  const ratio = single && pruning.p99 / single.p99;
  if (single) {
    const verdict = `p99 of a read ${pruning.p99} ms against ${single.p99} ms during one DELETE: ${ratio.toFixed(2)}`;
    script.check(`${name}: readers notice less than with one DELETE`, ratio <= MOST_OF_SINGLE, verdict);
  }
  const version = await database.version(server);
  await server.stop();
  return { name, version, quiet, pruning, single, ratio, slowestMs: Number(slowestMs), deadlocks: Number(deadlocks) };
}

/** The same table anew, and one statement for all that has expired. */
async function deleteAtOnce(server, database, reader) {
  await server.query(`TRUNCATE ${database.table}`);
  await fill(server, database);
  return reader.readWhile(() => server.query(`DELETE FROM ${database.table} WHERE expires_at <= 1`));
}

/** The lines of the reach table, and a table of the rest. */
function resultOf(measured) {
  const postgres = measured.find(({ name }) => name === 'postgres');
  const row = (title, figure) => [title, ...measured.map(figure)];
  const text = markdownTable(
    ['Measure', ...measured.map(({ version }) => version)],
    row('removed in s', ({ pruning }) => pruning.seconds),
    row('slowest DELETE in ms', ({ slowestMs }) => slowestMs.toFixed(0)),
    row('deadlocks in the server, none of which came out', ({ deadlocks }) => String(deadlocks)),
    row('p99 of a read in ms, nothing else going on', ({ quiet }) => String(quiet.p99)),
    row('… while rows are pruned', ({ pruning }) => String(pruning.p99)),
    row('… during one single DELETE', ({ single }) => (single ? String(single.p99) : 'not measured')),
  );
  const measurements = [{ id: 'longest-ms', value: Math.max(...measured.map(({ slowestMs }) => slowestMs)) }];
  if (postgres) measurements.push({ id: 'p99-ratio', value: postgres.ratio });
  const versions = measured.map(({ version }) => version);
  const conditions = `${ROWS} rows of 0.5 KB, ${ROWS - LIVE} of them expired, removed by ${PROCESSES} processes at once while eight readers go on.`;
  return { measurements, versions, conditions, text };
}

/** Live and expired sessions, mixed. */
async function fill(server, { table, hash, series, handle, settle }) {
  const now = Date.now();
  const live = `n % ${LIVE_SHARE} = 0`;
  const expiresAt = `CASE WHEN ${live} THEN ${now + 86_400_000} ELSE 1 END`;
  const pruneAfter = `CASE WHEN ${live} THEN ${Math.ceil(now / 3_600_000) + 24} ELSE n % 720 END`;
  await server.query(
    `INSERT INTO ${table} (id, data, expires_at, prune_after, created_at, last_seen_at, version, handle) ` +
      `SELECT ${hash}, '${DATA}', ${expiresAt}, ${pruneAfter}, ${now}, ${now}, 1, ${handle} FROM ${series}`,
  );
  for (const statement of settle) await server.query(statement);
}

async function countRows(server, { table }) {
  const [{ total, live }] = await server.query(`SELECT COUNT(*) AS total, COUNT(NULLIF(expires_at, 1)) AS live FROM ${table}`);
  return { total: Number(total), live: Number(live) };
}

function show({ reads, p50, p99, most }) {
  return `${reads} reads, p50 ${p50} ms, p99 ${p99} ms, most ${most} ms`;
}
