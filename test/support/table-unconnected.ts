import { DataSource, type DataSourceOptions, type EntitySchema } from 'typeorm';

/** Data sources whose drivers know their SQL; no server is asked. */
export const UNCONNECTED = {
  postgres: { type: 'postgres' },
  mysql: { type: 'mysql', database: 'test' },
  mariadb: { type: 'mariadb', database: 'test' },
  // Any driver will do that nobody calls; the real one may not be installed.
  'better-sqlite3': { type: 'better-sqlite3', database: ':memory:', driver: {} },
  sqljs: { type: 'sqljs' },
} as const satisfies Record<string, DataSourceOptions>;

/** A data source that has read its entities and never connects. */
export async function readEntities(
  options: DataSourceOptions,
  entities: readonly (EntitySchema | (new () => object))[],
): Promise<DataSource> {
  const dataSource = new DataSource({ ...options, entities: [...entities] });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  return dataSource;
}
