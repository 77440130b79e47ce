import { createHash } from 'node:crypto';
import { rowReader } from './row-reader.js';
import type { SessionColumn } from '../entity/columns.js';
import type { SessionField, SessionRow } from '../session-row.js';
import { isParameterName, type ParameterName, type RowParameterName } from './statement.js';
import type { Statement, TableShape } from './dialect.js';
import type { SentStatement, DatabaseRecord } from './sent-statement.js';

/** What the parameters of a statement stand for. */
export type Values = Partial<Record<ParameterName, unknown>>;

/** A statement that is ready to run as often as one likes. */
export interface BoundStatement extends SentStatement {
  /** The parameters in the form that the driver takes. In a padded statement the parameters of missing rows are NULL. */
  bind(values: Values, rows?: readonly Values[]): unknown[];
  /** What the database returned → rows. */
  read(records: readonly DatabaseRecord[]): SessionRow[];
}

/** Parameters that are compared with a field, or become its value, under another name. */
const COMPARED: Partial<Record<ParameterName, SessionField>> = {
  now: 'expiresAt',
  unseenSince: 'lastSeenAt',
  pruneHour: 'pruneAfter',
  createdUntil: 'createdAt',
  newId: 'id',
};

/** Parameters that are no value of a column. */
const APART: ReadonlySet<ParameterName> = new Set(['after', 'limit', 'count']);

type Binding = (values: Values, rows: readonly Values[]) => unknown;

/** Finds out once where each parameter comes from and how it is encoded, and how what comes back is read. */
export function prepare(shape: TableShape, statement: Statement, isFrequent = false): BoundStatement {
  const { parameters, fields } = statement;
  const sql = shape.dialect.inUtc?.(shape, statement.sql, parameters) ?? statement.sql;
  const bindings = parameters.map((parameter) => bindingOf(shape, parameter));
  return {
    name: `session_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`,
    sql,
    isFrequent,
    isPlain: isPlain(shape, statement),
    bind: (values, rows = []) => bindings.map((binding) => binding(values, rows)),
    read: rowReader(shape, fields),
  };
}

/** The column that a parameter is a value of, or is compared with. */
export function columnOfParameter(shape: TableShape, parameter: unknown): SessionColumn | undefined {
  return isParameterName(parameter) ? columnOf(shape, partsOf(parameter)[0]) : undefined;
}

function isPlain(shape: TableShape, { parameters, fields }: Statement): boolean {
  const isOfPlain = (parameter: unknown): boolean => {
    if (!isParameterName(parameter)) return false;
    const [name] = partsOf(parameter);
    return columnOf(shape, name)?.isPlain ?? false;
  };
  return parameters.every(isOfPlain) && fields.every((field) => shape.columns[field]?.isPlain);
}

function bindingOf(shape: TableShape, parameter: unknown): Binding {
  if (!isParameterName(parameter)) return () => parameter;
  const [name, row] = partsOf(parameter);
  const encode = encoderOf(shape, name);
  if (row === undefined) return (values) => encode(values[name]);
  const index = Number(row);
  return (_, rows) => (index < rows.length ? encode(rows[index]![name]) : null);
}

function encoderOf(shape: TableShape, name: ParameterName): (value: unknown) => unknown {
  if (APART.has(name)) return (value) => value;
  const encode = columnOf(shape, name)?.encode;
  return (value) => encode?.(value) ?? null;
}

const partsOf = (parameter: ParameterName | RowParameterName) => parameter.split('.') as [ParameterName, string | undefined];

/** The column that a parameter is a value of. */
const columnOf = ({ columns, own }: TableShape, name: ParameterName) =>
  name === 'own' ? own : columns[COMPARED[name] ?? (name as SessionField)];
