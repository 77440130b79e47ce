// A short run of everything: that it works, and how many statements each thing costs. It measures nothing.
import { measureRequests } from '../http/measure-requests.mjs';
import { NO_SESSION } from '../http/no-session.mjs';
import { HTTP_STORES } from '../http/options.mjs';
import { measureHeap } from '../memory/measure-heap.mjs';
import { chart } from '../report/chart.mjs';
import { judge } from '../report/judge.mjs';
import { page } from '../report/markdown.mjs';
import { measureTouches } from '../scale/measure-touches.mjs';
import { measureStores } from '../store-level/measure-stores.mjs';
import { DATABASES } from '../store-level/options.mjs';
import { OPERATIONS } from '../store-level/operations.mjs';
import { STORES, storeOf } from '../stores/catalogue.mjs';
import { oursTouching } from '../stores/ours.mjs';

/** Has a server of its own, which may be missing. */
const OPTIONAL = ['connect-redis'];
/** What each operation of ours costs when it is alone. */
const STATEMENTS = {
  get: 1,
  touch: 1,
  set: 1,
  'set-large': 1,
  'get-touch': 1,
  'create-destroy': 2,
  'set-unknown': 1,
  'create-destroy-unknown': 2,
  'touch-unknown': 2,
};
const ROWS = 200;
const TOUCHES = 2_000;
const SESSIONS = 2_000;

const short = {
  rows: ROWS,
  countedEach: 32,
  seconds: 0.02,
  rounds: 1,
  firstWarmUpSeconds: 0,
  warmUpSeconds: 0,
  execArgv: [],
  maxAgeMs: null,
};
const failures = [];
const check = (isRight, failure) => isRight || failures.push(failure);

const store = await measureStores({
  ...short,
  databases: DATABASES,
  stores: STORES.filter((entry) => entry !== oursTouching).map(({ name }) => name),
  operations: Object.keys(OPERATIONS),
  concurrencies: [1, 16],
});
for (const { database, store: name, operation, concurrency, perSecond, statements } of store.measurements) {
  check(perSecond > 0, `${operation} of ${name} on ${database} did nothing.`);
  const expected = STATEMENTS[operation];
  if (name.startsWith('ours') && concurrency === 1) {
    check(statements === expected, `${operation} of ${name} on ${database} took ${statements} statements instead of ${expected}.`);
  }
}

const load = { connections: 8, sessions: ROWS, writeShare: 0.1 };
const http = await measureRequests({ ...short, entries: [NO_SESSION, ...HTTP_STORES.map(storeOf)], load });
const scale = await measureTouches(ROWS, TOUCHES);
const memory = await measureHeap(SESSIONS);

for (const name of [...store.leftOut, ...http.leftOut]) check(OPTIONAL.includes(name), `${name} was left out.`);
const results = { store, http, scale, memory };
for (const { measure, value, exactly } of judge(results)) {
  if (exactly !== undefined) check(value === exactly, `${measure}: ${value} instead of ${exactly}.`);
}
const stamped = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, { ...result, measuredAt: '' }]));
check(page(stamped, judge(results)).includes('| '), 'The page is empty.');
check(chart(results).includes('<rect'), 'The chart is empty.');

for (const failure of failures) console.error(failure);
console.log(failures.length === 0 ? '\nAll of the bench works.' : `\n${failures.length} of the bench's checks failed.`);
process.exitCode = failures.length === 0 ? 0 : 1;
