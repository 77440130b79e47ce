// One store in a process of its own, whose database is some milliseconds away.
import { inLanes } from '../measure/in-lanes.mjs';
import { summarize } from '../measure/summary.mjs';
import { answer } from '../measure/worker-calls.mjs';
import { storeOf } from '../stores/catalogue.mjs';
import { sampleSession, sidOf } from '../stores/sample-session.mjs';
import { shuffledSids } from '../stores/shuffled-sids.mjs';
import { get, readOnArrival } from './arrivals.mjs';

const [name, url] = process.argv.slice(2);
const BYTES = 1_024;
let handle;
let sids;

answer({
  async open(sessions) {
    handle = await storeOf(name).open({ database: 'postgres', url, store: name });
    sids = shuffledSids(1, sessions);
    await inLanes(sids.all, 64, (sid) => {
      return new Promise((resolve, reject) => {
        handle.store.set(sid, sampleSession(BYTES, { userId: `user-${sidOf(sid)}` }), (error) => (error ? reject(error) : resolve()));
      });
    });
  },
  arrivals: (load) => readOnArrival(handle.store, () => sids.next(), load),
  async closedLoop({ concurrency, seconds }) {
    const latencies = [];
    const cpu = process.cpuUsage();
    const start = performance.now();
    const end = start + seconds * 1_000;
    const lane = async () => {
      for (let now = performance.now(); now < end;) {
        const begun = now;
        await get(handle.store, sids.next());
        now = performance.now();
        latencies.push(now - begun);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    const { user, system } = process.cpuUsage(cpu);
    return summarize([{ latencies, seconds: (performance.now() - start) / 1_000, cpuMicros: user + system }]);
  },
  close: () => handle.close(),
});
