import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { perRow } from './multi-row.js';
import type { SessionColumn } from '../entity/columns.js';
import {
  LISTED_FIELDS,
  SAVED_FIELDS,
  SAVED_IN_PLACE_FIELDS,
  TOUCHED_FIELDS,
  TOUCHED_IN_HOUR_FIELDS,
  type SessionField,
} from '../session-row.js';
import { and, compileQuery, hasId, isExpired, isLive, isPresent } from './statement.js';
import { queryRunnerTransport } from './transport.js';
import type { SessionDialect, Statement, TableShape } from './dialect.js';

/** The largest whole number of types that have no room for many; `real` has single precision. */
const LARGEST: Readonly<Record<string, number>> = { tinyint: 127, smallint: 32_767, int2: 32_767, real: 2 ** 24, float4: 2 ** 24 };

/** The statements for any driver, through TypeORM's query builder. */
export const standardDialect: SessionDialect = {
  name: 'standard',
  integerHoldsMilliseconds: false,
  largestWhole(type, digits) {
    const isDecimal = /^(decimal|dec|numeric|number|fixed)$/.test(type);
    return LARGEST[type] ?? (isDecimal && digits !== undefined ? 10 ** digits - 1 : Infinity);
  },
  textBytes: {},

  multiRow: {},
  transport: queryRunnerTransport,
  unpreparedTransport: queryRunnerTransport,

  skipsLocked: false,
  isExact: false,
  equals: ({ sql }, value) => `${sql} = ${value}`,

  find: (shape) => compileSelect(shape, (query) => query.where(and(hasId(shape), isLive(shape)))),

  findPrevious(shape) {
    const { previousId, previousUntil } = shape.columns;
    const isPrevious =
      previousId && previousUntil && `${shape.dialect.equals(previousId, ':previousId')} AND ${previousUntil.sql} > :previousUntil`;
    return compileSelect(shape, (query) => query.where(and(isPrevious ?? '1 = 0', isLive(shape))));
  },

  findId: (shape) => compileSelect(shape, (query) => query.where(and(hasId(shape), isPresent(shape))), ['id', 'version']),

  insert: (shape) =>
    compileQuery(
      builder(shape)
        .insert()
        .into(shape.metadata.target)
        .values(assign(fieldsOf(shape), parameter)),
    ),

  update: (shape) => replace(shape, SAVED_FIELDS, isOfVersion(shape)),

  overwrite: (shape) => replace(shape, SAVED_FIELDS),

  touch: (shape) => touch(shape, TOUCHED_FIELDS),

  touchInHour: (shape) => touch(shape, TOUCHED_IN_HOUR_FIELDS),

  changeId(shape) {
    const value = (column: SessionColumn) => (column.field === 'id' ? ':newId' : parameter(column));
    return change(shape, fieldsOf(shape, ['id', 'previousId', 'previousUntil']), value, isPresent(shape));
  },

  adoptId(shape) {
    const missing = (column: SessionColumn) => `COALESCE(${column.sql}, ${parameter(column)})`;
    // Whose session it is, the data says: another store changes that without this column.
    const values: Readonly<Partial<Record<SessionField, string>>> = { id: ':newId', userId: ':userId' };
    const value = (column: SessionColumn) => values[column.field] ?? missing(column);
    return change(shape, fieldsOf(shape, ['id', ...MISSING_FIELDS]), value, isPresent(shape));
  },

  setClient: (shape) => change(shape, fieldsOf(shape, ['ipAddress', 'userAgent']), parameter, isPresent(shape)),

  remove: (shape) => compileQuery(builder(shape).delete().from(shape.metadata.target).where(hasId(shape))),

  removeHandle: (shape) => compileQuery(builder(shape).delete().from(shape.metadata.target).where(hasHandle(shape))),

  clear: (shape) => compileQuery(builder(shape).delete().from(shape.metadata.target)),

  count(shape) {
    const counted = builder(shape).select('COUNT(*)', 'count').from(shape.metadata.target, 's').withDeleted();
    return compileQuery(counted.where(isLive(shape)));
  },

  idsOfUser: (shape) => compileSelect(shape, (query) => query.where(and(isOfUser(shape), isLive(shape))), ['userId']),

  addresses(shape, { userAgent, exceptId }) {
    const agent = shape.columns.userAgent;
    const isOfAgent = agent && (userAgent === null ? `${agent.sql} IS NULL` : shape.dialect.equals(agent, ':userAgent'));
    const isOther = exceptId === undefined ? undefined : `NOT (${hasId(shape)})`;
    const select = (query: Select) => query.where(and(isOfUser(shape), isOfAgent, isOther, isPresent(shape))).distinct(true);
    return compileSelect(shape, select, ['userId', 'ipAddress', 'userAgent']);
  },

  page(shape, { userId, handle: ofHandle, after, limit }) {
    const { handle, id } = shape.columns;
    const idsOfUser = userId === undefined ? undefined : isOfUser(shape);
    const older = after === undefined ? undefined : handle && `${handle.sql} < :after`;
    // Rows of another store have no handle until they are used, and so no place in the order.
    const isNamed = handle && shape.isAdopted ? `${handle.sql} IS NOT NULL` : undefined;
    const select = (query: Select) =>
      query
        .where(and(idsOfUser, ofHandle === undefined ? isNamed : hasHandle(shape), older, isLive(shape)))
        .orderBy((handle ?? id).sql, 'DESC')
        .limit(limit);
    return compileSelect(shape, select, LISTED_FIELDS);
  },

  locate(shape, { userId, handle, own, createdUntil, after, limit }) {
    const order = locateOrder(shape).sql;
    const conditions = [
      userId === undefined ? undefined : isOfUser(shape),
      handle === undefined ? undefined : hasHandle(shape),
      own && shape.own && shape.dialect.equals(shape.own, ':own'),
      createdUntil === undefined ? undefined : isOlder(shape),
      after === undefined ? undefined : `${order} > :after`,
      isPresent(shape),
    ];
    return compileSelect(
      shape,
      (query) =>
        query
          .where(and(...conditions))
          .orderBy(order, 'ASC')
          .limit(limit),
      LOCATED_FIELDS,
    );
  },

  scan(shape, limit, fromStart) {
    const id = shape.columns.id.sql;
    const where = and(fromStart ? undefined : `${id} > :after`, isLive(shape));
    return compileSelect(shape, (query) => query.where(where).orderBy(id, 'ASC').limit(limit));
  },

  ids: (shape, limit) => compileSelect(shape, (query) => query.limit(limit), ['id']),

  idsInOrder(shape, limit, fromStart) {
    const id = shape.columns.id.sql;
    const where = fromStart ? '1 = 1' : `${id} > :after`;
    return compileSelect(shape, (query) => query.where(where).orderBy(id, 'ASC').limit(limit), ['id']);
  },

  expired: (shape, limit) =>
    compileSelect(shape, (query) => query.where(isExpired(shape)).orderBy(pruneOrder(shape), 'ASC').limit(limit), ['id']),
};

