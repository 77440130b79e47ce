import { SESSION_FIELDS, type SessionField, type SessionRow } from '../session-row.js';
import type { TableShape } from './dialect.js';
import type { DatabaseRecord } from './sent-statement.js';

type Read = (record: DatabaseRecord) => unknown;

/**
 * What reads the records of a statement that returns these fields. All rows have all fields, in one order, so that the code that works
 * on them meets objects of one shape: a field that the statement does not return is `undefined`, and `data` is empty.
 */
export function rowReader(shape: TableShape, fields: readonly SessionField[]): (records: readonly DatabaseRecord[]) => SessionRow[] {
  const toRowByPlace = rowMaker(shape, fields, (field) => fields.indexOf(field));
  const toRowByField = rowMaker(shape, fields, (field) => field);
  return (records) => records.map(Array.isArray(records[0]) ? toRowByPlace : toRowByField);
}

function rowMaker(
  { columns }: TableShape,
  fields: readonly SessionField[],
  keyOf: (field: SessionField) => string | number,
): (record: DatabaseRecord) => SessionRow {
  const readerOf = (field: SessionField): Read => {
    const column = columns[field];
    const missing = field === 'data' ? '' : undefined;
    if (!column || !fields.includes(field)) return () => missing;
    const { decode, isText } = column;
    const key = keyOf(field);
    return (record) => {
      const raw = (record as Readonly<Record<string | number, unknown>>)[key];
      return isText && typeof raw === 'string' ? raw : decode(raw);
    };
  };
  const read = Object.fromEntries(SESSION_FIELDS.map((field) => [field, readerOf(field)])) as Record<SessionField, Read>;
  // Written out, because this runs for each read, and an object that is filled in a loop takes longer to make.
  return (record) =>
    ({
      id: read.id(record),
      data: read.data(record),
      expiresAt: read.expiresAt(record),
      pruneAfter: read.pruneAfter(record),
      createdAt: read.createdAt(record),
      lastSeenAt: read.lastSeenAt(record),
      version: read.version(record),
      userId: read.userId(record),
      handle: read.handle(record),
      ipAddress: read.ipAddress(record),
      userAgent: read.userAgent(record),
      previousId: read.previousId(record),
      previousUntil: read.previousUntil(record),
    }) satisfies Record<SessionField, unknown> as SessionRow;
}
