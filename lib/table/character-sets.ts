import type { DataSource } from 'typeorm';
import { SessionError } from '../session.errors.js';
import { toSessionError } from './database-error.js';
import type { CharacterSets, Query, TableShape } from './sql/dialect.js';
import { queryRunnerTransport } from './sql/transport.js';

type Known = CharacterSets | undefined;

/** By table, so that stores over one data source query once. */
const known = new WeakMap<DataSource, Map<string, Promise<Known>>>();

/**
 * What the columns and the connection carry. `undefined` if there is no table yet: then the next call asks again, as after a failure.
 * Rejects with a `SessionError`.
 */
export async function characterSetsOf(shape: TableShape, timeoutMs: number): Promise<Known> {
  const { dataSource, dialect, table, columns } = shape;
  const key = [table, ...Object.values(columns).map(({ field, sql }) => field + sql)].join();
  const ofDataSource = known.get(dataSource) ?? new Map<string, Promise<Known>>();
  known.set(dataSource, ofDataSource);
  const query: Query = async (sql, parameters) => {
    const statement = { name: '', sql, isFrequent: false, isPlain: false };
    const { records } = await queryRunnerTransport(dataSource, statement, [...parameters], timeoutMs);
    return records as Awaited<ReturnType<Query>>;
  };
  const asked = ofDataSource.get(key) ?? dialect.characterSets!(query, shape);
  ofDataSource.set(key, asked);
  try {
    const sets = await asked;
    if (!sets) ofDataSource.delete(key);
    return sets;
  } catch (error) {
    ofDataSource.delete(key);
    throw error instanceof SessionError ? error : toSessionError(error, shape);
  }
}
