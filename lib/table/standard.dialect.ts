import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { SessionDialect } from './dialect.js';
import type { SessionColumn } from './session-columns.js';
import type { SessionField } from './session-table.js';
import { and, compileQuery, hasId, isExpired, isLive, isPresent, type TableShape } from './statement.js';

/** The statements for any driver, through TypeORM's query builder. */
export const standardDialect: SessionDialect = {
  name: 'standard',
  integerHoldsMilliseconds: false,
  sharesConnection: false,
  textBytes: {},

  equals: (column, parameter) => `${column} = ${parameter}`,

  find: (shape) => compileQuery(select(shape).where(and(hasId(shape), isLive(shape)))),

  locate: (shape) => compileQuery(select(shape, ['id']).where(and(hasId(shape), isPresent(shape)))),

  insert: (shape) =>
    compileQuery(
      builder(shape)
        .insert()
        .into(shape.metadata.target)
        .values(assign(fieldsOf(shape), parameter)),
    ),

  update(shape, ofVersion) {
    const { version } = shape.columns;
    const raised = (column: SessionColumn) => (column === version ? `${column.sql} + 1` : parameter(column));
    const changed = fieldsOf(shape, ['data', 'expiresAt', 'pruneAfter', 'lastSeenAt', 'userId', 'version']);
    const sameVersion = ofVersion && version ? `${version.sql} = :version` : undefined;
    return compileQuery(
      builder(shape)
        .update(shape.metadata.target)
        .set(assign(changed, raised))
        .where(and(hasId(shape), sameVersion, isPresent(shape))),
    );
  },

  touch(shape) {
    const later = (column: SessionColumn) =>
      `CASE WHEN ${column.sql} < ${parameter(column)} THEN ${parameter(column)} ELSE ${column.sql} END`;
    const moved = fieldsOf(shape, ['expiresAt', 'pruneAfter', 'lastSeenAt']);
    return compileQuery(
      builder(shape)
        .update(shape.metadata.target)
        .set(assign(moved, later))
        .where(and(hasId(shape), isLive(shape))),
    );
  },

  remove: (shape) => compileQuery(builder(shape).delete().from(shape.metadata.target).where(hasId(shape))),

  clear: (shape) => compileQuery(builder(shape).delete().from(shape.metadata.target)),

  page(shape, { userId, after, limit }) {
    const { handle, userId: user } = shape.columns;
    const ofUser = userId !== undefined && user ? shape.dialect.equals(user.sql, ':userId') : undefined;
    const older = after !== undefined && handle ? `${handle.sql} < :after` : undefined;
    const fields: SessionField[] = [
      'handle',
      'userId',
      'createdAt',
      'lastSeenAt',
      'expiresAt',
      'ipAddress',
      'userAgent',
    ];
    return compileQuery(
      select(shape, fields)
        .where(and(ofUser, older, isLive(shape)))
        .orderBy(handle?.sql ?? shape.columns.id.sql, 'DESC')
        .limit(limit),
    );
  },

  scan(shape, limit, fromStart) {
    const { id } = shape.columns;
    return compileQuery(
      select(shape)
        .where(and(fromStart ? undefined : `${id.sql} > :after`, isLive(shape)))
        .orderBy(id.sql, 'ASC')
        .limit(limit),
    );
  },

  count(shape, ofUser) {
    const { userId } = shape.columns;
    const byUser = ofUser && userId ? shape.dialect.equals(userId.sql, ':userId') : undefined;
    return compileQuery(
      builder(shape)
        .select('COUNT(*)', 'count')
        .from(shape.metadata.target, 's')
        .withDeleted()
        .where(and(byUser, isLive(shape))),
    );
  },

  expired(shape, limit) {
    const { id, pruneAfter, expiresAt } = shape.columns;
    return compileQuery(
      select(shape, ['id'])
        .where(isExpired(shape))
        .orderBy((pruneAfter ?? expiresAt ?? id).sql, 'ASC')
        .limit(limit),
    );
  },
};

const builder = ({ dataSource }: TableShape) => dataSource.createQueryBuilder();

const parameter = ({ field }: SessionColumn): string => `:${field}`;

/** The columns of these fields, as far as the entity has them; all without a list. */
export function fieldsOf({ columns }: TableShape, fields?: readonly SessionField[]): SessionColumn[] {
  return Object.values(columns).filter(({ field }) => !fields || fields.includes(field));
}

/** Each column comes back under the name of its field. Soft-deleted rows are left to our own conditions. */
function select(shape: TableShape, fields?: readonly SessionField[]): SelectQueryBuilder<ObjectLiteral> {
  const query = builder(shape).select([]).from(shape.metadata.target, 's').withDeleted();
  for (const { sql, field } of fieldsOf(shape, fields)) query.addSelect(sql, field);
  return query;
}

/** The values object that the query builder wants, nested as the properties are, with an SQL expression for each column. */
function assign(columns: readonly SessionColumn[], expression: (column: SessionColumn) => string): ObjectLiteral {
  const values: ObjectLiteral = {};
  for (const column of columns) {
    const path = column.metadata.propertyPath.split('.');
    const parent = path.slice(0, -1).reduce<ObjectLiteral>((object, key) => (object[key] ??= {}), values);
    parent[path.at(-1)!] = () => expression(column);
  }
  return values;
}
