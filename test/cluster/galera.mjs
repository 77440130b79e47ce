// Three nodes of a Galera cluster, an instance of the application at each, every browser on all of them; one node is killed.
import { setTimeout } from 'node:timers/promises';
import { startApp } from './support/app.mjs';
import { Browser } from './support/browser.mjs';
import { Crowd } from './support/crowd.mjs';
import { GaleraCluster } from './support/galera-cluster.mjs';
import { Ledger } from './support/ledger.mjs';
import { runScript } from './support/script.mjs';

const NODES = 3;
const BROWSERS = 8;
const BUSY_MS = 3_000;
const OPERATION_TIMEOUT_MS = 4_000;
const MARGIN_MS = 1_000;
/** How long a node is kept from following the others. */
const LATE_MS = 500;
/** Rows that all nodes prune at once. */
const EXPIRED = 6_000;
/** 1: a read waits for what other nodes have committed; 2: so does a delete or an update that no read went before. */
const SYNC_WAIT = 3;
/** No conflict is hidden by the server, which would try a statement again by itself. */
const RETRY_AUTOCOMMIT = 0;

await runScript('galera', async (scratch, script) => {
  const settings = { 'wsrep-sync-wait': SYNC_WAIT, 'wsrep-retry-autocommit': RETRY_AUTOCOMMIT };
  const cluster = await GaleraCluster.create(scratch, NODES, settings);
  const [{ version }] = await cluster.nodes[0].query('SELECT VERSION() AS version');
  script.say(`a Galera cluster of ${NODES} nodes, ${version}`);

  const apps = [];
  for (const [index, node] of cluster.nodes.entries()) {
    const database = { type: 'mariadb', url: node.url, synchronize: index === 0 };
    apps.push(await startApp(database, { operationTimeout: OPERATION_TIMEOUT_MS }));
  }
  await readFromLateNode(script, cluster, apps);
  await pruneEverywhere(script, cluster, apps);

  const open = [...apps];
  const crowd = new Crowd(BROWSERS, () => open[Math.floor(Math.random() * open.length)]);
  const { guest, ledger } = crowd;
  await guest.arrive();
  await setTimeout(BUSY_MS);
  const refusedWithAll = ledger.refused;
  const [failures, aborts] = await cluster.conflicts();
  script.say(`${ledger.figures}; ${failures} transactions failed certification, ${aborts} were aborted by one of another node`);

  const [killed, ...others] = cluster.nodes;
  await killed.stop('SIGKILL');
  script.say(`${killed.name} is killed`);
  await setTimeout(BUSY_MS / 2);
  // What a load balancer does that asks each instance for its health.
  const [cutOff] = open.splice(0, 1);
  const isHealthy = await cutOff.store.ping().then(
    () => true,
    () => false,
  );
  for (const node of others) await cluster.isSynced(node, NODES - 1);
  const doneByTwo = ledger.done;
  const isGuestDone = (await guest.put('visits')) !== undefined;
  await setTimeout(BUSY_MS / 2);
  const doneAfter = ledger.done - doneByTwo;
  await crowd.stop();

  script.say(`${ledger.figures}; refused: ${ledger.reasonsGiven}`);
  for (const node of others) {
    const { sessions, rows } = await crowd.compare((sql) => node.query(`SELECT * FROM (${sql}) held`.replace('sessions', 'test.sessions')));
    script.say(`${node.name} holds ${rows} rows, ${sessions} of them of browsers that are still there`);
  }
  await Promise.all(apps.map((app) => app.close()));

  script.check('transactions of different nodes did conflict', failures + aborts > 0, failures + aborts);
  script.check('no conflict was told to a browser', refusedWithAll === 0, refusedWithAll);
  script.check('every request is answered in time', ledger.slowestMs <= OPERATION_TIMEOUT_MS + MARGIN_MS);
  script.check('the instance of the killed node says that it is not healthy', !isHealthy);
  script.check('the other instances go on', isGuestDone && doneAfter > 0, doneAfter);
  script.check('no answer was wrong, and both nodes hold what was acknowledged', ledger.wrong.length === 0, ledger.faults);
});

/** A node that has not yet got what another one has acknowledged lets a reader wait. */
async function readFromLateNode(script, { nodes }, apps) {
  const ledger = new Ledger();
  let app = apps[0];
  const browser = new Browser('reader', ledger, () => app);
  await browser.arrive();
  app = apps[2];
  await browser.look();
  app = apps[0];
  const thaw = await nodes[2].freeze();
  await browser.put('visits');
  app = apps[2];
  const looked = performance.now();
  void setTimeout(LATE_MS).then(thaw);
  await browser.look();
  const waitedMs = Math.round(performance.now() - looked);
  await browser.signOut();
  script.check('a reader on a node that is late waits', ledger.refused === 0 && waitedMs >= LATE_MS, `${waitedMs} ms`);
  script.check('and is told what was acknowledged', ledger.wrong.length === 0, ledger.faults);
}

/** All instances prune the same rows at the same time. */
async function pruneEverywhere(script, { nodes }, apps) {
  const row = `SHA2(seq, 256), '{}', 0, 0, 0, 0, 1, LEFT(MD5(seq), 32)`;
  const columns = 'id, data, expires_at, prune_after, created_at, last_seen_at, version, handle';
  await nodes[0].query(`INSERT INTO test.sessions (${columns}) SELECT ${row} FROM test.seq_1_to_${EXPIRED}`);
  const started = performance.now();
  const counts = await Promise.all(apps.map((app) => app.store.prune()));
  const ms = Math.round(performance.now() - started);
  const pruned = counts.reduce((sum, count) => sum + count, 0);
  const [{ held }] = await nodes[1].query('SELECT COUNT(*) AS held FROM test.sessions WHERE expires_at = 0');
  script.check('pruning on all nodes at once removes each row once', pruned === EXPIRED && held === 0, `${pruned} in ${ms} ms`);
}
