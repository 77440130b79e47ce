import type { DataSource, EntityMetadata } from 'typeorm';
import { SessionEntityError } from '../../session.errors.js';
import { FIELD_FACTS, type FieldKind } from '../session-row.js';
import { nameOfRegistered } from './entity-name.js';
import type { ColumnTraits, SessionColumn, SessionColumns } from './columns.js';

/** What the columns must hold, and can hold. */
export interface EntityRules extends Pick<ColumnTraits, 'largestWhole'> {
  /** Whether ids are hashes: 64 hexadecimal digits. */
  readonly hashIds: boolean;
  /** Whether an integer primary key numbers itself, though the entity does not say so (SQLite). */
  readonly numbersItself: boolean;
}

/** Whole numbers that are far enough away: milliseconds until 2100, hours until 2084, and a write a second for three months. */
const NEEDED = { instant: 4_102_444_800_000, hour: 999_999, counter: 8_388_607 } as const satisfies Partial<Record<FieldKind, number>>;
const NUMBER_REMEDY = { instant: 'bigint', hour: 'integer', counter: 'integer' } as const;
const HASH_LENGTH = 64;
const HANDLE_LENGTH = 32;
const NO_TEXT =
  /^(small|big|medium|tiny)?(int|serial)|^(integer|int\d|numeric|decimal|double|float|real|bit|bool|date|time|year|interval|json)/;
/** Bytes that are not compared as text. */
const NO_ID = /^bytea$|^bytes$/;
const ENUM_REMEDY = 'a type that holds any value, varchar(255) for one';
const NUMBER = /int|serial|number|numeric|decimal|double|float|real/;
const NO_DATA =
  /^(small|big|medium|tiny)?(int|serial)|^(integer|int\d|numeric|decimal|double|float|real|bit|bool|date|time|year|interval|uuid)/;

/** Throws `SessionEntityError` for the first reason for which an entity can never hold sessions: names the column and the remedy. */
export function assertHoldsSessions(dataSource: DataSource, metadata: EntityMetadata, columns: SessionColumns, rules: EntityRules): void {
  const { id, previousId, data, handle, userId, version } = columns;
  for (const column of [id, previousId]) if (column) assertHoldsIds(dataSource, column, rules);
  if (NO_DATA.test(data.type)) throw wrongType(data, 'the data of sessions', 'text, or a json or binary type');
  if (handle) assertLength(dataSource, handle, HANDLE_LENGTH, 'the handle of a session');
  if (userId && /^(bool|bit|date|time|year|interval|json)|blob|binary|bytea/.test(userId.type)) {
    throw wrongType(userId, 'the id of a user', 'varchar(255), or the type of your user ids');
  }
  if (version && !NUMBER.test(version.type)) throw wrongType(version, 'the version of a session', 'integer');
  for (const column of Object.values(columns)) {
    assertHoldsNumbers(column, rules);
    assertWritten(column);
    if (column.metadata.enum && column.field !== 'userId') throw wrongType(column, `the ${column.field} of a session`, ENUM_REMEDY);
  }
  assertFillable(dataSource, metadata, columns, rules);
}

/** A number that a column rounds, or has no room for, is another one later. A transformer may store another number. */
function assertHoldsNumbers(column: SessionColumn, { largestWhole }: EntityRules): void {
  const { field, metadata, type } = column;
  const { kind } = FIELD_FACTS[field];
  if (metadata.transformer || !(kind === 'instant' || kind === 'hour' || kind === 'counter')) return;
  const { precision, scale } = metadata;
  const digits = precision ? precision - (scale ?? 0) : undefined;
  if (largestWhole(type, digits) >= NEEDED[kind]) return;
  const declared = digits === undefined ? type : `${type}(${precision}${scale ? `,${scale}` : ''})`;
  throw wrongType({ metadata, type: declared }, `the ${field} of a session exactly`, NUMBER_REMEDY[kind]);
}

/** TypeORM leaves a column out of the statements that it is not for, without a word. */
function assertWritten({ field, metadata, type }: SessionColumn): void {
  const isChanged = field !== 'handle' && field !== 'createdAt';
  const option = !metadata.isInsert ? 'insert' : !metadata.isUpdate && isChanged ? 'update' : undefined;
  if (!option) return;
  throw new SessionEntityError(
    `The column "${metadata.databaseName}" of the entity ${nameOfRegistered(metadata.entityMetadata)}, of type "${type}", is never written ` +
      `by an ${option}, and the ${field} of a session is. Remove \`${option}: false\` from it.`,
  );
}

function assertHoldsIds(dataSource: DataSource, column: SessionColumn, { hashIds }: EntityRules): void {
  if (NO_TEXT.test(column.type) || NO_ID.test(column.type) || column.metadata.enum || (hashIds && column.type === 'uuid')) {
    const what = hashIds ? 'the hash of a session id' : 'a session id';
    throw wrongType(column, what, hashIds ? 'varchar(64), or keep plain ids by `hashIds: false`' : 'varchar(255)');
  }
  if (hashIds) assertLength(dataSource, column, HASH_LENGTH, 'the hash of a session id');
}

function assertLength(dataSource: DataSource, { metadata, type }: SessionColumn, needed: number, what: string): void {
  if (NO_TEXT.test(type)) throw wrongType({ metadata, type }, what, `varchar(${needed})`);
  const given = dataSource.driver.getColumnLength(metadata);
  // Types of fixed length without a length have room for one character.
  const length = given === '' && /^(n?char|character|bpchar|binary)$/.test(type) ? 1 : Number(given || Infinity);
  if (length >= needed) return;
  throw new SessionEntityError(
    `The column "${metadata.databaseName}" of the entity ${nameOfRegistered(metadata.entityMetadata)} has room for ${length} characters, ` +
      `and ${what} needs ${needed}. Make it varchar(${needed}); in the table of another store \`createSessionMigration({ adopt })\` does.`,
  );
}

/** Inserts name the columns of the session's fields only: any other column must get its value from elsewhere. */
function assertFillable(dataSource: DataSource, metadata: EntityMetadata, columns: SessionColumns, { numbersItself }: EntityRules): void {
  const mapped = new Set(Object.values(columns).map((column) => column.metadata));
  const unfillable = metadata.columns.find((column) => {
    const isFilled =
      column.isNullable ||
      column.default !== undefined ||
      column.isGenerated ||
      column.generatedType !== undefined ||
      column.asExpression !== undefined ||
      !column.isInsert ||
      column.isVirtual ||
      column.isDiscriminator ||
      [column.isCreateDate, column.isUpdateDate, column.isDeleteDate, column.isVersion].includes(true) ||
      (numbersItself && column.isPrimary && NUMBER.test(dataSource.driver.normalizeType(column)));
    return !isFilled && !mapped.has(column);
  });
  if (!unfillable) return;
  throw new SessionEntityError(
    `The column "${unfillable.databaseName}" of the entity ${nameOfRegistered(metadata)} must have a value, and no field of a session fills it. ` +
      'Make it `nullable: true`, give it a `default`, or name it in the option `columns`.',
  );
}

function wrongType({ metadata, type }: Pick<SessionColumn, 'metadata' | 'type'>, what: string, remedy: string): SessionEntityError {
  return new SessionEntityError(
    `The column "${metadata.databaseName}" of the entity ${nameOfRegistered(metadata.entityMetadata)} is of type "${type}" and cannot hold ${what}. ` +
      `Make it ${remedy}.`,
  );
}
