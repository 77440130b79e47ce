// What PostgreSQL makes of a large session table under different settings: one table or hash partitions, fillfactor, autovacuum.
// Fills it, lets pgbench save sessions, and prunes; on a server of its own.
//   node bench/tables.mjs [--rows 5000000] [--seconds 30] [--partitions 16] [--only 'name of a variant']
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startApp } from '../test/cluster/support/app.mjs';
import { PostgresServer } from '../test/cluster/support/postgres-server.mjs';
import { run } from '../test/cluster/support/programs.mjs';
import { runScript } from '../test/cluster/support/script.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '5000000' },
    seconds: { type: 'string', default: '30' },
    partitions: { type: 'string', default: '16' },
    only: { type: 'string' },
  },
});
const ROWS = Number(values.rows);
const PARTITIONS = Number(values.partitions);
const CLIENTS = 4;
const HOUR_MS = 3_600_000;
/** Of the rows, every twenty-fifth has expired, and every tenth is in use. */
const EXPIRED = 25;
const ACTIVE = 10;
const DATA = JSON.stringify({ cookie: { path: '/' }, visits: 3, note: 'x'.repeat(250) });
const LIMIT_MS = 90 * 60_000;

const EAGER = { autovacuum_vacuum_scale_factor: 0.01, autovacuum_vacuum_cost_delay: 0 };
const VARIANTS = [
  { name: 'one table', settings: {} },
  { name: 'fillfactor 90', settings: { fillfactor: 90 } },
  { name: 'fillfactor 80', settings: { fillfactor: 80 } },
  { name: 'fillfactor 90, eager autovacuum', settings: { fillfactor: 90, ...EAGER } },
  { name: `${PARTITIONS} partitions, fillfactor 90`, settings: { fillfactor: 90 }, partitions: PARTITIONS },
  { name: `${PARTITIONS} partitions, fillfactor 90, eager autovacuum`, settings: { fillfactor: 90, ...EAGER }, partitions: PARTITIONS },
];

/** A save as the store does it; one in twelve moves the hour of pruning, as a session that is used every five minutes does. */
const save = (hour) => `
\\set number random(1, ${ROWS / ACTIVE}) * ${ACTIVE} + 1
\\set chance random(1, 12)
UPDATE sessions SET data = '${DATA}', expires_at = expires_at + 1, last_seen_at = last_seen_at + 1, version = version + 1,
  prune_after = CASE WHEN :chance = 1 THEN ${hour} + (prune_after - ${hour} + 1) % 2 ELSE prune_after END
  WHERE id = encode(sha256(('session-' || :number)::bytea), 'hex');
`;

await runScript(
  'tables',
  async (scratch, script) => {
    const server = await PostgresServer.create(scratch, 'postgres', {
      shared_buffers: '1GB',
      max_wal_size: '8GB',
      maintenance_work_mem: '512MB',
      autovacuum_naptime: '5s',
    });
    const lines = [];
    for (const variant of VARIANTS.filter(({ name }) => !values.only || name === values.only)) {
      script.say(`${variant.name}: filling`);
      await make(server, variant);
      lines.push([variant.name, ...(await measure(scratch, server))]);
      script.say(lines.at(-1).join(' | '));
    }
    print(lines);
    script.check('every variant was measured', lines.length > 0);
  },
  { limitMs: LIMIT_MS },
);

async function make(server, { settings, partitions }) {
  const parameters = Object.entries(settings).map((pair) => pair.join(' = '));
  const storage = parameters.length > 0 ? ` WITH (${parameters.join(', ')})` : '';
  await server.query('DROP TABLE IF EXISTS sessions');
  await server.query(
    'CREATE TABLE sessions (id varchar(64) NOT NULL, data text NOT NULL, expires_at bigint NOT NULL, prune_after integer NOT NULL, ' +
      'created_at bigint NOT NULL, last_seen_at bigint NOT NULL, version integer NOT NULL, user_id varchar(255), ' +
      'handle varchar(32) NOT NULL, ip_address varchar(45), user_agent varchar(255))' +
      (partitions ? ' PARTITION BY HASH (id)' : storage),
  );
  for (let part = 0; part < (partitions ?? 0); part++) {
    await server.query(
      `CREATE TABLE sessions_${part} PARTITION OF sessions FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${part})${storage}`,
    );
  }
  const now = Date.now();
  const isExpired = `n % ${EXPIRED} = 0`;
  await server.query(
    'INSERT INTO sessions (id, data, expires_at, prune_after, created_at, last_seen_at, version, handle) ' +
      `SELECT encode(sha256(('session-' || n)::bytea), 'hex'), '${DATA}', CASE WHEN ${isExpired} THEN 1 ELSE ${now + 24 * HOUR_MS} END, ` +
      `CASE WHEN ${isExpired} THEN n % 720 ELSE ${hourOf(now)} END, ${now}, ${now}, 1, md5(n::text) FROM generate_series(1, ${ROWS}) AS n`,
  );
  await server.query('ALTER TABLE sessions ADD PRIMARY KEY (id)');
  await server.query('CREATE INDEX ON sessions (prune_after)');
  await server.query('CREATE INDEX ON sessions (user_id)');
  // A unique index of a partitioned table has to contain the partition key.
  await server.query(partitions ? 'CREATE INDEX ON sessions (handle)' : 'CREATE UNIQUE INDEX ON sessions (handle)');
  await server.query('VACUUM ANALYZE sessions');
  await server.query('CHECKPOINT');
}

async function measure(scratch, server) {
  const file = join(scratch.folder, 'save.sql');
  writeFileSync(file, save(hourOf(Date.now())), { mode: 0o644 });
  const filled = await sizeOf(server);
  await server.query('SELECT pg_stat_reset()');
  const address = ['-h', '127.0.0.1', '-p', server.port, '-U', 'postgres', 'postgres'];
  const options = ['-n', '-M', 'prepared', '-c', CLIENTS, '-j', 1, '-T', values.seconds, '-f', file];
  const said = await run('pgbench', [...options, ...address].map(String));
  const [, saves] = /tps = ([\d.]+)/.exec(said);
  // Statistics of a backend arrive when it ends.
  await server.query('SELECT pg_sleep(1)');
  const [{ updated, hot, vacuums }] = await server.query(
    `SELECT sum(n_tup_upd) AS updated, sum(n_tup_hot_upd) AS hot, sum(autovacuum_count) AS vacuums FROM pg_stat_user_tables`,
  );
  const saved = await sizeOf(server);
  const app = await startApp({ type: 'postgres', url: server.url }, { operationTimeout: 30_000 });
  const started = performance.now();
  const pruned = await app.store.prune();
  const seconds = (performance.now() - started) / 1_000;
  await app.close();
  const growth = ((saved / filled - 1) * 100).toFixed(1);
  const figures = [Math.round(saves), `${((hot / updated) * 100).toFixed(0)} %`, gigabytes(filled), `${growth} %`, vacuums];
  return [...figures, `${pruned} in ${seconds.toFixed(0)} s`];
}

async function sizeOf(server) {
  const [{ bytes }] = await server.query(
    `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relname ~ '^sessions(_[0-9]+)?$'`,
  );
  return Number(bytes);
}

function hourOf(now) {
  return Math.ceil(now / HOUR_MS) + 24;
}

function gigabytes(bytes) {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function print(lines) {
  const head = ['Table', 'Saves a second', 'HOT', 'Filled', 'Growth', 'Autovacuums', 'Pruned'];
  for (const line of [head, head.map(() => '---'), ...lines]) console.log(`| ${line.join(' | ')} |`);
}
