// Reads from a database that is 1 or 2 ms away: in a closed loop, and at random moments.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { postgres } from '../databases/postgres.mjs';
import { medianOf } from '../measure/summary.mjs';
import { startWorker } from '../measure/worker-calls.mjs';
import { columns } from '../report/text-table.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const PROXY = fileURLToPath(new URL('proxy-process.mjs', import.meta.url));

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'ours,connect-pg-simple,named-statements' },
    delay: { type: 'string', default: '0,1,2' },
    arrivals: { type: 'string', default: '200,1000,2000' },
    concurrency: { type: 'string', default: '1,8,64' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '5000' },
  },
});
const numbers = (text) => text.split(',').map(Number);
const seconds = Number(values.seconds);

const loads = [
  ...numbers(values.concurrency).map((concurrency) => ['closedLoop', { concurrency, seconds }, `${concurrency} at a time`]),
  ...numbers(values.arrivals).map((perSecond) => ['arrivals', { perSecond, seconds }, `${perSecond} arrivals a second`]),
];

const database = await postgres.create();
try {
  console.log(`Node ${process.versions.node}, ${database.version}, reads of 1 KB, medians of ${values.rounds} rounds of ${seconds} s`);
  for (const delayMs of numbers(values.delay)) await measureAt(delayMs);
} finally {
  await database.drop();
}

async function measureAt(delayMs) {
  const url = new URL(database.url);
  const proxy = startWorker(PROXY, ['proxy']);
  url.port = await proxy.call('open', { host: url.hostname, port: Number(url.port || 5432) }, delayMs);
  url.hostname = '127.0.0.1';
  const cast = [];
  try {
    for (const name of values.store.split(',')) {
      const worker = startWorker(WORKER, [name, url.href]);
      cast.push({ name, worker });
      await worker.call('open', Number(values.rows));
    }
    const rows = [];
    for (const [method, load, title] of loads) {
      const results = cast.map(() => []);
      for (let round = 0; round <= Number(values.rounds); round++) {
        for (const [index, { worker }] of cast.entries()) {
          const result = await worker.call(method, load);
          // The first round warms up.
          if (round > 0) results[index].push(result);
        }
      }
      for (const [index, { name }] of cast.entries()) {
        const { perSecond, p50Ms, p99Ms, cpuMicros } = medianOf(results[index]);
        rows.push([`${title}, ${name}`, Math.round(perSecond), p50Ms.toFixed(2), p99Ms.toFixed(2), cpuMicros.toFixed(0)]);
      }
    }
    console.log(`\n${delayMs} ms each way`);
    console.log(columns([['', 'reads per second', 'p50 ms', 'p99 ms', 'CPU µs'], ...rows]));
  } finally {
    for (const { worker } of cast) await worker.close();
    await proxy.close();
  }
}
