import type { DataSource, EntityMetadata } from 'typeorm';
import { SessionEntityError, SessionSerializationError, SessionTooLargeError } from '../../session.errors.js';
import { nameOfRegistered } from './entity-name.js';
import { convertData, convertInstant, convertTime, type Conversion } from './column-conversion.js';
import { cutToColumn } from './description.js';
import type { AdoptedTable } from './adopted-tables.js';
import type { InstantForm } from './instant.js';
import { FIELD_FACTS, NO_DATA, SESSION_FIELDS, type FieldKind, type SessionField } from '../session-row.js';

/** Types whose values TypeORM hands on as they are: its walk through all types costs more than the rest of a row. */
const PLAIN = /^(character varying|varchar|text|mediumtext|longtext|bigint|int8|integer|int|int4)$/;

type ColumnMetadata = EntityMetadata['columns'][number];

/** One field of the row and the column that holds it. */
export interface SessionColumn {
  readonly field: SessionField;
  readonly metadata: ColumnMetadata;
  /** The type as the driver calls it, in lower case. */
  readonly type: string;
  /** The type that its parameters are cast to, where that of the column alone would not do. */
  readonly cast: string | undefined;
  /** The column's name, escaped for SQL. */
  readonly sql: string;
  /** The expression by which it is read. */
  readonly read: string;
  /** Throws `SessionTooLargeError` if the column cannot hold the value. */
  readonly assertFits: ((value: unknown) => void) | undefined;
  /** Whether the database's strings are its values, both ways: neither TypeORM nor the driver has anything to convert. */
  readonly isPlain: boolean;
  /** Whether a string comes from the driver as it is in the row, and needs no `decode`. */
  readonly isText: boolean;
  /** From the value of the row to the parameter that the driver takes. */
  readonly encode: (value: unknown) => unknown;
  /** From what the driver returns to the value of the row. */
  readonly decode: (raw: unknown) => unknown;
}

/** What a database's columns can hold. */
export interface ColumnTraits {
  /** Whether a column of type integer has 64 bits. */
  readonly integerHoldsMilliseconds: boolean;
  /** The largest whole number up to which a numeric type holds each exactly; `digits` are those that it is declared with. */
  readonly largestWhole: (type: string, digits: number | undefined) => number;
  /** Bytes that a text or binary type without a length holds. */
  readonly textBytes: Readonly<Record<string, number>>;
  /** Whether text cannot hold a NUL character. */
  readonly lacksNul?: boolean;
  /** How a type with date and time holds an instant; without it TypeORM and the driver convert dates. */
  instantOf?(type: string, adopted?: AdoptedTable): InstantForm | undefined;
  /** The type of a json column, where it is one of its own. */
  readonly jsonType?: string;
  /** The store that made the table, if another did. */
  readonly adopted?: AdoptedTable | undefined;
}

/** The columns of an entity by field; `id` and `data` are always there. */
export type SessionColumns = Partial<Record<SessionField, SessionColumn>> & Record<'id' | 'data', SessionColumn>;

/** Entity property per field, if it differs from the field's own name. */
export type SessionColumnNames = Partial<Record<SessionField, string>>;

// TypeORM 0.3 does not double the quotes inside an identifier, so a name must need no escaping.
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_$ -]*$/u;

/**
 * Finds the column of each field. Throws `SessionEntityError` if the entity lacks `id`, `data` or
 * a property that `names` promises, where its id is not unique, or where a column cannot hold its field.
 */
export function mapColumns(
  dataSource: DataSource,
  metadata: EntityMetadata,
  names: SessionColumnNames,
  traits: ColumnTraits,
): SessionColumns {
  const columns: Partial<Record<SessionField, SessionColumn>> = {};
  for (const field of SESSION_FIELDS) {
    const property = names[field] ?? field;
    const column = metadata.findColumnWithPropertyPath(property);
    if (column) columns[field] = mapColumn(dataSource, column, field, traits);
    else if (names[field] !== undefined || field === 'id' || field === 'data') throw lacks(metadata, field, property);
  }
  const { id, data, ...rest } = columns;
  if (!id || !data) throw lacks(metadata, 'id', names.id ?? 'id');
  assertIdentifiers(metadata, Object.values(columns));
  if (!isUnique(id.metadata)) {
    throw new SessionEntityError(
      `The id property "${id.metadata.propertyName}" of the entity ${nameOfRegistered(metadata)} is not unique. ` +
        'Make it the primary key or declare it `unique: true`.',
    );
  }
  return { id, data, ...rest };
}

