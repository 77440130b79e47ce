import { standardDialect } from '../../lib/table/standard.dialect.js';
import { describeSessionTable } from '../conformance/session-table.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';

describeEachDatabase('Sessions', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);

  describeSessionTable('in its own dialect', () => openTable(dataSource(), entity));
  describeSessionTable('through the query runner', () => openTable(dataSource(), entity, { prepares: false }));
  describeSessionTable('in the standard dialect', () => openTable(dataSource(), entity, { dialect: standardDialect }), 1);
});
