import type { ObjectLiteral } from 'typeorm';
import { SESSION_FIELDS, type SessionField } from '../session-row.js';
import type { Statement, TableShape } from './dialect.js';

/** The parameters of our statements by name: the fields of the row, and what a row is compared with. */
export type ParameterName = (typeof PARAMETERS)[number];
const PARAMETERS = [
  ...SESSION_FIELDS,
  'newId',
  'now',
  'unseenSince',
  'pruneHour',
  'createdUntil',
  'own',
  'after',
  'limit',
  'count',
] as const;

/** How many rows one statement takes at most. */
export const MAX_ROWS = 64;

/** The name of a parameter in one of several rows: `data.3`. */
export type RowParameterName = `${ParameterName}.${number}`;

/** Each name stands for itself, so that the driver's own escaping shows which parameter stands where. */
const MARKERS: Readonly<Record<string, string>> = Object.fromEntries(
  PARAMETERS.flatMap((name) => [name, ...Array.from({ length: MAX_ROWS }, (_, row) => `${name}.${row}`)]).map((name) => [name, name]),
);

/** SQL with `:name` and `:name.row` parameters, and the fields that it returns → statement. Values are never part of the SQL. */
export function compileText({ dataSource: { driver } }: TableShape, text: string, fields: readonly SessionField[] = []): Statement {
  // TypeORM 0.3 takes a third argument.
  const escape: (sql: string, parameters: ObjectLiteral, native: ObjectLiteral) => [string, unknown[]] =
    driver.escapeQueryWithParameters.bind(driver);
  return toStatement(escape(text, MARKERS, {}), fields);
}

/** A query of TypeORM's query builder → statement. */
export function compileQuery(query: Query, fields: readonly SessionField[] = []): Statement {
  return toStatement(query.setParameters(MARKERS).getQueryAndParameters(), fields);
}

interface Query {
  setParameters(parameters: ObjectLiteral): { getQueryAndParameters(): [string, unknown[]] };
}

function toStatement([sql, parameters]: [string, unknown[]], fields: readonly SessionField[]): Statement {
  return { sql, parameters, fields, reusable: parameters.every(isParameterName) };
}

/** Whether a parameter stands for a value of ours. */
export const isParameterName = (parameter: unknown): parameter is ParameterName | RowParameterName =>
  typeof parameter === 'string' && Object.hasOwn(MARKERS, parameter);

/** The row under exactly this id. */
export function hasId({ dialect, columns }: TableShape): string {
  return dialect.equals(columns.id, ':id');
}

/** Rows that have not expired, nor been soft-deleted by an older store. */
export function isLive(shape: TableShape): string {
  const { expiresAt } = shape.columns;
  return and(expiresAt && `${expiresAt.sql} > :now`, isPresent(shape));
}

/** Rows that have not been soft-deleted: a logout under connect-typeorm stays one. */
export function isPresent({ dataSource, metadata, endedAt }: TableShape): string | undefined {
  const name = metadata.deleteDateColumn?.databaseName ?? endedAt;
  return name && `${dataSource.driver.escape(name)} IS NULL`;
}

/** Rows that may be removed: `pruneAfter` and `expiresAt` have both passed. */
export function isExpired({ columns: { pruneAfter, expiresAt } }: TableShape): string {
  return and(pruneAfter && `${pruneAfter.sql} <= :pruneHour`, expiresAt && `${expiresAt.sql} <= :now`);
}

/** Joins conditions; all rows if there is none. */
export function and(...conditions: (string | undefined)[]): string {
  return conditions.filter(Boolean).join(' AND ') || '1 = 1';
}
