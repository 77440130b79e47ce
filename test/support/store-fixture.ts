import type { DataSource, EntityTarget, Logger, ObjectLiteral } from 'typeorm';
import { EntitySchema } from 'typeorm';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { hashSessionId } from '../../lib/store/session/id.js';
import type { SessionModuleOptions } from '../../lib/store/options/session-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { defineSessionEntity, type SessionEntityDefinition } from '../../lib/table/entity/session.entity.js';
import { uniqueTableName, useDataSource, type TestDatabase } from './databases.js';
import { SECRET } from './secret.js';

/** The moment at which every test begins. */
export const START = Date.UTC(2030, 0, 1);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A row as it lies in the table, by property. */
export type RawRow = Record<string, unknown> & { readonly id: string; readonly data: string };

/** Stores over one table, with a clock that only the test moves. */
export interface StoreFixture {
  readonly clock: { now: number };
  /** What the stores warned of. */
  readonly warnings: string[];
  /** Every SQL statement since the test began. */
  readonly statements: string[];
  dataSource(): DataSource;
  /** One more store over the same table, as another process has it; closed after the test. */
  open(options?: Partial<SessionModuleOptions>): SessionStore;
  rows(): Promise<RawRow[]>;
  /** The row of a session id. */
  rowOf(sid: string): Promise<RawRow | undefined>;
  /** Changes the row of a session id past every store. */
  alter(sid: string, change: ObjectLiteral): Promise<void>;
  /** How many statements some work costs. */
  statementsOf(work: () => Promise<unknown>): Promise<number>;
}

/** A table of the default shape, or another entity, for a suite; empty at the start of each test. */
export function useStores(database: TestDatabase, shape: SessionEntityDefinition | EntitySchema = {}): StoreFixture {
  const entity: EntitySchema =
    shape instanceof EntitySchema ? shape : defineSessionEntity({ name: 'StoreTest', tableName: uniqueTableName(), ...shape });
  const target = entity as EntityTarget<ObjectLiteral>;
  const clock = { now: START };
  const warnings: string[] = [];
  const statements: string[] = [];
  const stores: SessionStore[] = [];
  const dataSource = useDataSource(database, [entity], { logger: recorder(statements) });

  const repository = () => dataSource().getRepository(target);
  const keyOf = (sid: string, row: ObjectLiteral) => row.id === hashSessionId(sid) || row.id === sid;
  const rows = async () => (await repository().find()) as RawRow[];

  const open = (options: Partial<SessionModuleOptions> = {}): SessionStore => {
    const resolved = resolveOptions({ secret: SECRET, entity, prune: false, ...options });
    const warn = (message: string) => void warnings.push(message);
    const store = composeStore(resolved, { dataSource: dataSource(), now: () => clock.now, warn });
    stores.push(store);
    return store;
  };

  // The first store over a data source asks for its character sets; tests count what comes after that.
  beforeAll(() => open().ping());
  beforeEach(async () => {
    await repository().createQueryBuilder().delete().execute();
    clock.now = START;
    warnings.length = 0;
    statements.length = 0;
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });

  return {
    clock,
    warnings,
    statements,
    dataSource,
    open,
    rows,
    rowOf: async (sid) => (await rows()).find((row) => keyOf(sid, row)),
    async alter(sid, change) {
      const row = (await rows()).find((each) => keyOf(sid, each));
      const { affected } = await repository().update({ id: row?.id }, change);
      if (affected !== 1) throw new Error('There is no such row.');
    },
    async statementsOf(work) {
      statements.length = 0;
      await work();
      return statements.length;
    },
  };
}

/** The first word of each statement. */
export const kindsOf = (statements: readonly string[]) =>
  statements.map((sql) => /^(?:SET STATEMENT \S+ FOR )?(\w+)/.exec(sql)![1]!.toUpperCase());

/** The row of `defineSessionEntity` with only some of its fields. */
export function entityOf(...fields: string[]): EntitySchema {
  const { options } = defineSessionEntity({ name: 'SparseStoreTest', tableName: uniqueTableName() });
  const columns = Object.fromEntries(Object.entries(options.columns).filter(([field]) => fields.includes(field)));
  return new EntitySchema<ObjectLiteral>({ name: options.name, tableName: options.tableName!, columns });
}

function recorder(statements: string[]): Logger {
  const ignore = () => undefined;
  return {
    logQuery: (query) => void statements.push(query),
    logQueryError: ignore,
    logQuerySlow: ignore,
    logSchemaBuild: ignore,
    logMigration: ignore,
    log: ignore,
  };
}
