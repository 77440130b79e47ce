import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeEachDatabase, useDataSource, type TestDatabase } from '../support/databases.js';
import { hasBetterSqlite } from '../support/embedded.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newChange, newRow, newTouch, NOW } from '../support/table-rows.js';

type Method = (...given: unknown[]) => unknown;
type Answer = (error: unknown, client?: object, release?: Method) => void;

const IDS = ['a', 'b', 'c'].map((name) => createHash('sha256').update(name).digest('hex'));

/** What one and several rows go through in their life. */
async function live(table: ReturnType<typeof openTable>): Promise<void> {
  await table.clear();
  for (const ids of [IDS.slice(0, 1), IDS]) {
    const all = <Outcome>(outcome: Outcome) => ids.map(() => outcome);
    const touches = ids.map((id) => newTouch(id));
    expect(await table.insert(ids.map((id) => newRow(id)))).toEqual(all('saved'));
    expect(await table.insert([newRow(ids[0]!)])).toEqual(['conflict']);
    expect(await table.update(ids.map((id) => newChange(id)))).toEqual(all('saved'));
    expect(await table.touch(touches, NOW)).toEqual(all('saved'));
    expect((await table.find(ids, NOW)).map((row) => row?.userId)).toEqual(all('ann'));
    expect(await table.count({ now: NOW })).toBe(ids.length);
    expect(await table.remove(ids)).toEqual(all('removed'));
  }
}

/** An object in whose place another one stands that has some members replaced. */
const replaced = (real: object, members: Readonly<Record<string, unknown>>): object =>
  new Proxy(real, {
    get(target, property) {
      if (Object.hasOwn(members, property)) return members[property as string];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as Method) : value;
    },
  });

/** Like a client of `pg-mem`: it can be asked and given back, and has nothing else of a client of `pg`. */
function bareClient(client: Record<string, Method>): object {
  const { query, release } = client;
  return { query: query!.bind(client), release: release!.bind(client), on: () => undefined, removeListener: () => undefined };
}

/** As tracers do it that change what they are given. */
const copying = (client: object): object =>
  replaced(client, {
    query: (config: unknown, ...rest: unknown[]) =>
      (client as Record<string, Method>)['query']!(typeof config === 'string' ? config : { ...(config as object) }, ...rest),
  });

const CLIENTS: Record<'postgres' | 'mariadb', [string, (client: Record<string, Method>) => object][]> = {
  postgres: [
    ['that are wrapped', (client) => replaced(client, {})],
    ['that copy what they are asked', copying],
    ['that resemble those of pg', bareClient],
    ['that are no full EventEmitters', (client) => replaced(client, { off: undefined, once: undefined })],
    ['that take no queries of other classes', (client) => replaced(client, { pipeline: true })],
    ['whose protocol is out of reach', (client) => replaced(client, { connection: {}, native: {} })],
  ],
  mariadb: [
    ['that are wrapped', (client) => replaced(client, {})],
    ['that cannot prepare statements', (client) => replaced(client, { execute: undefined })],
    ['whose stream is out of reach', (client) => replaced(client, { stream: undefined })],
  ],
};

/** Puts other connections in the place of those that the pool gives; ended with the test. */
function replaceClients({ driver }: DataSource, wrap: (client: Record<string, Method>) => object): void {
  const inside = driver as unknown as { master?: { connect: Method }; obtainMasterConnection: () => Promise<unknown> };
  const { master, obtainMasterConnection } = inside;
  if (!master) {
    inside.obtainMasterConnection = async () => wrap((await obtainMasterConnection.call(driver)) as Record<string, Method>);
    onTestFinished(() => {
      inside.obtainMasterConnection = obtainMasterConnection;
    });
    return;
  }
  // Another pool for us: what was found out about one holds as long as it lives.
  inside.master = replaced(master, {
    connect: (answer: Answer) =>
      master.connect((error: unknown, client: Record<string, Method> | undefined, release: Method) =>
        answer(error, client && wrap(client), release),
      ),
  }) as { connect: Method };
  onTestFinished(() => {
    inside.master = master;
  });
}

describeEachDatabase('Sessions over the drivers of others', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity], { poolSize: 2 });
  const { name } = database;

  if (name === 'postgres' || name === 'mariadb') {
    it.each(CLIENTS[name])('have clients %s', async (_, wrap) => {
      replaceClients(dataSource(), wrap);
      await live(openTable(dataSource(), entity));
    });

    it('have a replication, whose primary takes all statements', async () => {
      const { url } = database.options as { url: string };
      const options = { ...database.options, replication: { master: { url }, slaves: [{ url }] }, entities: [entity] };
      const replicated = await new DataSource(options as DataSourceOptions).initialize();
      onTestFinished(() => replicated.destroy());
      await live(openTable(replicated, entity));
    });
    return;
  }

  it.each<[string, (connection: object) => object]>([
    ['that is wrapped', (connection) => replaced(connection, {})],
    ['that does not tell of transactions', (connection) => replaced(connection, { inTransaction: undefined, exec: undefined })],
    ['whose statements are others', withOtherStatements],
  ])('have a connection %s', async (_, wrap) => {
    const { driver } = dataSource();
    const inside = driver as unknown as { databaseConnection: object };
    const { databaseConnection } = inside;
    inside.databaseConnection = wrap(databaseConnection);
    onTestFinished(() => {
      inside.databaseConnection = databaseConnection;
    });
    await live(openTable(dataSource(), entity));
  });
});

/** Statements without what our transport needs, and with what TypeORM needs. */
const withOtherStatements = (connection: object): object =>
  replaced(connection, {
    exec: undefined,
    prepare: (sql: string) => replaced((connection as Record<string, Method>)['prepare']!(sql) as object, { raw: undefined }),
  });

describe('A driver that is made after better-sqlite3', () => {
  it.skipIf(!hasBetterSqlite)('is used at once, with its transactions', async () => {
    const Database = createRequire(import.meta.url)('better-sqlite3') as new (...given: unknown[]) => object;
    const options = { type: 'better-sqlite3', database: ':memory:', driver: class extends Database {} };
    const database: TestDatabase = { name: 'better-sqlite3', options: options as DataSourceOptions, isShared: false };
    const entity = ownSessionEntity(database);
    const dataSource = await new DataSource({
      ...database.options,
      entities: [entity],
      synchronize: true,
    }).initialize();
    onTestFinished(() => dataSource.destroy());
    const table = openTable(dataSource, entity);
    await live(table);
    await table.insert([newRow(IDS[0]!)]);
    await dataSource.query('BEGIN');
    const removed = table.remove([IDS[0]!]);
    await dataSource.query('ROLLBACK');
    expect(await removed).toEqual(['removed']);
  });
});
