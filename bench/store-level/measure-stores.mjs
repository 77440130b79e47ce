import { fileURLToPath } from 'node:url';
import { medianOf } from '../measure/summary.mjs';
import { STORES } from '../stores/catalogue.mjs';
import { POOL_SIZE } from '../stores/pool-size.mjs';
import { rowParts } from '../stores/row-parts.mjs';
import { assertUsable, setStage } from '../stores/stage.mjs';
import { OPERATIONS } from './operations.mjs';
import { printOperation } from './print-operation.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** Measures the stores without HTTP: each in a process of its own, in turns, with the medians of the rounds. */
export async function measureStores(options) {
  const entries = STORES.filter(({ name }) => options.stores.includes(name));
  const measurements = [];
  const versions = [];
  const leftOut = [];
  await assertUsable(options.databases);
  for (const database of options.databases) {
    const stage = await setStage(database, entries, { worker: WORKER, parts: rowParts(options.rows), execArgv: options.execArgv });
    const { cast, version, strike } = stage;
    versions.push(version);
    leftOut.push(...stage.leftOut);
    try {
      for (const operation of options.operations) {
        for (const concurrency of options.concurrencies) {
          const measured = await measure(cast, { operation, concurrency }, options);
          measurements.push(...measured.map((one) => ({ database, version, ...one })));
          printOperation(`${OPERATIONS[operation].title}, ${database}, ${concurrency} at a time`, measured);
        }
      }
    } finally {
      await strike();
    }
  }
  const large = rowParts(options.rows)[1];
  const conditions =
    `${options.rows} rows of 1 KB and ${large.last - large.first + 1} of 10 KB, medians of ${options.rounds} rounds of ` +
    `${options.seconds} s in turns, pools of ${POOL_SIZE}.`;
  const stores = Object.fromEntries(entries.map(({ name, title }) => [name, title]));
  return { measurements, stores, versions, conditions, leftOut };
}

async function measure(cast, what, { rounds, seconds, firstWarmUpSeconds, warmUpSeconds, countedEach }) {
  const results = new Map(cast.map(({ entry }) => [entry.name, []]));
  for (let round = 0; round < rounds; round++) {
    const warmUp = round === 0 ? firstWarmUpSeconds : warmUpSeconds;
    // There and back, so that no store always comes after the same one, whose pages the database may still be writing.
    for (const { entry, worker } of round % 2 ? cast.toReversed() : cast) {
      results.get(entry.name).push(await worker.call('run', { ...what, seconds, warmUpSeconds: warmUp }));
    }
  }
  const measured = [];
  for (const { entry, worker } of cast) {
    const statements = await worker.call('count', { ...what, times: countedEach * what.concurrency });
    measured.push({ store: entry.name, ...what, ...medianOf(results.get(entry.name)), statements });
  }
  return measured;
}
