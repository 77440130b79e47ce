import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startWorker } from '../measure/worker-calls.mjs';
import { markdownTable } from '../report/markdown-table.mjs';
import { columns } from '../report/text-table.mjs';
import { ours } from '../stores/ours.mjs';
import { rowParts } from '../stores/row-parts.mjs';
import { setStage } from '../stores/stage.mjs';

const SERVER = fileURLToPath(new URL('../http/server.mjs', import.meta.url));
const CLIENT = fileURLToPath(new URL('../http/client.mjs', import.meta.url));
const CONNECTIONS = 64;
/** Of all sessions those that are made on the way; the others are loaded. */
const NEW_SHARE = 0.2;
/** Passed through first, because code that is compiled and caches that fill up once are no growth. */
const WARM_UP_SHARE = 0.2;
/** Node keeps a few things of a connection for a moment. */
const SETTLE_MS = 2_000;

/** Passes sessions through one process with our module, and looks what they leave in its heap. */
export async function measureHeap(sessions) {
  const parts = [rowParts(sessions)[0]];
  const { cast, version, strike } = await setStage('postgres', [ours], { worker: SERVER, parts, execArgv: ['--expose-gc'] });
  try {
    const [{ worker: server }] = cast;
    await pass(server, sessions * WARM_UP_SHARE);
    const before = await heapMb(server);
    await pass(server, sessions);
    const after = await heapMb(server);
    const lines = [
      ['Sessions passed', 'heap before, MB', 'heap after, MB', 'bytes a session'],
      [sessions, before.toFixed(1), after.toFixed(1), (((after - before) * 1e6) / sessions).toFixed(0)],
    ];
    console.log(columns(lines));
    return {
      measurements: [{ id: 'growth-mb', value: after - before }],
      versions: [version],
      conditions:
        `Whole requests, ${(1 - NEW_SHARE) * 100} % with a loaded session and ${NEW_SHARE * 100} % with a new one; ` +
        'heap after a garbage collection.',
      text: markdownTable(...lines),
    };
  } finally {
    await strike();
  }
}

async function pass(server, count) {
  const port = await server.call('port');
  for (const [visitors, share] of [
    ['known', 1 - NEW_SHARE],
    ['new', NEW_SHARE],
  ]) {
    const client = startWorker(CLIENT, ['client']);
    // Each session is asked for once as the connections open.
    await client.call('open', { port, connections: CONNECTIONS, visitors, sessions: Math.round(count * share), writeShare: 0 });
    await client.close();
  }
}

async function heapMb(server) {
  await setTimeout(SETTLE_MS);
  return (await server.call('heapBytes')) / 1e6;
}
