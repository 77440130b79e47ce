/**
 * What encryption costs a session of 1 KB: CPU time of get, change and set, encrypted beside plain, and as a graph. On a database
 * in this process, so that no server's time is in it. In pairs of rounds, whose order changes, and the median of their ratios.
 *
 *     node store-level/encryption.mjs [rounds] [sessions in each]
 */
import 'reflect-metadata';
import { createSessionStore } from '../../dist/express.js';

const [rounds = 15, sessions = 2_000] = process.argv.slice(2).map(Number);
const PLAIN = {};
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

const open = async (options) => {
  const store = createSessionStore({ connection: { type: 'better-sqlite3', database: ':memory:' }, prune: false, ...options });
  for (let index = 0; index < sessions; index++) await store.set(`a session of the bench ${index}`, sessionOf(index));
  return store;
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

const plain = await open(PLAIN);
for (const [kind, options] of Object.entries(KINDS)) {
  const store = await open(options);
  const pairs = [];
  for (let round = 0; round <= rounds; round++) {
    const pair = {};
    for (const name of round % 2 === 0 ? ['plain', 'other'] : ['other', 'plain'])
      pair[name] = await timed(name === 'plain' ? plain : store);
    // The first warms up.
    if (round > 0) pairs.push(pair);
  }
  const [theirs, ours] = [median(pairs.map((pair) => pair.plain)), median(pairs.map((pair) => pair.other))];
  const ratio = median(pairs.map((pair) => pair.other / pair.plain));
  console.log(`${kind}: ${ours.toFixed(1)} µs beside ${theirs.toFixed(1)} µs plain, ${ratio.toFixed(2)} ×`);
  await store.close();
}
await plain.close();
