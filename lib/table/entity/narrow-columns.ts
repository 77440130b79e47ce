import { SessionSerializationError, SessionTooLargeError, type SessionError } from '../../session.errors.js';
import { FIELD_FACTS, type SessionField } from '../session-row.js';
import type { SessionColumn, SessionColumns } from './columns.js';

const BEYOND_ASCII = /[^\p{ASCII}]/u;
/** By UTF-16 unit, as JSON escapes them. */
const UNITS_BEYOND_ASCII = /[\u0080-\uffff]/g;

/**
 * The same columns, where those of these fields, or the connection, do not carry every character. Data leaves as JSON in ASCII, so
 * that no character becomes another one; an id that is not ASCII is refused.
 */
export function narrowColumns(columns: SessionColumns, fields: ReadonlySet<SessionField>): SessionColumns {
  const { id, data, ...rest } = columns;
  const narrowed = Object.entries(rest).map(([field, column]) => [field, fields.has(column.field) ? narrow(column) : column] as const);
  return {
    id: fields.has('id') ? narrow(id) : id,
    data: fields.has('data') ? narrowData(data) : data,
    ...(Object.fromEntries(narrowed) as Partial<SessionColumns>),
  };
}

function narrowData(column: SessionColumn): SessionColumn {
  const encode = (value: unknown): unknown => {
    const encoded = column.encode(value);
    return typeof encoded === 'string' ? toAsciiJson(encoded, column) : encoded;
  };
  const assertFits = (value: unknown): void => column.assertFits?.(encode(value));
  return { ...column, encode, assertFits };
}

function narrow(column: SessionColumn): SessionColumn {
  const { field, metadata } = column;
  // Never equal to another string, also where a row is only looked up.
  const escape = (value: unknown): unknown => (typeof value === 'string' ? value.replace(UNITS_BEYOND_ASCII, escapeUnit) : value);
  if (FIELD_FACTS[field].kind === 'description') {
    const length = Number(metadata.length) || Infinity;
    return { ...column, encode: (value) => column.encode(typeof value === 'string' ? String(escape(value)).slice(0, length) : value) };
  }
  const assertFits = (value: unknown): void => {
    if (typeof value === 'string' && BEYOND_ASCII.test(value)) throw notCarried(column, `a ${field} with letters that are not ASCII`);
    column.assertFits?.(value);
  };
  return { ...column, encode: (value) => column.encode(escape(value)), assertFits };
}

/** In JSON, what is not ASCII stands in strings only, and there an escape means the same. */
function toAsciiJson(text: string, column: SessionColumn): string {
  if (!BEYOND_ASCII.test(text)) return text;
  if (!isJson(text)) throw notCarried(column, 'a string of this serializer that is not ASCII');
  return text.replace(UNITS_BEYOND_ASCII, escapeUnit);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

function notCarried({ field, metadata }: SessionColumn, what: string): SessionError {
  const Refusal = field === 'userId' ? SessionTooLargeError : SessionSerializationError;
  return new Refusal(
    `The column "${metadata.databaseName}", or the connection, does not carry every character, and cannot store ${what}. ` +
      'Give both a character set that does: utf8mb4 on MySQL and MariaDB, UTF8 on PostgreSQL.',
  );
}