/** The statements that change or remove one row. */
export const LONE_WRITES = ['update', 'overwrite', 'touch', 'touchInHour', 'changeId', 'adoptId', 'setClient', 'remove'] as const;

/** Some statements of a dialect, each made into another. */
export function mapStatements<Name extends (typeof LONE_WRITES)[number] | 'insert' | 'removeHandle'>(
  dialect: Pick<SessionDialect, Name>,
  names: readonly Name[],
  map: (statement: Statement, shape: TableShape) => Statement,
): Pick<SessionDialect, Name> {
  const mapped = names.map((name) => [name, (shape: TableShape) => map(dialect[name](shape), shape)]);
  return Object.fromEntries(mapped) as Pick<SessionDialect, Name>;
}

function touch(shape: TableShape, moved: readonly SessionField[]): Statement {
  const later = (column: SessionColumn) =>
    `CASE WHEN ${column.sql} < ${parameter(column)} THEN ${parameter(column)} ELSE ${column.sql} END`;
  return change(shape, fieldsOf(shape, moved), later, and(isLive(shape), isUnseen(shape)));
}

/** Reads several live rows. */
export const selectRows = (shape: TableShape, rows: number): Statement =>
  compileSelect(shape, (query) => query.where(and(isOneOf(shape, rows), isLive(shape))));

/** Reads the versions of several rows, live or not. */
export const selectVersions = (shape: TableShape, rows: number): Statement =>
  compileSelect(shape, (query) => query.where(and(isOneOf(shape, rows), isPresent(shape))), ['id', 'version']);

/** The rows of a batch. */
export const isOneOf = ({ columns }: TableShape, rows: number): string => `${columns.id.sql} IN (${perRow(rows, (row) => `:id.${row}`)})`;

