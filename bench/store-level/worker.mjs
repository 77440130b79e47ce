// One store in a process of its own; does what the runner asks for.
import session from 'express-session';
import { storeOf } from '../stores/catalogue.mjs';
import { sampleSession, SIZES } from '../stores/sample-session.mjs';
import { answer } from '../measure/worker-calls.mjs';
import { countStatements } from '../measure/statement-count.mjs';
import { timeOperation } from './time-operation.mjs';
import { OPERATIONS } from './operations.mjs';

const [name, database, url] = process.argv.slice(2);
const entry = storeOf(name);
const opened = [];

async function open(options) {
  const handle = await entry.open({ database, url, store: name }, options);
  opened.push(handle);
  // Puts `generate` on the store.
  session({ store: handle.store, secret: 'a secret of the bench', resave: false, saveUninitialized: false });
  return handle;
}

let plain, touching;
let rows;

const storeFor = ({ alwaysTouches }) => (alwaysTouches ? touching : plain).store;

answer({
  async open() {
    plain = await open();
    touching = entry.throttlesTouches ? await open({ touchInterval: 0 }) : plain;
    for (const { template, bytes } of SIZES) {
      await new Promise((resolve, reject) => {
        plain.store.set(template, sampleSession(bytes), (error) => (error ? reject(error) : resolve()));
      });
    }
  },
  fill: (part) => plain.fill(part),
  setRows(parts) {
    rows = parts;
  },
  run({ operation, ...how }) {
    const what = OPERATIONS[operation];
    return timeOperation(what, storeFor(what), rows[what.size.name], how);
  },
  async count({ operation, concurrency, times }) {
    const what = OPERATIONS[operation];
    const store = storeFor(what);
    return countStatements(database, (count) => timeOperation(what, store, rows[what.size.name], { concurrency, times, count }));
  },
  async close() {
    for (const handle of opened) await handle.close();
  },
});
