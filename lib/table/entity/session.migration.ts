import { Table } from 'typeorm';
import type { DataSource, EntityTarget, MigrationInterface, ObjectLiteral, QueryRunner } from 'typeorm';
import { SessionEntityError, SessionOptionsError } from '../../session.errors.js';
import { tuneTable } from '../databases/databases.js';
import { SessionEntity } from './session.entity.js';

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
 * the data source's `migrations` finds. Throws `SessionOptionsError` where the name has no timestamp.
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
      await tuneTable(queryRunner, dataSourceOf(queryRunner).getMetadata(entity).tablePath);
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
  if (!dataSource.hasMetadata(entity)) {
    throw new SessionEntityError(
      'The session migration needs its entity on the data source that runs it. Add it to the `entities` of that data source.',
    );
  }
  return Table.create(dataSource.getMetadata(entity), dataSource.driver);
}
