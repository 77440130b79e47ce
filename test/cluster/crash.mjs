// A PostgreSQL server whose processes are all killed at once while sessions are saved and touched; and one that waits for a standby
// which never comes. A touch is not waited for by the disk, a save is.
import { setTimeout } from 'node:timers/promises';
import { startApp } from './support/app.mjs';
import { PostgresServer } from './support/postgres-server.mjs';
import { runScript } from './support/script.mjs';
import { until } from './support/until.mjs';

const ROUNDS = 3;
const SESSIONS = 32;
const BUSY_MS = 1_000;
const OPERATION_TIMEOUT_MS = 1_000;

await runScript('crash', async (scratch, script) => {
  await crash(scratch, script);
  await waitForStandby(scratch, script);
});

/** What was acknowledged before the crash is there after it. */
async function crash(scratch, script) {
  // Left to itself, the server writes the log of commits that nobody waits for every ten seconds.
  const server = await PostgresServer.create(scratch, 'crashed', { wal_writer_delay: '10s', fsync: 'on' });
  const settings = { operationTimeout: OPERATION_TIMEOUT_MS, touchInterval: 0 };
  const app = await startApp({ type: 'postgres', url: server.url, synchronize: true }, settings);
  const { store } = app;
  const saved = new Map();
  const touched = new Map();
  for (let round = 1; round <= ROUNDS; round++) {
    const end = new AbortController();
    const work = async (id) => {
      while (!end.signal.aborted) {
        const data = (await store.get(id)) ?? dataOf(0);
        data.count++;
        await store.set(id, data);
        saved.set(id, data.count);
        await store.touch(id, (await store.get(id)) ?? data);
        touched.set(id, Date.now());
      }
    };
    const ids = Array.from({ length: SESSIONS }, (_, index) => `round-${round}-${index}`);
    const ended = Promise.allSettled(ids.map(work));
    await setTimeout(BUSY_MS);
    await server.kill();
    end.abort();
    await ended;
    await server.start();
    await until('the store answers', () => store.ping());
  }
  let lost = 0;
  for (const [id, count] of saved) {
    if (((await store.get(id))?.count ?? 0) < count) lost++;
  }
  const saves = [...saved.values()].reduce((sum, count) => sum + count, 0);
  script.say(`${ROUNDS} crashes, ${saves} acknowledged saves of ${saved.size} sessions`);
  script.check('no save is lost', lost === 0 && saves > SESSIONS, lost);
  script.check('sessions were touched, too', touched.size === saved.size, touched.size);
  await app.close();
  await server.stop();
}

/** Without a standby that confirms, a commit is not acknowledged. */
async function waitForStandby(scratch, script) {
  const server = await PostgresServer.create(scratch, 'alone');
  const settings = { operationTimeout: OPERATION_TIMEOUT_MS, touchInterval: 0 };
  const app = await startApp({ type: 'postgres', url: server.url, synchronize: true }, settings);
  const { store } = app;
  for (const id of ['one', 'two', 'three']) await store.set(id, dataOf(1));
  await server.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
  await server.query('SELECT pg_reload_conf()');
  await until('commits wait', () => outcomeOf(store.set(`probe-${Math.random()}`, dataOf(1))).then(assertUnavailable));

  const begun = performance.now();
  const touch = await outcomeOf(store.get('one').then((data) => store.touch('one', data)));
  const touchMs = Math.round(performance.now() - begun);
  const save = await outcomeOf(store.get('two').then((data) => store.set('two', Object.assign(data, { count: 2 }))));
  const logout = await outcomeOf(store.destroy('three'));
  script.check('a touch does not wait for a standby', touch === 'done' && touchMs < OPERATION_TIMEOUT_MS, `${touch}, ${touchMs} ms`);
  script.check('a save waits for it', save === 'SESSION_UNAVAILABLE', save);
  script.check('a logout waits for it', logout === 'SESSION_UNAVAILABLE', logout);
  await server.query(`ALTER SYSTEM RESET synchronous_standby_names`);
  await server.query('SELECT pg_reload_conf()');
  await app.close();
  await server.stop();
}

function dataOf(count) {
  return { cookie: { originalMaxAge: null, expires: null }, count };
}

function outcomeOf(work) {
  return work.then(
    () => 'done',
    (error) => error.code ?? String(error),
  );
}

function assertUnavailable(outcome) {
  if (outcome !== 'SESSION_UNAVAILABLE') throw new Error(`A save was answered with ${outcome}.`);
}
