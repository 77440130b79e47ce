// A PostgreSQL primary that fails and a synchronous replica that is promoted, behind one address, under load: once the primary
// is stopped, once its machine falls silent.
import { setTimeout } from 'node:timers/promises';
import { startApp } from './support/app.mjs';
import { Crowd } from './support/crowd.mjs';
import { PostgresServer } from './support/postgres-server.mjs';
import { VirtualAddress } from './support/proxy.mjs';
import { runScript } from './support/script.mjs';
import { assert, until } from './support/until.mjs';

const BROWSERS = 8;
const BUSY_MS = 1_500;
const DOWN_MS = 2_500;
const OPERATION_TIMEOUT_MS = 1_000;
const MARGIN_MS = 1_000;
/** Without it, a connection that a silent machine never answers is waited for until the kernel gives up. */
const CONNECT_TIMEOUT_MS = 800;

/** The ways in which a primary fails, and how long requests may still be refused when the replica is there. */
const FAILURES = {
  'stopped primary': { fail: (primary) => primary.stop('immediate'), refusedMs: 0 },
  'silent primary': { fail: (_primary, address) => address.fallSilent(), refusedMs: 3_000 },
};

await runScript('failover', async (scratch, script) => {
  await Promise.all(Object.keys(FAILURES).map((name) => failOver(scratch, script, name)));
});

async function failOver(scratch, script, name) {
  const folder = name.replace(' ', '-');
  const primary = await PostgresServer.create(scratch, folder);
  const replica = await primary.createReplica(`${folder}-replica`);
  await primary.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await primary.query('SELECT pg_reload_conf()');
  await until('the replica is synchronous', async () => {
    const states = await primary.query('SELECT sync_state FROM pg_stat_replication');
    assert(states.length === 1 && states[0].sync_state === 'sync', JSON.stringify(states));
  });

  const address = await VirtualAddress.open(primary.port);
  const url = `postgres://postgres@127.0.0.1:${address.port}/postgres`;
  const extra = { onConnect: refuseReplica };
  const database = { type: 'postgres', url, synchronize: true, connectTimeoutMS: CONNECT_TIMEOUT_MS, extra };
  const app = await startApp(database, { operationTimeout: OPERATION_TIMEOUT_MS });
  const crowd = new Crowd(BROWSERS, () => app);
  const { guest, ledger } = crowd;
  await guest.arrive();
  await setTimeout(BUSY_MS);

  script.say(`${name}: after ${ledger.done} answers`);
  const { fail, refusedMs } = FAILURES[name];
  await fail(primary, address);
  await setTimeout(DOWN_MS / 2);
  const doneAtFailure = ledger.done;
  address.lead(replica.port);
  script.say(`${name}: the address leads to the replica, which is not promoted yet`);
  await setTimeout(DOWN_MS / 2);
  const doneInBetween = ledger.done - doneAtFailure;
  await replica.promote();
  script.say(`${name}: the replica is promoted`);
  await setTimeout(refusedMs);
  const asked = performance.now();
  const isFirstDone = (await guest.put('visits')) !== undefined;
  const firstMs = Math.round(performance.now() - asked);
  const doneAtPromotion = ledger.done;
  await setTimeout(BUSY_MS);
  const doneAfter = ledger.done - doneAtPromotion;
  await crowd.stop();
  const { sessions, rows } = await crowd.compare((sql) => replica.query(sql));
  await app.close();
  address.close();

  script.say(`${name}: ${ledger.figures}; ${sessions} sessions, ${rows} rows; refused: ${ledger.reasonsGiven}`);
  script.check(`${name}: requests in between are refused`, ledger.refused > 0 && doneInBetween === 0, doneInBetween);
  script.check(`${name}: every request is answered in time`, ledger.slowestMs <= OPERATION_TIMEOUT_MS + MARGIN_MS);
  script.check(
    `${name}: the first request after the promotion${refusedMs > 0 ? ` and ${refusedMs} ms` : ''} works`,
    isFirstDone,
    `${firstMs} ms`,
  );
  script.check(`${name}: the application goes on`, doneAfter > 0, doneAfter);
  script.check(`${name}: no answer was wrong, and the new primary holds what was acknowledged`, ledger.wrong.length === 0, ledger.faults);
}

/** What `target_session_attrs=read-write` does for libpq. */
async function refuseReplica(client) {
  const { rows } = await client.query('SHOW transaction_read_only');
  if (rows[0].transaction_read_only === 'on') throw new Error('This server is a replica.');
}
