import { inLanes } from '../measure/in-lanes.mjs';
import { summarize } from '../measure/summary.mjs';
import { shuffledSids } from '../stores/shuffled-sids.mjs';

/** How many operations are prepared and then timed together. */
const BATCH_ALONE = 512;
const BATCH_ABREAST = 4_096;
const LARGE_SHARE = 4;

/**
 * Runs an operation for so many seconds, or so many times, with `concurrency` of them under way. What has to be prepared
 * is prepared in batches between the timed parts, and neither timed nor counted.
 */
export async function timeOperation(
  operation,
  store,
  { first, last },
  { concurrency, seconds = Infinity, times = Infinity, warmUpSeconds = 0, count },
) {
  const sids = shuffledSids(first, Math.min(last, first + (operation.sessions ?? Infinity) - 1));
  const size = (concurrency === 1 ? BATCH_ALONE : BATCH_ABREAST) / (operation.size === 'large' ? LARGE_SHARE : 1);
  const batch = async (limit) => {
    const picked = Array.from({ length: Math.ceil(Math.min(size, limit, sids.length)) }, () => sids.next());
    return operation.prepare ? inLanes(picked, 16, (sid) => operation.prepare(store, sid)) : picked;
  };
  const run = (item) => operation.run(store, item);

  // Not more than there is time for.
  let rate = concurrency * 100;
  const part = async (leftSeconds, leftTimes = Infinity) => {
    const items = await batch(Math.min(leftTimes, rate * leftSeconds * 1.5 + concurrency));
    count?.start();
    const result = await timed(items, concurrency, leftSeconds, run);
    count?.stop();
    rate = result.latencies.length / result.seconds;
    return result;
  };

  if (operation.seesAllFirst) await inLanes(sids.all, 16, run);
  for (let left = warmUpSeconds; left > 0;) left -= (await part(left)).seconds;
  const parts = [];
  for (let leftSeconds = seconds, leftTimes = times; leftSeconds > 0 && leftTimes > 0;) {
    const done = await part(leftSeconds, leftTimes);
    parts.push(done);
    leftSeconds -= done.seconds;
    leftTimes -= done.latencies.length;
  }
  return summarize(parts);
}

async function timed(items, concurrency, seconds, run) {
  const latencies = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + seconds * 1_000;
  let now = start;
  await inLanes(items, concurrency, async (item) => {
    if (now >= end) return;
    const begun = performance.now();
    await run(item);
    now = performance.now();
    latencies.push(now - begun);
  });
  const { user, system } = process.cpuUsage(cpu);
  return { latencies, seconds: (performance.now() - start) / 1_000, cpuMicros: user + system };
}
