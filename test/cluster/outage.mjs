// A database that is stopped for ten seconds under load and started again, PostgreSQL and MariaDB at the same time.
import { setTimeout } from 'node:timers/promises';
import { startApp } from './support/app.mjs';
import { Crowd } from './support/crowd.mjs';
import { MariaDbServer } from './support/mariadb-server.mjs';
import { PostgresServer } from './support/postgres-server.mjs';
import { runScript } from './support/script.mjs';

const BROWSERS = 8;
const BUSY_MS = 1_500;
const DOWN_MS = 10_000;
const OPERATION_TIMEOUT_MS = 2_000;
const MARGIN_MS = 1_000;

await runScript('outage', async (scratch, script) => {
  const servers = [PostgresServer.create(scratch, 'postgres'), MariaDbServer.create(scratch, 'mariadb')];
  const [postgres, mariadb] = await Promise.all(servers);
  await Promise.all([
    outlive(script, 'PostgreSQL', postgres, { type: 'postgres', url: postgres.url }),
    outlive(script, 'MariaDB', mariadb, { type: 'mariadb', url: mariadb.url }),
  ]);
});

async function outlive(script, name, server, database) {
  const app = await startApp({ ...database, synchronize: true }, { operationTimeout: OPERATION_TIMEOUT_MS });
  const events = [];
  for (const event of ['unavailable', 'recovered']) app.store.on(event, () => events.push(event));
  const crowd = new Crowd(BROWSERS, () => app);
  const { guest, ledger } = crowd;
  await guest.arrive();
  await setTimeout(BUSY_MS);

  await server.stop();
  // What the database has answered before may still be on its way.
  ledger.stoppedAt = performance.now();
  script.say(`${name} is stopped after ${ledger.done} answers`);
  await setTimeout(DOWN_MS);
  const { doneWhileStopped } = ledger;
  await server.start();
  const started = performance.now();
  const isFirstDone = (await guest.put('visits')) !== undefined;
  const firstMs = Math.round(performance.now() - started);
  script.say(`${name} is started again`);
  await setTimeout(BUSY_MS);
  await crowd.stop();
  const { sessions, rows } = await crowd.compare((sql) => app.dataSource.query(sql));
  await app.close();

  script.say(`${name}: ${ledger.figures}; ${sessions} sessions, ${rows} rows; refused: ${ledger.reasonsGiven}`);
  script.check(`${name}: requests are refused while the database is away`, ledger.refused > 0);
  script.check(`${name}: nothing is acknowledged while the database is away`, doneWhileStopped === 0, doneWhileStopped);
  script.check(`${name}: every request is answered in time`, ledger.slowestMs <= OPERATION_TIMEOUT_MS + MARGIN_MS);
  script.check(`${name}: the first request after the start works`, isFirstDone, `${firstMs} ms`);
  script.check(`${name}: no answer was wrong, and the table holds what was acknowledged`, ledger.wrong.length === 0, ledger.faults);
  script.check(`${name}: it is told once that the database is away, and back`, events.join() === 'unavailable,recovered', events);
}
