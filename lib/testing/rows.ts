import { createHash } from 'node:crypto';
import { FIELD_FACTS, toPruneHour, type FieldKind, type SessionField, type SessionRow } from '../table/session-row.js';
import type { SessionChange, SessionTouch } from '../table/session-table.js';

export const HOUR = 3_600_000;
/** The moment at which the rows of the tests were made: a full hour. */
export const NOW = 1_767_225_600_000;

/** A live row of a day, with a handle of its own. */
export function newRow(id: string, more: Partial<SessionRow> = {}): SessionRow {
  const expiresAt = more.expiresAt ?? NOW + 24 * HOUR;
  return {
    id,
    data: `{"of":${JSON.stringify(id)}}`,
    expiresAt,
    pruneAfter: toPruneHour(expiresAt),
    createdAt: NOW,
    lastSeenAt: NOW,
    version: 1,
    userId: null,
    handle: createHash('md5').update(id).digest('hex'),
    ipAddress: null,
    userAgent: null,
    ...more,
  };
}

/** A live row with another value in each field, so that one that is dropped or mixed up shows. */
export function fullRow(fields: Iterable<SessionField>): SessionRow {
  const values = Array.from(fields, (field, index) => [field, VALUE_OF_KIND[FIELD_FACTS[field].kind](index)] as const);
  return Object.fromEntries(values) as Partial<SessionRow> as SessionRow;
}

const digits = (length: number, index: number) => index.toString(16).padStart(length, '0');

const VALUE_OF_KIND: Readonly<Record<FieldKind, (index: number) => string | number>> = {
  id: (index) => digits(64, index),
  payload: (index) => `{"value":${index}}`,
  name: (index) => `name ${index}`,
  handle: (index) => digits(32, index),
  description: (index) => `description ${index}`,
  instant: (index) => NOW + HOUR + index,
  hour: (index) => NOW / HOUR + index,
  counter: (index) => index,
};

/** New data for the row under this id, at its first version. */
export function newChange(id: string, more: Partial<SessionChange> = {}): SessionChange {
  const expiresAt = more.expiresAt ?? NOW + 30 * HOUR;
  return {
    id,
    data: '{"changed":true}',
    expiresAt,
    pruneAfter: toPruneHour(expiresAt),
    lastSeenAt: NOW + HOUR,
    userId: 'ann',
    version: 1,
    ...more,
  };
}

/** "Still here" an hour later, whoever was seen meanwhile. */
export function newTouch(id: string, more: Partial<SessionTouch> = {}): SessionTouch {
  const expiresAt = more.expiresAt ?? NOW + 25 * HOUR;
  return { id, expiresAt, pruneAfter: toPruneHour(expiresAt), lastSeenAt: NOW + HOUR, unseenSince: NOW + HOUR, ...more };
}
