import { fileURLToPath } from 'node:url';
import { medianOf } from '../measure/summary.mjs';
import { startWorker } from '../measure/worker-calls.mjs';
import { columns } from '../report/text-table.mjs';
import { POOL_SIZE } from '../stores/pool-size.mjs';
import { rowParts } from '../stores/row-parts.mjs';
import { setStage } from '../stores/stage.mjs';
import { countRequestStatements } from './count-statements.mjs';
import { NO_SESSION } from './no-session.mjs';

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));
const CLIENT = fileURLToPath(new URL('client.mjs', import.meta.url));

/** Measures whole requests: a Nest application per store, each in a process of its own, in turns, under load from another. */
export async function measureRequests({ entries, load, seconds, rounds, rows, size = 'small', maxAgeMs, execArgv }) {
  const part = rowParts(rows).find(({ name }) => name === size);
  const parts = [{ ...part, first: 1, last: rows, maxAgeMs }];
  const { cast, leftOut, version, strike } = await setStage('postgres', entries, { worker: SERVER, parts, execArgv });
  const results = new Map(cast.map(({ entry }) => [entry.name, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { entry, worker } of cast) {
        const visitors = entry === NO_SESSION ? 'anonymous' : 'known';
        const { writeShare = load.writeShare } = entry;
        results.get(entry.name).push(await measure(worker, { visitors, ...load, writeShare }, seconds));
      }
    }
    const measured = [...results].map(([store, each]) => ({ store, ...medianOf(each) }));
    print(measured);
    const conditions =
      `Nest 12 on Express, ${load.connections} connections, ${load.sessions} sessions in use of ${rows} of ${part.bytes / 1_000} KB, ${load.writeShare * 100} % writes, ` +
      `medians of ${rounds} rounds of ${seconds} s in turns, pools of ${POOL_SIZE}.`;
    const stores = Object.fromEntries(entries.map(({ name, title }) => [name, title]));
    const measurements = [...measured, ...(await countRequestStatements(cast))];
    return { measurements, stores, versions: [version], conditions, leftOut };
  } finally {
    await strike();
  }
}

async function measure(server, load, seconds) {
  const client = startWorker(CLIENT, ['client']);
  try {
    await client.call('open', { port: await server.call('port'), ...load });
    const before = await server.call('cpuMicros');
    const result = await client.call('run', seconds);
    const cpuMicros = ((await server.call('cpuMicros')) - before) / result.count;
    return { ...result, cpuMicros };
  } finally {
    await client.close();
  }
}

function print(measured) {
  const ours = measured.find(({ store }) => store === 'ours');
  const rows = measured.map(({ store, perSecond, cpuMicros, p50Ms, p99Ms }) => [
    store,
    Math.round(perSecond),
    ours ? (ours.perSecond / perSecond).toFixed(2) : '',
    cpuMicros.toFixed(0),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
  ]);
  console.log(`\n${columns([['store', 'requests per second', 'ours is ×', 'CPU µs', 'p50 ms', 'p99 ms'], ...rows])}`);
}
