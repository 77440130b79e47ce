import { expect, it } from 'vitest';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { ownSessionEntity } from '../support/table-open.js';
import { useProcess } from '../support/store-process.js';

const SESSIONS = 100;
/** `STRESS_SECONDS=60` is the full run, which also says what it did. */
const seconds = Number(process.env.STRESS_SECONDS ?? 2);

/** What a process came to. */
interface Report {
  readonly saves: number;
  readonly touches: number;
  readonly errors: Record<string, number>;
}

/** Saves and touches all sessions at once, again and again, in the orders that it is given; prints a `Report`. */
const PROGRAM = `
import { DataSource } from 'typeorm';
import { defineSessionEntity } from './dist/express.js';
const { options, tableName, charset, orders, sessions, seconds } = JSON.parse(process.env.OPPOSITE);
const entity = defineSessionEntity({ tableName, ...(charset && { charset }) });
const dataSource = new DataSource({ ...options, entities: [entity], synchronize: options.type !== 'postgres' && options.type !== 'mariadb' });
await dataSource.initialize();
const store = createSessionStore({ dataSource, entity, touchInterval: 0, prune: false });
const cookie = { originalMaxAge: null };
const sids = Array.from({ length: sessions }, (_, index) => 'session ' + index);
const report = { saves: 0, touches: 0, errors: {} };
const count = ({ code, message, cause }) => {
  const name = [code, message, cause?.message].join(' ');
  report.errors[name] = (report.errors[name] ?? 0) + 1;
};
await Promise.all(sids.map((sid) => store.get(sid).then((data) => data ?? store.set(sid, { cookie, n: 0 }))));
const save = async (sid) => {
  const data = await store.get(sid);
  data.n += 1;
  await store.set(sid, data);
  report.saves++;
};
const touch = async (sid) => {
  const data = await store.get(sid);
  await store.touch(sid, data);
  report.touches++;
};
const end = Date.now() + seconds * 1000;
await Promise.all(orders.map(async (order) => {
  const ordered = order === 'up' ? sids : sids.toReversed();
  while (Date.now() < end) await Promise.all(ordered.flatMap((sid, index) => [(index % 2 ? save : touch)(sid).catch(count), touch(sid).catch(count)]));
}));
await store.close();
await dataSource.destroy();
console.log(JSON.stringify(report));
`;

describeEachDatabase(`saves and touches of ${SESSIONS} sessions in opposite orders for ${seconds} s`, (database) => {
  const entity = ownSessionEntity(database, { tableName: uniqueTableName() });
  useDataSource(database, [entity]);
  const run = useProcess(seconds * 2_000 + 20_000);

  it('meet no deadlock that anybody hears of', { timeout: seconds * 3_000 + 30_000 }, async () => {
    const { tableName, columns } = entity.options;
    const task = { options: database.options, tableName, charset: columns.data?.charset, sessions: SESSIONS, seconds };
    // A database within a process is shared by the stores of that process only.
    const orders = database.isShared ? [['up'], ['down']] : [['up', 'down']];
    const work = orders.map((each) => run(PROGRAM, { OPPOSITE: JSON.stringify({ ...task, orders: each }) }));
    const reports = (await Promise.all(work)) as Report[];
    if (process.env.STRESS_SECONDS) console.log(database.name, reports);
    for (const report of reports) {
      expect(report.errors).toEqual({});
      expect(report.saves).toBeGreaterThanOrEqual(SESSIONS / 2);
      expect(report.touches).toBeGreaterThanOrEqual(SESSIONS);
    }
  });
});
