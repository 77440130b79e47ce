import { summarize } from '../measure/summary.mjs';

/**
 * Reads that arrive at random moments, whether or not those before them are answered: the latency of each counts from the moment at
 * which it was to begin.
 */
export async function readOnArrival(store, nextSid, { perSecond, seconds }) {
  const latencies = [];
  const pending = new Set();
  const start = performance.now();
  const end = start + seconds * 1_000;
  const cpu = process.cpuUsage();
  let due = start + gapOf(perSecond);
  while (due < end) {
    const now = performance.now();
    if (due > now) {
      await new Promise((resolve) => setTimeout(resolve, due - now));
      continue;
    }
    const arrivedAt = due;
    const read = get(store, nextSid()).then(() => {
      latencies.push(performance.now() - arrivedAt);
      pending.delete(read);
    });
    pending.add(read);
    due += gapOf(perSecond);
  }
  await Promise.all(pending);
  const { user, system } = process.cpuUsage(cpu);
  return summarize([{ latencies, seconds, cpuMicros: user + system }]);
}

/** Milliseconds between two arrivals that know nothing of each other. */
const gapOf = (perSecond) => (-Math.log(1 - Math.random()) / perSecond) * 1_000;

export function get(store, sid) {
  return new Promise((resolve, reject) => {
    store.get(sid, (error, session) => (error || !session ? reject(error ?? new Error('A session is missing.')) : resolve()));
  });
}
