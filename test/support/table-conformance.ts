import { mysqlDialect } from '../../lib/table/databases/mysql/mysql.dialect.js';
import { standardDialect } from '../../lib/table/sql/standard.dialect.js';
import { describeSessionTable } from '../conformance/session-table.js';
import { describeEachDatabase, useDataSource, type TestDatabase } from './databases.js';
import { openTable, ownSessionEntity } from './table-open.js';

/** The contract of a table on these databases, in every way in which statements reach them. A file for each: all of it takes a minute. */
export function describeConformance(...names: TestDatabase['name'][]): void {
  describeEachDatabase('Sessions', describeTables, names);
}

function describeTables(database: TestDatabase): void {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  describeSessionTable('in its own dialect', () => openTable(dataSource(), entity));
  describeSessionTable('through the query runner', () => openTable(dataSource(), entity, { prepares: false }));
  if (database.options.type === 'mariadb') {
    describeSessionTable('as if it were MySQL', () => openTable(dataSource(), entity, { dialect: mysqlDialect }));
  }
  describeSessionTable('in the standard dialect', () => openTable(dataSource(), entity, { dialect: standardDialect }), 1);
}
