import type { DataSource } from 'typeorm';
import { SessionError } from '../session.errors.js';
import { toSessionError } from './database-error.js';
import type { SessionField } from './session-row.js';
import type { Query, TableShape } from './sql/dialect.js';
import { queryRunnerTransport } from './sql/transport.js';

type Narrow = ReadonlySet<SessionField> | undefined;

/** By table, so that stores over one data source query once. */
const known = new WeakMap<DataSource, Map<string, Promise<Narrow>>>();

/**
 * The fields whose column, or the connection, does not carry every character. `undefined` if there is no table yet: then the next
 * call asks again, as after a failure. Rejects with a `SessionError`.
 */
export async function narrowFieldsOf(shape: TableShape, timeoutMs: number): Promise<Narrow> {
  const { dataSource, dialect, table, columns } = shape;
  const key = [table, ...Object.values(columns).map(({ field, sql }) => field + sql)].join();
  const ofDataSource = known.get(dataSource) ?? new Map<string, Promise<Narrow>>();
  known.set(dataSource, ofDataSource);
  const query: Query = async (sql, parameters) => {
    const statement = { name: '', sql, isFrequent: false, isPlain: false };
    const { records } = await queryRunnerTransport(dataSource, statement, [...parameters], timeoutMs);
    return records as Awaited<ReturnType<Query>>;
  };
  const asked = ofDataSource.get(key) ?? dialect.narrowFields!(query, shape);
  ofDataSource.set(key, asked);
  try {
    const narrow = await asked;
    if (!narrow) ofDataSource.delete(key);
    return narrow;
  } catch (error) {
    ofDataSource.delete(key);
    throw error instanceof SessionError ? error : toSessionError(error, shape);
  }
}
