import type { DataSource, EntityMetadata, EntityTarget, MigrationInterface, ObjectLiteral, QueryRunner, TableColumn } from 'typeorm';
import { Table } from 'typeorm';
import { metadataApart } from '../entity/entity-metadata.js';

/** What a migration does, and how it takes that back. */
export type Work = Pick<MigrationInterface, 'up' | 'down'>;

/** An entity, and the table that it asks for. */
export interface Asked {
  readonly metadata: EntityMetadata;
  readonly table: Table;
}

// `manager.dataSource` is TypeORM 1; 0.3 calls it `connection`.
export const dataSourceOf = ({ manager }: QueryRunner): DataSource => manager.dataSource ?? manager.connection;

/** The table that an entity asks for; a migration outlives the entity that it was made for, so nobody needs to have registered it. */
export async function tableOf(runner: QueryRunner, entity: EntityTarget<ObjectLiteral>): Promise<Asked> {
  const dataSource = dataSourceOf(runner);
  const metadata = await metadataApart(dataSource, entity);
  return { metadata, table: Table.create(metadata, dataSource.driver) };
}

/** The columns of a table that another one lacks. */
export const columnsBeyond = (table: Table, other: Table): TableColumn[] =>
  table.columns.filter(({ name }) => !other.findColumnByName(name));

export const quoted = (columns: readonly TableColumn[]): string => columns.map(({ name }) => `"${name}"`).join(', ');
