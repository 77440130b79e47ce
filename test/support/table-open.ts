import type { DataSource, EntitySchema, EntityTarget, ObjectLiteral } from 'typeorm';
import { borrowDatabase } from '../../lib/table/data-source-lifecycle.js';
import { defineSessionEntity, type SessionEntity, type SessionEntityDefinition } from '../../lib/table/entity/session.entity.js';
import { TypeOrmSessionTable } from '../../lib/table/typeorm-session-table.js';
import { patient } from './patient-table.js';
import { uniqueTableName, type TestDatabase } from './databases.js';

/** The default row in a table of its own. The server's character set may be latin1, so the data names its own. */
export function ownSessionEntity(database: TestDatabase, definition: SessionEntityDefinition = {}): EntitySchema<SessionEntity> {
  const charset = database.name === 'mariadb' ? { charset: 'utf8mb4' } : {};
  return defineSessionEntity({ tableName: uniqueTableName(), ...charset, ...definition });
}

type TableOptions = ConstructorParameters<typeof TypeOrmSessionTable>[1];

/** The table of an entity on a data source of the test's own; it waits for rows that others have locked. */
export const openTable = (...args: Parameters<typeof openImpatientTable>) => patient(openImpatientTable(...args));

/** The same as the library has it. */
export function openImpatientTable(
  dataSource: DataSource,
  entity: EntityTarget<ObjectLiteral>,
  options: Partial<TableOptions> = {},
): TypeOrmSessionTable {
  const { columns = {}, timeoutMs = 5_000, ...rest } = options;
  return new TypeOrmSessionTable(borrowDatabase(dataSource, entity, timeoutMs), { columns, timeoutMs, ...rest });
}
