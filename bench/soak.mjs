// Runs the traffic of many browsers for a while, on servers of its own, and kills connections of the application all the
// time; then compares what the browsers were told with what the table holds.
//   node bench/soak.mjs [--minutes 10 | --seconds 60] [--database postgres|mariadb] [--browsers 20] [--all]
// With `--all`, all connections are killed once a second; else some of them, at random moments.
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startApp } from '../test/cluster/support/app.mjs';
import { Crowd } from '../test/cluster/support/crowd.mjs';
import { MariaDbServer } from '../test/cluster/support/mariadb-server.mjs';
import { PostgresServer } from '../test/cluster/support/postgres-server.mjs';
import { runScript } from '../test/cluster/support/script.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    database: { type: 'string' },
    browsers: { type: 'string', default: '20' },
    all: { type: 'boolean', default: false },
  },
});
const DURATION_MS = values.minutes ? Number(values.minutes) * 60_000 : Number(values.seconds) * 1_000;
const BROWSERS = Number(values.browsers);
const OPERATION_TIMEOUT_MS = 5_000;
const MARGIN_MS = 1_000;
const REPORT_MS = 60_000;
const START_MS = 60_000;

/** How to make each database, to list the connections of the application and to kill one; both are told by the server. */
const DATABASES = {
  postgres: {
    create: (scratch) => PostgresServer.create(scratch, 'postgres'),
    options: ({ url }) => ({ type: 'postgres', url, applicationName: 'soak' }),
    list: `SELECT pid AS id FROM pg_stat_activity WHERE application_name = 'soak'`,
    kill: (server, id) => server.query('SELECT pg_terminate_backend($1)', [id]),
  },
  mariadb: {
    create: (scratch) => MariaDbServer.create(scratch, 'mariadb'),
    options: ({ url }) => ({ type: 'mariadb', url }),
    list: `SELECT id FROM information_schema.processlist WHERE user = 'app'`,
    kill: (server, id) => server.query('KILL ?', [id]),
  },
};

const names = values.database ? [values.database] : Object.keys(DATABASES);
for (const name of names) if (!DATABASES[name]) throw new Error(`There is no database ${name} here.`);

await runScript('soak', (scratch, script) => Promise.all(names.map((name) => soak(scratch, script, name))), {
  limitMs: DURATION_MS + 2 * START_MS,
});

async function soak(scratch, script, name) {
  const { create, options, list, kill } = DATABASES[name];
  const server = await create(scratch);
  const app = await startApp({ ...options(server), synchronize: true }, { operationTimeout: OPERATION_TIMEOUT_MS });
  const crowd = new Crowd(BROWSERS, () => app);
  const { ledger } = crowd;
  const end = performance.now() + DURATION_MS;
  let report = performance.now() + REPORT_MS;
  let killed = 0;
  while (performance.now() < end) {
    await setTimeout(values.all ? 1_000 : Math.random() * 2_000);
    const connections = await server.query(list);
    const doomed = values.all ? connections : connections.filter(() => Math.random() < 0.5);
    // One that has ended by itself cannot be killed.
    const outcomes = await Promise.allSettled(doomed.map(({ id }) => kill(server, id)));
    killed += outcomes.filter(({ status }) => status === 'fulfilled').length;
    if (performance.now() < report) continue;
    report += REPORT_MS;
    script.say(`${name}: ${ledger.figures}, ${killed} connections killed, ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`);
  }
  await crowd.stop();
  const { sessions, rows } = await crowd.compare((sql) => app.dataSource.query(sql));
  await app.close();

  script.say(`${name}: ${ledger.figures}, ${killed} connections killed; ${sessions} sessions, ${rows} rows`);
  if (ledger.refused > 0) script.say(`${name}: refused: ${ledger.reasonsGiven}`);
  script.check(`${name}: connections were killed under load`, killed > 0 && ledger.done > 0);
  script.check(`${name}: no acknowledged write is lost, and no answer was wrong`, ledger.wrong.length === 0, ledger.faults);
  script.check(`${name}: every request is answered in time`, ledger.slowestMs <= OPERATION_TIMEOUT_MS + MARGIN_MS);
}
