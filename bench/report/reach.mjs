/** Ratios that differ by less than this are noise: a line is missed only beyond it. */
export const NOISE = 0.15;

/** What shows, for each bench, how far anybody could get on the machine of the run. */
export const FLOORS = { store: 'bare-batch', http: 'bare-exchange' };

const DATABASE_PEERS = { postgres: 'connect-pg-simple', mariadb: 'express-mysql-session', sqlite: 'better-sqlite3-session-store' };
const TITLES = { postgres: 'PostgreSQL', mariadb: 'MariaDB', sqlite: 'SQLite' };

/** Of one operation at the store level, ours in proportion to another store. */
const atStore = (database, operation, concurrency, target, { figure = 'perSecond', store = 'ours', against, title, floor } = {}) => ({
  measure: `${TITLES[database]}: ${title ?? operation}, ${concurrency} at a time`,
  bench: 'store',
  of: { database, operation, concurrency, store },
  against: against ?? DATABASE_PEERS[database],
  figure,
  floor,
  ...target,
});

const overHttp = (measure, against, target, { figure = 'perSecond', store = 'ours', floor } = {}) => ({
  measure: `HTTP: ${measure}`,
  bench: 'http',
  of: { store },
  against,
  figure,
  floor,
  ...target,
});

const requests = '10 % writes, requests/s';

/** A figure by itself. */
const alone = (bench, id, measure, target, floor) => ({ measure, bench, of: { id }, figure: 'value', floor, ...target });

/** What is to be reached, and what a spike has shown to be within reach (`floor`). */
export const REACH = [
  overHttp(requests, 'no-session', { atLeast: 0.6 }, { floor: '0.71' }),
  overHttp(requests, 'MemoryStore', { atLeast: 1.5 }, { floor: '1.74' }),
  overHttp(requests, 'connect-redis', { atLeast: 1.2 }, { floor: '1.30' }),
  overHttp(requests, 'connect-pg-simple', { atLeast: 3 }),
  overHttp(requests, 'connect-typeorm', { atLeast: 3.5 }, { floor: '3.8' }),
  overHttp('every request touches, requests/s', 'MemoryStore', { atLeast: 0.75 }, { store: 'ours-touching', floor: '0.78' }),
  overHttp('a cache answers, reads only, requests/s', 'no-session', { atLeast: 0.75 }, { store: 'ours-cached' }),
  overHttp('99th percentile', 'connect-pg-simple', { atMost: 0.5 }, { figure: 'p99Ms', floor: '0.40' }),
  atStore('postgres', 'get', 64, { atLeast: 6 }, { floor: '5.3–6.1' }),
  atStore('postgres', 'get', 1, { atLeast: 1.1 }, { floor: '1.4–1.8' }),
  atStore('postgres', 'get', 1, { atMost: 1 }, { figure: 'cpuMicros', title: 'CPU of a get' }),
  atStore('postgres', 'get', 1, { atMost: 0.8 }, { figure: 'p50Ms', title: 'median time of a get' }),
  atStore('postgres', 'get', 64, { atLeast: 1.3 }, { against: 'connect-redis', floor: '1.4–1.8' }),
  atStore('postgres', 'touch', 64, { atLeast: 5 }, { floor: '5.8–6.5' }),
  atStore('postgres', 'touch', 1, { atLeast: 1.4 }, { floor: '1.5' }),
  atStore('postgres', 'set', 64, { atLeast: 3.5 }, { title: 'set 1 KB', floor: '4.1–5.0' }),
  atStore('postgres', 'set', 1, { atLeast: 1.1 }, { title: 'set 1 KB', floor: '1.5' }),
  atStore('postgres', 'set-large', 64, { atLeast: 1.8 }, { title: 'set 10 KB', floor: '1.1' }),
  atStore('postgres', 'get-touch', 64, { atLeast: 10 }, { title: 'get + touch, defaults', floor: '11–13' }),
  atStore('postgres', 'create-destroy', 64, { atLeast: 4 }, { title: 'create + destroy', floor: '6' }),
  atStore('postgres', 'get', 64, { atMost: 0.2 }, { figure: 'cpuMicros', title: 'CPU of a get', floor: '0.16–0.20' }),
  atStore('postgres', 'get', 64, { atLeast: 3.5 }, { store: 'ours-by-query', title: 'get by `query` only', floor: '4.0' }),
  atStore('postgres', 'touch', 64, { atLeast: 4 }, { store: 'ours-by-query', title: 'touch by `query` only', floor: '4.9' }),
  atStore('postgres', 'set-unknown', 64, { atLeast: 3 }, { title: 'set 1 KB of unknown origin' }),
  atStore('postgres', 'create-destroy-unknown', 64, { atLeast: 4 }, { title: 'create + destroy of unknown origin' }),
  atStore('mariadb', 'get', 64, { atLeast: 4 }, { floor: '4.9–8.4' }),
  atStore('mariadb', 'set', 64, { atLeast: 2 }, { title: 'set 1 KB', floor: '2.2–2.7' }),
  atStore('mariadb', 'touch', 64, { atLeast: 2.5 }, { floor: '2.6–4.1' }),
  atStore('mariadb', 'create-destroy', 64, { atLeast: 2.8 }, { title: 'create + destroy' }),
  atStore('mariadb', 'get', 1, { atLeast: 1 }),
  atStore('sqlite', 'get', 64, { atLeast: 1.4 }, { floor: '1.6–1.8' }),
  atStore('sqlite', 'set', 64, { atLeast: 1.2 }, { title: 'set 1 KB', floor: '1.7' }),
  atStore('sqlite', 'touch', 64, { atLeast: 0.9 }),
  atStore('sqlite', 'create-destroy', 64, { atLeast: 1.5 }, { title: 'create + destroy', floor: '3' }),
  atStore('sqlite', 'get', 1, { atLeast: 1.2 }),
  alone('http', 'anonymous', 'Statements of an anonymous request', { exactly: 0 }),
  alone('http', 'look', 'Statements of a request that only reads, in the touch interval', { exactly: 1 }),
  alone('http', 'look-late', 'Statements of a request that only reads, after the touch interval', { exactly: 2 }),
  alone('http', 'look-cached', 'Statements of a request that only reads, from the cache', { exactly: 0 }),
  alone('http', 'change', 'Statements of a request that changes its session', { exactly: 2 }),
  alone('scale', 'hot-share', 'One million touches: share of HOT updates', { atLeast: 0.85 }, '0.89'),
  alone('scale', 'wal-ratio', 'One million touches: WAL against an indexed expiry', { atMost: 0.65 }, '0.61'),
  alone('prune', 'p99-ratio', 'Pruning under load: 99th percentile of a get against one DELETE', { atMost: 0.6 }, '0.48–0.57'),
  alone('prune', 'longest-ms', 'Pruning under load: longest statement in ms', { atMost: 100 }),
  alone('memory', 'growth-mb', 'Heap in MB that 100,000 sessions leave behind', { atMost: 1 }),
];
