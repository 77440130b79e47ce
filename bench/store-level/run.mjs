// Measures the stores without HTTP: each in a process of its own, in turns, with the medians of the rounds.
import { fileURLToPath } from 'node:url';
import { medianOf } from '../measure/summary.mjs';
import { STORES } from '../stores/catalogue.mjs';
import { rowParts } from '../stores/row-parts.mjs';
import { setStage } from '../stores/stage.mjs';
import { OPERATIONS } from './operations.mjs';
import { readOptions } from './options.mjs';
import { printOperation } from './print-operation.mjs';

/** Operations that statements are counted over. */
const COUNTED = 256;

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));

const options = readOptions();
const entries = STORES.filter(({ name }) => options.stores.includes(name));
const measurements = [];
const versions = [];

for (const database of options.databases) {
  const stage = { worker: WORKER, parts: rowParts(options.rows), profileFolder: options.profileFolder };
  const { cast, version, strike } = await setStage(database, entries, stage);
  versions.push(version);
  try {
    for (const operation of options.operations) {
      for (const concurrency of options.concurrencies) await measure(database, cast, operation, concurrency);
    }
  } finally {
    await strike();
  }
}
console.log(`\n${versions.join(', ')}`);

async function measure(database, cast, operation, concurrency) {
  const rounds = new Map(cast.map(({ entry }) => [entry.name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const { entry, worker } of cast) {
      rounds.get(entry.name).push(await worker.call('run', { operation, concurrency, seconds: options.seconds }));
    }
  }
  const measured = [];
  for (const { entry, worker } of cast) {
    const statements = await worker.call('count', { operation, concurrency, times: COUNTED });
    measured.push({ database, store: entry.name, operation, concurrency, ...medianOf(rounds.get(entry.name)), statements });
  }
  measurements.push(...measured);
  printOperation(`${OPERATIONS[operation].title}, ${database}, ${concurrency} at a time`, measured);
}
