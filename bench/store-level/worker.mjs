// One store in a process of its own; does what the runner asks for.
import session from 'express-session';
import { countStatements } from '../measure/statement-count.mjs';
import { answer } from '../measure/worker-calls.mjs';
import { storeOf } from '../stores/catalogue.mjs';
import { fillStore } from '../stores/fill-store.mjs';
import { OPERATIONS } from './operations.mjs';
import { timeOperation } from './time-operation.mjs';

const [name, database, url] = process.argv.slice(2);
const entry = storeOf(name);
let opened = [];
let rows;

async function open(options) {
  const handle = await entry.open({ database, url, store: name }, options);
  opened.push(handle);
  // Puts `generate` on the store.
  session({
    store: handle.store,
    secret: 'a long secret of the bench, which nobody needs to know',
    resave: false,
    saveUninitialized: false,
  });
  return handle;
}

function scene(operation) {
  const what = OPERATIONS[operation];
  const [plain, touching = plain] = opened;
  return [what, (what.alwaysTouches ? touching : plain).store, rows[what.size]];
}

answer({
  async open(parts) {
    await fillStore(await open(), parts);
    if (entry.throttlesTouches) await open({ touchInterval: 0 });
    rows = Object.fromEntries(parts.map((part) => [part.name, part]));
  },
  run: ({ operation, ...how }) => timeOperation(...scene(operation), how),
  count: ({ operation, concurrency, times }) =>
    countStatements(database, (count) => timeOperation(...scene(operation), { concurrency, times, count })),
  async close() {
    for (const handle of opened) await handle.close();
  },
});