/** The column by whose order rows are pruned: the indexed one, if there is one. */
export const pruneOrder = ({ columns: { pruneAfter, expiresAt, id } }: TableShape): string => (pruneAfter ?? expiresAt ?? id).sql;

/** The columns of these fields, as far as the entity has them; all without a list. */
export function fieldsOf({ columns }: TableShape, fields?: readonly SessionField[]): SessionColumn[] {
  return Object.values(columns).filter(({ field }) => !fields || fields.includes(field));
}

/** Rows that nobody has touched or saved since the caller read them. */
export function isUnseen(
  { columns: { lastSeenAt, expiresAt } }: TableShape,
  value = (name: 'expiresAt' | 'unseenSince') => `:${name}`,
): string | undefined {
  if (!lastSeenAt) return expiresAt && `${expiresAt.sql} < ${value('expiresAt')}`;
  const unseen = `${lastSeenAt.sql} <= ${value('unseenSince')}`;
  return lastSeenAt.metadata.isNullable ? `(${unseen} OR ${lastSeenAt.sql} IS NULL)` : unseen;
}

const builder = ({ dataSource }: TableShape) => dataSource.createQueryBuilder();

const parameter = ({ field }: SessionColumn): string => `:${field}`;

const isOfVersion = ({ columns: { version } }: TableShape) => version && `${version.sql} = :version`;

/** What a row of another store may lack, and gets when it is adopted. */
const MISSING_FIELDS: readonly SessionField[] = ['userId', 'handle', 'createdAt', 'lastSeenAt'];

/** What a search returns. */
const LOCATED_FIELDS: readonly SessionField[] = ['id', 'userId', 'handle', 'createdAt', 'expiresAt'];

/** The column by whose order a search goes: a row may get another id meanwhile, but no other handle. */
export const locateOrder = ({ columns: { handle, id } }: Pick<TableShape, 'columns'>): SessionColumn =>
  handle && !handle.metadata.isNullable ? handle : id;

const hasHandle = ({ columns: { handle } }: TableShape): string => (handle ? `${handle.sql} = :handle` : '1 = 0');

/** Rows made until a moment; nobody knows when one was made whose column is NULL. */
function isOlder({ columns: { createdAt } }: TableShape): string | undefined {
  if (!createdAt) return undefined;
  const isOld = `${createdAt.sql} <= :createdUntil`;
  return createdAt.metadata.isNullable ? `(${isOld} OR ${createdAt.sql} IS NULL)` : isOld;
}

const isOfUser = ({ dialect, columns }: TableShape) => columns.userId && dialect.equals(columns.userId, ':userId');

type Select = SelectQueryBuilder<ObjectLiteral>;

/** Each column comes back under the name of its field. Soft-deleted rows are left to our own conditions. */
function compileSelect(shape: TableShape, where: (query: Select) => Select, fields?: readonly SessionField[]): Statement {
  const query = builder(shape).select([]).from(shape.metadata.target, 's').withDeleted();
  const columns = fieldsOf(shape, fields);
  for (const { read, field } of columns) query.addSelect(read, field);
  return compileQuery(
    where(query),
    columns.map(({ field }) => field),
  );
}

export const updateInPlace = (shape: TableShape): Statement => replace(shape, SAVED_IN_PLACE_FIELDS, isOfVersion(shape));

function replace(shape: TableShape, replaced: readonly SessionField[], condition?: string): Statement {
  const value = (column: SessionColumn) => (column.field === 'version' ? raised(column) : parameter(column));
  return change(shape, fieldsOf(shape, [...replaced, 'version']), value, and(condition, isPresent(shape)));
}

/** A row that was there before its column counts from 0. */
const raised = ({ sql, metadata }: SessionColumn): string => (metadata.isNullable ? `COALESCE(${sql}, 0) + 1` : `${sql} + 1`);

/** An update of some columns of one row, and of no other that we know: TypeORM would raise a VersionColumn by itself. */
function change(shape: TableShape, columns: SessionColumn[], value: (column: SessionColumn) => string, condition?: string): Statement {
  const kept = fieldsOf(shape).filter(({ metadata }) => metadata.isVersion || metadata.isUpdateDate);
  const changed = { ...assign(kept, ({ sql }) => sql), ...assign(columns, value) };
  const where = and(hasId(shape), condition);
  return compileQuery(builder(shape).update(shape.metadata.target).set(changed).where(where));
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
