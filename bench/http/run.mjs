// Measures whole requests: one Nest application per store, each in a process of its own, in turns, under load from another.
import { fileURLToPath } from 'node:url';
import { medianOf } from '../measure/summary.mjs';
import { startWorker } from '../measure/worker-calls.mjs';
import { columns } from '../report/text-table.mjs';
import { rowParts } from '../stores/row-parts.mjs';
import { setStage } from '../stores/stage.mjs';
import { NO_SESSION } from './no-session.mjs';
import { readOptions } from './options.mjs';

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));
const CLIENT = fileURLToPath(new URL('client.mjs', import.meta.url));

const options = readOptions();
// The cookie is the default one, which ends with the browser.
const parts = rowParts(options.rows)
  .filter(({ name }) => name === 'small')
  .map((part) => ({ ...part, maxAgeMs: null }));
const { cast, version, strike } = await setStage('postgres', options.entries, {
  worker: SERVER,
  parts,
  profileFolder: options.profileFolder,
});
const rounds = new Map(cast.map(({ entry }) => [entry.name, []]));
try {
  for (let round = 0; round < options.rounds; round++) {
    for (const { entry, worker } of cast) rounds.get(entry.name).push(await measure(entry, worker));
  }
} finally {
  await strike();
}
const measurements = [...rounds].map(([store, results]) => ({ store, ...medianOf(results) }));
print();

async function measure(entry, server) {
  const client = startWorker(CLIENT, ['client']);
  try {
    await client.call('open', { port: await server.call('port'), isAnonymous: entry === NO_SESSION, ...options.load });
    const before = await server.call('cpuMicros');
    const result = await client.call('run', options.seconds);
    const cpuMicros = ((await server.call('cpuMicros')) - before) / result.count;
    return { ...result, cpuMicros };
  } finally {
    await client.close();
  }
}

function print() {
  const ours = measurements.find(({ store }) => store === 'ours');
  const rows = measurements.map(({ store, perSecond, cpuMicros, p50Ms, p99Ms }) => [
    store,
    Math.round(perSecond),
    ours ? (ours.perSecond / perSecond).toFixed(2) : '',
    cpuMicros.toFixed(0),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
  ]);
  const { connections, sessions, writeShare } = options.load;
  console.log(`\n${version}, ${connections} connections, ${sessions} sessions in use of ${options.rows}, ${writeShare * 100} % writes`);
  console.log(columns([['store', 'requests per second', 'ours is ×', 'CPU µs', 'p50 ms', 'p99 ms'], ...rows]));
}
