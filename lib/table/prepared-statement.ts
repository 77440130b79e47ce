import { createHash } from 'node:crypto';
import type { SessionField } from './session-table.js';
import { isParameterName, type ParameterName, type Statement, type TableShape } from './statement.js';

/** What the parameters of a statement stand for. */
export type Values = Partial<Record<ParameterName, unknown>>;

/** A statement that is ready to run as often as one likes. */
export interface PreparedStatement {
  /** The same for the same SQL, and for no other: what the server knows it by. */
  readonly name: string;
  readonly sql: string;
  /** Whether it is worth a place in the memory of each connection, of which a server has so many for all of its clients. */
  readonly isFrequent: boolean;
  /** The parameters in the form that the driver takes. Those of rows that a padded statement has too many are NULL. */
  bind(values: Values, rows?: readonly Values[]): unknown[];
}

/** Parameters that are compared with a field, or become its value, under another name. */
const COMPARED: Partial<Record<ParameterName, SessionField>> = {
  now: 'expiresAt',
  unseenSince: 'lastSeenAt',
  pruneHour: 'pruneAfter',
  newId: 'id',
};

type Binding = (values: Values, rows: readonly Values[]) => unknown;

/** Finds out once where each parameter comes from and how it is encoded. */
export function prepare(shape: TableShape, { sql, parameters }: Statement, isFrequent = false): PreparedStatement {
  const bindings = parameters.map((parameter) => bindingOf(shape, parameter));
  return {
    name: `session_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`,
    sql,
    isFrequent,
    bind: (values, rows = []) => bindings.map((binding) => binding(values, rows)),
  };
}

function bindingOf(shape: TableShape, parameter: unknown): Binding {
  if (!isParameterName(parameter)) return () => parameter;
  const [name, row] = parameter.split('.') as [ParameterName, string | undefined];
  const encode = encoderOf(shape, name);
  if (row === undefined) return (values) => encode(values[name]);
  const index = Number(row);
  return (_, rows) => (index < rows.length ? encode(rows[index]![name]) : null);
}

function encoderOf({ columns }: TableShape, name: ParameterName): (value: unknown) => unknown {
  if (name === 'after' || name === 'limit' || name === 'count') return (value) => value;
  const encode = columns[COMPARED[name] ?? (name as SessionField)]?.encode;
  return (value) => encode?.(value) ?? null;
}