/** A column of the entity as one that holds this field. */
export function mapColumn({ driver }: DataSource, metadata: ColumnMetadata, field: SessionField, traits: ColumnTraits): SessionColumn {
  const isJson = field === 'data' && traits.adopted?.hasJson && traits.jsonType;
  const type = isJson || driver.normalizeType(metadata).toLowerCase();
  const { kind, isNullable } = FIELD_FACTS[field];
  const instant = isTime(kind) && !metadata.transformer ? traits.instantOf?.(type, traits.adopted) : undefined;
  // A row that is older than the column, or that another store has made, does not say.
  const missing = kind === 'payload' ? NO_DATA : undefined;
  const conversion = instant ? convertInstant(instant, kind === 'hour') : conversionOf(field, type, metadata, traits);
  const { decode } = conversion;
  const encode = kind === 'description' ? cutToColumn(driver, metadata, traits.textBytes[type]) : conversion.encode;
  const isPlain = instant !== undefined || (!metadata.transformer && PLAIN.test(type) && !String(metadata.type).startsWith('simple-'));
  const sql = driver.escape(metadata.databaseName);
  return {
    field,
    metadata,
    type: instant?.cast ?? type,
    cast: instant?.cast,
    sql,
    read: instant?.read(sql) ?? sql,
    assertFits: limitOf(field, type, metadata, traits),
    isPlain,
    isText: isPlain && /char|text/.test(type),
    encode: isPlain
      ? (value) => (value == null ? value : encode(value))
      : (value) => driver.preparePersistentValue(value == null ? value : encode(value), metadata),
    decode: (raw) => {
      const value = isPlain ? raw : hydrate(driver, raw, metadata);
      if (value == null) return isNullable ? value : missing;
      return decode(value);
    },
  };
}

const isTime = (kind: FieldKind): boolean => kind === 'instant' || kind === 'hour';

function conversionOf(field: SessionField, type: string, metadata: ColumnMetadata, traits: ColumnTraits): Conversion {
  const { integerHoldsMilliseconds, lacksNul } = traits;
  const { kind } = FIELD_FACTS[field];
  switch (kind) {
    case 'payload':
      return convertData(metadata.type === 'simple-json' ? 'simple-json' : type);
    case 'instant':
    case 'hour': {
      const conversion = convertTime(type, kind === 'hour', integerHoldsMilliseconds);
      if (conversion) return conversion;
      throw new SessionEntityError(
        `The column "${metadata.databaseName}" of the entity ${nameOfRegistered(metadata.entityMetadata)} is of type "${type}" and cannot hold the ${field} of a session. ` +
          'Use bigint (epoch milliseconds), integer (epoch seconds), or a date and time type.',
      );
    }
    case 'counter':
      // `Number` takes empty text, which SQLite lets in, for the version 0, which the row does not have.
      return { encode: (value) => value, decode: (value) => (value === '' ? NaN : Number(value)) };
    default:
      return {
        // A user who is only looked for is nobody then: what is found is compared once more.
        encode: (value) => (lacksNul && field === 'userId' && typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value),
        decode: (value) => (isPadded(type) ? String(value).replace(/ +$/, '') : String(value)),
      };
  }
}

/** A column of fixed length comes back padded with spaces. */
const isPadded = (type: string): boolean => /^(n?char|character|bpchar)$/.test(type);

/** A json column that holds broken JSON is for the serializer to judge, which gets it as it is. */
function hydrate(driver: DataSource['driver'], raw: unknown, metadata: ColumnMetadata): unknown {
  try {
    return driver.prepareHydratedValue(raw, metadata);
  } catch (error) {
    if (error instanceof SyntaxError) return raw;
    throw error;
  }
}

interface Capacity {
  readonly size: number;
  readonly unit: 'bytes' | 'characters';
}

/** Whether fields of a kind hold strings of applications and users, which may be of any length. */
const isFree = (kind: FieldKind): boolean => kind === 'payload' || kind === 'name' || kind === 'id';

