import type { ObjectLiteral, Repository } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { hashSessionId } from '../../lib/store/session/id.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import { describeEachDatabase, uniqueTableName, useDataSource, type TestDatabase } from './databases.js';
import { callInstance, type Call } from './race-call.js';
import { RaceInstance, raceEntity, type InstanceConfig } from './race-instance.js';
import { RaceProcess } from './race-process.js';

/** A `RaceInstance`, wherever it stands. */
export type Instance = Pick<RaceInstance, keyof RaceInstance>;

/** Two instances of an application over one table. Every call of either moves their common clock by a millisecond. */
export interface Race {
  readonly here: Instance;
  readonly there: Instance;
  /** Moves the clock of both. */
  advance(ms: number): void;
  /** How many rows there are, expired ones included. */
  rowCount(): Promise<number>;
  /** How often the data of a session was written. */
  writesOf(sid: string): Promise<number | undefined>;
  /** Removes the row of a session id past both instances; false where there is none. */
  removeRow(sid: string): Promise<boolean>;
}

/** Where the two instances stand: in this process, with a connection each where the database has several, or in two others. */
export type Setting = 'two stores' | 'two processes';

type Options = Partial<SessionModuleOptions>;

interface RaceOptions extends Options {
  readonly settings?: (database: TestDatabase) => readonly Setting[];
}

/**
 * Runs a suite on every database between two stores and, where processes can share it, between two processes. Where the
 * order of what happens is the test's own, the stores are enough.
 */
export function describeEachRace(
  title: string,
  suite: (race: Race) => void,
  { settings = settingsOf, ...options }: RaceOptions = {},
): void {
  describeEachDatabase(title, (database) => {
    for (const setting of settings(database)) {
      describe(`between ${setting}`, () => suite(useRace(database, setting, options)));
    }
  });
}

/** All settings that a database allows. */
export const settingsOf = ({ isShared }: TestDatabase): Setting[] => (isShared ? ['two stores', 'two processes'] : ['two stores']);

/** For races whose order is the test's own. */
export const twoStores = (): Setting[] => ['two stores'];

/** Two instances for a suite, over a table that is empty at the start of each test. */
export function useRace(database: TestDatabase, setting: Setting, options: Options = {}): Race {
  const config: InstanceConfig = { name: database.name, connection: database.options, tableName: uniqueTableName(), options };
  const entity = raceEntity(config);
  const dataSource = useDataSource(database, [entity], { poolSize: 3 });
  const rows = (): Repository<ObjectLiteral> => dataSource().getRepository(entity);
  const ends: (() => Promise<void>)[] = [];
  const calls: ((call: Omit<Call, 'id'>) => Promise<unknown>)[] = [];
  let now = Date.UTC(2030, 0, 1);

  beforeAll(async () => {
    for (const index of [0, 1]) {
      if (setting === 'two processes') {
        const child = new RaceProcess(config);
        calls[index] = (call) => child.call(call);
        ends.push(() => child.end());
      } else {
        const instance = database.isShared ? await RaceInstance.open(config) : new RaceInstance(dataSource(), entity, options);
        calls[index] = (call) => callInstance(instance, call);
        ends.push(() => instance.close());
      }
    }
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });
  beforeEach(async () => {
    await rows().createQueryBuilder().delete().execute();
    for (const instance of [here, there]) await instance.takeEvents();
  });

  const instanceAt = (index: number) =>
    new Proxy({} as Instance, {
      get:
        (_, method) =>
        (...args: unknown[]) =>
          calls[index]!({ now: ++now, method: method as keyof RaceInstance, args }),
    });
  const [here, there] = [instanceAt(0), instanceAt(1)];

  return {
    here,
    there,
    advance: (ms) => void (now += ms),
    rowCount: () => rows().count(),
    writesOf: async (sid) => (await rows().findOneBy({ id: hashSessionId(sid) }))?.version as number | undefined,
    removeRow: async (sid) => {
      const { affected } = await rows().delete({ id: hashSessionId(sid) });
      return affected === 1;
    },
  };
}
