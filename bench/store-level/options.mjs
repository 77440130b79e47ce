import { parseArgs } from 'node:util';
import { NODE_FLAG_OPTIONS, nodeFlagsOf } from '../measure/node-flags.mjs';
import { OPERATIONS } from './operations.mjs';
import { STORES } from '../stores/catalogue.mjs';
import { oursTouching } from '../stores/ours.mjs';

export const DATABASES = ['postgres', 'mariadb', 'sqlite'];

/**
 * Operations of each lane that statements are counted over. Over four, a get at 64 at a time took 0.03 to 0.25 of them: the
 * first leaves alone, and it takes some batches until two are of one size.
 */
const COUNTED_EACH = 32;
/** Untimed, before the first round of an operation, in which its code is compiled: servers run for days, rounds for seconds. */
const FIRST_WARM_UP_S = 2;
/** Untimed, before each other round: the other stores have had their turns meanwhile. */
const WARM_UP_S = 0.3;

const listOf = (text, known, name) => {
  const items = text.split(',');
  const wrong = items.find((item) => !known.includes(item));
  if (wrong !== undefined) throw new Error(`--${name} knows no "${wrong}". It knows ${known.join(', ')}.`);
  return items;
};

/** What the command line, and behind it the environment, asks for. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      database: { type: 'string' },
      store: { type: 'string' },
      operation: { type: 'string' },
      concurrency: { type: 'string' },
      seconds: { type: 'string', default: process.env.BENCH_SECONDS ?? '2' },
      rounds: { type: 'string', default: process.env.BENCH_ROUNDS ?? '3' },
      rows: { type: 'string', default: process.env.BENCH_ROWS ?? '100000' },
      ...NODE_FLAG_OPTIONS,
    },
  });
  const names = STORES.filter((store) => store !== oursTouching).map(({ name }) => name);
  const operations = Object.keys(OPERATIONS);
  return {
    databases: listOf(values.database ?? DATABASES.join(), DATABASES, 'database'),
    stores: listOf(values.store ?? names.join(), names, 'store'),
    operations: listOf(values.operation ?? operations.join(), operations, 'operation'),
    concurrencies: (values.concurrency ?? process.env.BENCH_CONCURRENCY ?? '1,16,64').split(',').map(Number),
    seconds: Number(values.seconds),
    firstWarmUpSeconds: FIRST_WARM_UP_S,
    warmUpSeconds: WARM_UP_S,
    countedEach: COUNTED_EACH,
    rounds: Number(values.rounds),
    rows: Number(values.rows),
    /** Of the process of each store. */
    execArgv: nodeFlagsOf(values),
  };
}
