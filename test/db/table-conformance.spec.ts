import { mysqlDialect } from '../../lib/table/databases/mysql/mysql.dialect.js';
import { standardDialect } from '../../lib/table/sql/standard.dialect.js';
import { describeSessionTable } from '../conformance/session-table.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';

describeEachDatabase('Sessions', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  describeSessionTable('in its own dialect', () => openTable(dataSource(), entity));
  describeSessionTable('through the query runner', () => openTable(dataSource(), entity, { prepares: false }));
  if (database.options.type === 'mariadb') {
    describeSessionTable('as if it were MySQL', () => openTable(dataSource(), entity, { dialect: mysqlDialect }));
  }
  describeSessionTable('in the standard dialect', () => openTable(dataSource(), entity, { dialect: standardDialect }), 1);
});
