import { mysqlMultiRow, padded, touch, update, type Among } from './mysql.multi-row.js';
import { isZoned, mysqlDialect } from './mysql.dialect.js';
import { TOUCHED_FIELDS, TOUCHED_IN_HOUR_FIELDS } from '../../session-row.js';
import { isOneOf, LONE_WRITES, mapStatements, standardDialect } from '../../sql/standard.dialect.js';
import { and, compileText } from '../../sql/statement.js';
import type { MultiRowStatement, MultiRowStatements, SessionDialect, Statement } from '../../sql/dialect.js';

/** What makes a statement fail at a locked row instead of waiting. */
const NO_WAIT = 'SET STATEMENT innodb_lock_wait_timeout=0';

/**
 * MariaDB, which knows how long to wait in a single statement: ours wait for nobody, and fail at a row that another transaction has
 * locked. It returns the rows that it has removed, while on MySQL a query must first find whether all of them are there.
 */
export const mariadbDialect: SessionDialect = {
  ...mysqlDialect,
  ...mapStatements(standardDialect, [...LONE_WRITES, 'insert', 'removeHandle'], withoutWaiting),
  skipsLocked: false,
  // A statement takes one list of settings.
  inUtc(shape, sql) {
    if (!isZoned(shape)) return sql;
    const [settings, statement] = sql.startsWith(NO_WAIT) ? [`${NO_WAIT}, `, sql.slice(`${NO_WAIT} FOR `.length)] : ['SET STATEMENT ', sql];
    return `${settings}time_zone='+00:00' FOR ${statement}`;
  },
  multiRow: {
    ...mysqlMultiRow,
    ...mapWrites({
      insert: mysqlMultiRow.insert!,
      upsert: mysqlMultiRow.upsert!,
      update: padded('allOrNothing', (shape, rows) => update(shape, rows, allOf)),
      touch: padded('count', (shape, rows) => touch(shape, TOUCHED_FIELDS, rows, plain)),
      touchInHour: padded('count', (shape, rows) => touch(shape, TOUCHED_IN_HOUR_FIELDS, rows, plain)),
      remove: padded('ids', (shape, rows) => {
        const id = shape.columns.id.sql;
        return compileText(shape, `DELETE FROM ${shape.table} WHERE ${isOneOf(shape, rows)} RETURNING ${id} AS id`, ['id']);
      }),
    }),
  },
};

const plain: Among = ({ table }, where) => ({ tables: table, where });

/**
 * All of the rows, if as many as asked for are as expected. Asked once a statement, and spares a transaction with its two more round
 * trips. In a derived table, because no table is read in the statement that changes it.
 */
const allOf: Among = (shape, isExpected, rows) => {
  const count = `(SELECT c.n FROM (SELECT COUNT(*) AS n FROM ${shape.table} WHERE ${isExpected} FOR UPDATE) c)`;
  return { tables: shape.table, where: and(isOneOf(shape, rows), `${count} = :count`) };
};

function withoutWaiting(statement: Statement): Statement {
  return { ...statement, sql: `${NO_WAIT} FOR ${statement.sql}` };
}

function mapWrites(forms: Readonly<Record<string, MultiRowStatement>>): MultiRowStatements {
  const mapped = Object.entries(forms).map(([name, form]) => {
    const build: MultiRowStatement['build'] = (shape, rows) => {
      const statement = form.build(shape, rows);
      return statement && withoutWaiting(statement);
    };
    return [name, { ...form, build }];
  });
  return Object.fromEntries(mapped) as MultiRowStatements;
}