function capacityOf(type: string, { length }: ColumnMetadata, { textBytes }: ColumnTraits): Capacity | undefined {
  const bytes = textBytes[type];
  if (bytes !== undefined) return { size: bytes, unit: 'bytes' };
  return Number(length) > 0 ? { size: Number(length), unit: 'characters' } : undefined;
}

/** `undefined` for a column that holds any value. */
function limitOf(field: SessionField, type: string, metadata: ColumnMetadata, traits: ColumnTraits): SessionColumn['assertFits'] {
  const { lacksNul } = traits;
  const { kind } = FIELD_FACTS[field];
  if (!isFree(kind) && !isPadded(type)) return undefined;
  const capacity = isFree(kind) ? capacityOf(type, metadata, traits) : undefined;
  return (value) => {
    if (typeof value === 'string') {
      // Who may choose a user id is the client, more often than not.
      if (field === 'userId' && lacksNul && value.includes('\0')) throw notHeld(metadata, 'a user id with a NUL character');
      if (!value.isWellFormed()) {
        throw field === 'userId' ? notHeld(metadata, 'a user id with half of a surrogate pair') : brokenText(metadata);
      }
    }
    if (capacity) assertFits(metadata, value, capacity);
    if (isPadded(type) && String(value).endsWith(' ')) throw padded(metadata);
  };
}

function assertFits({ databaseName }: ColumnMetadata, value: unknown, { size, unit }: Capacity): void {
  if (typeof value !== 'string') return;
  const actual = unit === 'bytes' ? Buffer.byteLength(value) : value.length;
  if (actual <= size) return;
  throw new SessionTooLargeError(
    `The column "${databaseName}" holds ${size} ${unit}, and the session needs ${actual}. ` +
      'Keep less in it, or give the column a larger type.',
  );
}

function brokenText({ databaseName }: ColumnMetadata): SessionSerializationError {
  return new SessionSerializationError(
    `The column "${databaseName}" cannot hold half of a surrogate pair. Drop it (\`toWellFormed()\`), or use a serializer that escapes it, as JSON does.`,
  );
}

/** A user id that its column cannot hold, whichever way. */
function notHeld({ databaseName }: Pick<ColumnMetadata, 'databaseName'>, what: string): SessionTooLargeError {
  return new SessionTooLargeError(`The column "${databaseName}" cannot hold ${what}. Check user ids before they get into a session.`);
}

function padded({ databaseName }: ColumnMetadata): SessionTooLargeError {
  return new SessionTooLargeError(
    `The column "${databaseName}" has a fixed length and cannot hold a value that ends in a space. Use varchar, or other values.`,
  );
}

function isUnique(column: ColumnMetadata): boolean {
  const { entityMetadata } = column;
  const isAlone = (columns: readonly ColumnMetadata[]) => columns.length === 1 && columns[0] === column;
  return (
    isAlone(entityMetadata.primaryColumns) ||
    entityMetadata.uniques.some((unique) => isAlone(unique.columns)) ||
    entityMetadata.indices.some((index) => index.isUnique && isAlone(index.columns))
  );
}

function assertIdentifiers({ tablePath }: EntityMetadata, columns: readonly SessionColumn[]): void {
  for (const name of [...tablePath.split('.'), ...columns.map(({ metadata }) => metadata.databaseName)]) {
    if (IDENTIFIER.test(name)) continue;
    throw new SessionEntityError(
      `The table or column name ${JSON.stringify(name)} is not accepted. Use letters, digits, "_", "-", "$" and spaces.`,
    );
  }
}

function lacks(metadata: EntityMetadata, field: SessionField, property: string): SessionEntityError {
  if (FIELD_FACTS[field].feature === 'renewal') {
    return new SessionEntityError(
      `The option \`renewAfter\` needs columns for previousId and previousUntil, and the entity ${nameOfRegistered(metadata)} has none for ${field}. ` +
        'Add them by `defineSessionEntity({ renewal: true })`, and to a table that is there by `createSessionMigration({ entity, from })`; or leave `renewAfter` out.',
    );
  }
  return new SessionEntityError(
    `The entity ${nameOfRegistered(metadata)} has no column property "${property}" for the session's ${field}. ` +
      `Name one of its own in the option \`columns.${field}\`: ${metadata.columns.map((column) => column.propertyPath).join(', ')}.`,
  );
}
