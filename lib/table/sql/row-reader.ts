import type { SessionField, SessionRow } from '../session-table.js';
import type { TableShape } from './dialect.js';
import type { DatabaseRecord } from './sent-statement.js';

/**
 * What reads the records of a statement that returns these fields. All rows have all fields, in one order, so that whoever works
 * on them meets objects of one shape.
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
  const reader = <Value>(field: SessionField, missing?: Value): ((record: DatabaseRecord) => Value) => {
    const column = columns[field];
    if (!column || !fields.includes(field)) return () => missing as Value;
    const { decode, isText } = column;
    const key = keyOf(field);
    return (record) => {
      const raw = (record as Readonly<Record<string | number, unknown>>)[key];
      return (isText && typeof raw === 'string' ? raw : decode(raw)) as Value;
    };
  };
  const id = reader<string>('id');
  const data = reader<string>('data', '');
  const expiresAt = reader<SessionRow['expiresAt']>('expiresAt');
  const pruneAfter = reader<SessionRow['pruneAfter']>('pruneAfter');
  const createdAt = reader<SessionRow['createdAt']>('createdAt');
  const lastSeenAt = reader<SessionRow['lastSeenAt']>('lastSeenAt');
  const version = reader<SessionRow['version']>('version');
  const userId = reader<SessionRow['userId']>('userId');
  const handle = reader<SessionRow['handle']>('handle');
  const ipAddress = reader<SessionRow['ipAddress']>('ipAddress');
  const userAgent = reader<SessionRow['userAgent']>('userAgent');
  const previousId = reader<SessionRow['previousId']>('previousId');
  const previousUntil = reader<SessionRow['previousUntil']>('previousUntil');
  return (record) => ({
    id: id(record),
    data: data(record),
    expiresAt: expiresAt(record),
    pruneAfter: pruneAfter(record),
    createdAt: createdAt(record),
    lastSeenAt: lastSeenAt(record),
    // NULL where the row was there before the column.
    version: version(record) ?? undefined,
    userId: userId(record),
    handle: handle(record),
    ipAddress: ipAddress(record),
    userAgent: userAgent(record),
    previousId: previousId(record),
    previousUntil: previousUntil(record),
  });
}
