import { setTimeout } from 'node:timers/promises';
import { postgres } from '../databases/postgres.mjs';
import { inLanes } from '../measure/in-lanes.mjs';
import { markdownTable } from '../report/markdown-table.mjs';
import { columns } from '../report/text-table.mjs';
import { cloneRows } from '../stores/clone-rows.mjs';
import { fillStore } from '../stores/fill-store.mjs';
import { oursTouching } from '../stores/ours.mjs';
import { DAY_MS, sampleSession } from '../stores/sample-session.mjs';
import { shuffledSids } from '../stores/shuffled-sids.mjs';
import { WalMeter } from './wal-meter.mjs';

/** Bytes of the sessions, in equal shares: how many fit on a page, and what is left of it, decides where an update goes. */
const SIZES = [600, 700, 800, 900, 1_000, 1_100, 1_200, 1_300, 1_400];
const ABREAST = 64;
/** So many touches, then the log is read. */
const BATCH = 20_000;
const COUNT_ATTEMPTS = 100;

const { table } = oursTouching.row;

/** Touches sessions on PostgreSQL: of our table, and of the same one with an index on the exact expiry instead. */
export async function measureTouches(rows, touches) {
  const ours = await measure(rows, touches, async () => {});
  const exact = await measure(rows, touches, async ({ query }) => {
    const indexes = await query(`SELECT indexname FROM pg_indexes WHERE tablename = $1 AND indexdef LIKE '%prune_after%'`, [table]);
    for (const { indexname } of indexes) await query(`DROP INDEX "${indexname}"`);
    await query(`CREATE INDEX ON "${table}" (expires_at)`);
  });
  const line = (name, { perSecond, hotShare, walMb }) => [
    name,
    Math.round(perSecond),
    `${(hotShare * 100).toFixed(1)} %`,
    walMb.toFixed(0),
  ];
  const lines = [
    ['Index on', 'touches/s', 'HOT', 'WAL in MB'],
    line('the hour of the expiry (ours)', ours),
    line('the exact expiry', exact),
  ];
  console.log(columns(lines));
  return {
    measurements: [
      { id: 'hot-share', value: ours.hotShare },
      { id: 'wal-ratio', value: ours.walMb / exact.walMb },
    ],
    versions: [ours.version],
    conditions:
      `${rows} rows of ${SIZES[0]} to ${SIZES.at(-1)} bytes, ${touches} touches in random order, ${ABREAST} at a time; ` +
      'write-ahead log without page images.',
    text: markdownTable(...lines),
  };
}

async function measure(rows, touches, changeIndexes) {
  const connection = await postgres.create();
  const handle = await oursTouching.open({ database: 'postgres', url: connection.url });
  try {
    const startOf = (index) => 1 + Math.floor((index * rows) / SIZES.length);
    const parts = SIZES.map((bytes, index) => ({
      template: `template-of-${bytes}`,
      bytes,
      first: startOf(index),
      last: startOf(index + 1) - 1,
    }));
    await fillStore(handle, parts);
    await changeIndexes(connection);
    for (const part of parts) await cloneRows(postgres, connection, oursTouching, part);
    await connection.settle(`"${table}"`);
    const meter = new WalMeter(connection);
    await meter.start();
    const before = await updatesOf(connection);
    const seconds = await touchInRandomOrder(handle.store, rows, touches, () => meter.read());
    await handle.close();
    const { all, hot } = await updatesSince(before, connection, touches);
    return { version: connection.version, perSecond: touches / seconds, hotShare: hot / all, walMb: meter.bytes / 1e6 };
  } finally {
    await handle.close();
    await connection.drop();
  }
}

/** Resolves to how many seconds the touches took. */
async function touchInRandomOrder(store, rows, touches, afterBatch) {
  const session = sampleSession(SIZES[0]);
  const shuffled = shuffledSids(1, rows);
  // As express-session does: the cookie of each request ends anew.
  const touch = (sid) => store.touch(sid, { ...session, cookie: { ...session.cookie, expires: new Date(Date.now() + DAY_MS) } });
  let seconds = 0;
  for (let left = touches; left > 0; left -= BATCH) {
    const sids = Array.from({ length: Math.min(left, BATCH) }, () => shuffled.next());
    const start = performance.now();
    await inLanes(sids, ABREAST, touch);
    seconds += (performance.now() - start) / 1_000;
    await afterBatch();
  }
  return seconds;
}

/** The server's processes tell their counts at their end, a moment after the store's. */
async function updatesSince(before, connection, expected) {
  for (let attempt = 0; attempt < COUNT_ATTEMPTS; attempt++) {
    const { all, hot } = await updatesOf(connection);
    if (all - before.all >= expected) return { all: all - before.all, hot: hot - before.hot };
    await setTimeout(100);
  }
  throw new Error(`PostgreSQL did not count ${expected} touches.`);
}

async function updatesOf({ query }) {
  await query('SELECT pg_stat_clear_snapshot()');
  const [row] = await query('SELECT n_tup_upd AS all, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relname = $1', [table]);
  return { all: Number(row.all), hot: Number(row.hot) };
}
