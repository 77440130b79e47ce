import { parseArgs } from 'node:util';
import { NODE_FLAG_OPTIONS, nodeFlagsOf } from '../measure/node-flags.mjs';
import { storeOf } from '../stores/catalogue.mjs';
import { bareExchange } from './bare-exchange.mjs';
import { NO_SESSION } from './no-session.mjs';

/** Measured over HTTP, unless told otherwise. */
export const HTTP_STORES = [
  'ours',
  bareExchange.name,
  'ours-touching',
  'ours-cached',
  'MemoryStore',
  'connect-redis',
  'connect-pg-simple',
  'connect-typeorm',
];

/** What the command line, and behind it the environment, asks for. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      store: { type: 'string' },
      connections: { type: 'string', default: '64' },
      sessions: { type: 'string', default: process.env.BENCH_SESSIONS ?? '5000' },
      writes: { type: 'string', default: '0.1' },
      seconds: { type: 'string', default: process.env.BENCH_HTTP_SECONDS ?? '8' },
      rounds: { type: 'string', default: process.env.BENCH_ROUNDS ?? '3' },
      rows: { type: 'string', default: process.env.BENCH_ROWS ?? '100000' },
      size: { type: 'string', default: 'small' },
      'max-age': { type: 'string' },
      ...NODE_FLAG_OPTIONS,
    },
  });
  const names = values.store?.split(',') ?? [NO_SESSION.name, ...HTTP_STORES];
  return {
    entries: names.map((name) => (name === NO_SESSION.name ? NO_SESSION : storeOf(name))),
    load: { connections: Number(values.connections), sessions: Number(values.sessions), writeShare: Number(values.writes) },
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    rows: Number(values.rows),
    /** Of each session: small or large. */
    size: values.size,
    // By default a cookie ends with the browser.
    maxAgeMs: values['max-age'] === undefined ? null : Number(values['max-age']),
    /** Of the process of each store. */
    execArgv: nodeFlagsOf(values),
  };
}
