import { isOneOf, mysqlMultiRow } from './mysql.multi-row.js';
import { mysqlDialect } from './mysql.dialect.js';
import { compileText } from '../../sql/statement.js';
import type { SessionDialect } from '../../sql/dialect.js';

/** MariaDB, which tells the rows that it has removed, where MySQL has to look first whether all of them are there. */
export const mariadbDialect: SessionDialect = {
  ...mysqlDialect,
  multiRow: {
    ...mysqlMultiRow,
    remove: {
      isPadded: true,
      answer: 'ids',
      build(shape, rows) {
        return compileText(shape, `DELETE FROM ${shape.table} WHERE ${isOneOf(shape, rows)} RETURNING ${shape.columns.id.sql} AS id`, [
          'id',
        ]);
      },
    },
  },
};
