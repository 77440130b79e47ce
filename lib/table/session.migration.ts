import { Table } from 'typeorm';
import type { DataSource, EntityTarget, MigrationInterface, ObjectLiteral, QueryRunner } from 'typeorm';
import { SessionOptionsError } from '../session.errors.js';
import { tuneTable } from './databases/databases.js';
import { metadataOf } from './entity/columns.js';
import { SessionEntity } from './entity/session.entity.js';

/**
 * What `createSessionMigration` makes a table for.
 *
 * @publicApi
 */
export interface SessionMigrationOptions {
  /** Registered on the data source that runs the migration. @default SessionEntity */
  entity?: EntityTarget<ObjectLiteral>;
  /** Name of the migration, ending in 13 digits, by which TypeORM orders it. @default 'CreateSessions1767225600000' */
  name?: string;
}

/**
 * A TypeORM migration class that creates the session table with its indexes, and drops it. Export it from a file that
 * the data source's `migrations` finds. Throws `SessionOptionsError` if the name has no timestamp.
 *
 * @publicApi
 */
export function createSessionMigration(options: SessionMigrationOptions = {}): new () => MigrationInterface {
  const { entity = SessionEntity, name = 'CreateSessions1767225600000' } = options;
  if (!/^\w*\d{13}$/.test(name)) {
    throw new SessionOptionsError(
      `The migration name "${name}" does not end in a timestamp of 13 digits. Append one, as in "CreateSessions1767225600000".`,
    );
  }
  return class implements MigrationInterface {
    readonly name = name;

    async up(queryRunner: QueryRunner): Promise<void> {
      const table = tableOf(entity, queryRunner);
      await queryRunner.createTable(table, true);
      await tuneTable(queryRunner, metadataOf(dataSourceOf(queryRunner), entity).tablePath);
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.dropTable(tableOf(entity, queryRunner), true);
    }
  };
}

// `manager.dataSource` is TypeORM 1; 0.3 calls it `connection`.
const dataSourceOf = ({ manager }: QueryRunner): DataSource => manager.dataSource ?? manager.connection;

function tableOf(entity: EntityTarget<ObjectLiteral>, queryRunner: QueryRunner): Table {
  const dataSource = dataSourceOf(queryRunner);
  return Table.create(metadataOf(dataSource, entity), dataSource.driver);
}
