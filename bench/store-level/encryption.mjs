/**
 * What encryption costs a session of 1 KB: CPU time of get, change and set in this process, encrypted beside plain, and as a graph. On
 * SQLite in this process, whose time is in it, and on the servers of POSTGRES_URL and MARIADB_URL, if they are set, whose time is not. In
 * pairs of rounds, whose order changes, and the median of their ratios.
 *
 *     node store-level/encryption.mjs [rounds] [sessions in each]
 */
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { createSessionStore, defineSessionEntity } from '../../dist/express.js';

const [rounds = 15, sessions = 2_000] = process.argv.slice(2).map(Number);
const { POSTGRES_URL, MARIADB_URL } = process.env;
const CONNECTIONS = {
  SQLite: { type: 'better-sqlite3', database: ':memory:' },
  ...(POSTGRES_URL && { PostgreSQL: { type: 'postgres', url: POSTGRES_URL } }),
  ...(MARIADB_URL && { MariaDB: { type: 'mariadb', url: MARIADB_URL } }),
};
const KINDS = {
  'a second plain store': {},
  encryption: { encryption: { keys: [{ id: 'bench', secret: Buffer.alloc(32, 7) }] } },
  "serializer: 'graph'": { serializer: 'graph' },
};

/** A session whose JSON has about 1 KB. */
const sessionOf = (index) => ({
  cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' },
  userId: `user-${index}`,
  cart: Array.from({ length: 12 }, (_, item) => ({ id: item, title: `A thing of number ${item}`, price: 100 * item })),
  views: 0,
  note: 'x'.repeat(200),
});

let tables = 0;
const open = async (connection, options) => {
  const tableName = `sessions_encryption_${++tables}`;
  const entity = defineSessionEntity({ tableName });
  const dataSource = await new DataSource({ ...connection, entities: [entity], synchronize: true }).initialize();
  const store = createSessionStore({ dataSource, entity, prune: false, ...options });
  for (let index = 0; index < sessions; index++) await store.set(`a session of the bench ${index}`, sessionOf(index));
  const end = async () => {
    await store.close();
    await dataSource.query(`DROP TABLE ${tableName}`);
    await dataSource.destroy();
  };
  return { store, end };
};

/** Microseconds of CPU for each get and set. */
async function timed(store) {
  const before = process.cpuUsage();
  for (let index = 0; index < sessions; index++) {
    const sid = `a session of the bench ${index}`;
    const data = await store.get(sid);
    data.views++;
    await store.set(sid, data);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / sessions;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

for (const [database, connection] of Object.entries(CONNECTIONS)) {
  const plain = await open(connection, {});
  for (const [kind, options] of Object.entries(KINDS)) {
    const other = await open(connection, options);
    const pairs = [];
    for (let round = 0; round <= rounds; round++) {
      const pair = {};
      for (const name of round % 2 === 0 ? ['plain', 'other'] : ['other', 'plain'])
        pair[name] = await timed(name === 'plain' ? plain.store : other.store);
      // The first warms up.
      if (round > 0) pairs.push(pair);
    }
    const [theirs, ours] = [median(pairs.map((pair) => pair.plain)), median(pairs.map((pair) => pair.other))];
    const ratio = median(pairs.map((pair) => pair.other / pair.plain));
    console.log(`${database}, ${kind}: ${ours.toFixed(1)} µs beside ${theirs.toFixed(1)} µs plain, ${ratio.toFixed(2)} ×`);
    await other.end();
  }
  await plain.end();
}
