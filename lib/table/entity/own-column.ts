import type { DataSource, EntityMetadata } from 'typeorm';
import { SessionEntityError, SessionSerializationError } from '../../session.errors.js';
import { nameOfRegistered } from './entity-name.js';
import { mapColumn, type ColumnTraits, type SessionColumn, type SessionColumns } from './columns.js';

/** What there is to know of an entity. */
interface Mapped {
  readonly dataSource: DataSource;
  readonly metadata: EntityMetadata;
  readonly columns: SessionColumns;
  readonly dialect: ColumnTraits;
  readonly losesCharacters?: boolean;
}

/** A column of the application's own by its property, and the value that is looked for. */
interface OwnValue {
  readonly property: string;
  readonly value: string;
}

const BEYOND_ASCII = /[^\p{ASCII}]/u;

/**
 * The column of the application's own that rows are found by. Throws `SessionEntityError` if the entity has no such property, if a field
 * of the session has it, or if no index begins with it: a search without one reads the whole table. Throws
 * `SessionSerializationError` if another value might be looked for than this one, whose sessions would be taken for its own.
 */
export function ownColumnOf(
  { dataSource, metadata, columns, dialect, losesCharacters }: Mapped,
  { property, value }: OwnValue,
): SessionColumn {
  const name = nameOfRegistered(metadata);
  const mapped = Object.values(columns).find((column) => column.metadata.propertyPath === property);
  if (mapped) {
    throw new SessionEntityError(
      `The property "${property}" of the entity ${name} holds the ${mapped.field} of a session. ` +
        'Name a column of your own, or call `revoke`, `revokeUser` or `revokeAll`.',
    );
  }
  const column = metadata.findColumnWithPropertyPath(property);
  if (!column) {
    const known = new Set(Object.values(columns).map((each) => each.metadata));
    const own = metadata.columns.filter((each) => !known.has(each)).map(({ propertyPath }) => propertyPath);
    throw new SessionEntityError(
      `The entity ${name} has no column property "${property}". ` +
        (own.length > 0 ? `Its own columns are: ${own.join(', ')}.` : 'Add the column, with an index, in a subclass of `SessionEntity`.'),
    );
  }
  const indexes = [...metadata.indices, ...metadata.uniques].map((index) => index.columns[0]);
  if (![...indexes, metadata.primaryColumns[0]].includes(column)) {
    throw new SessionEntityError(
      `The column "${column.databaseName}" of the entity ${name} has no index, and without one the whole table would be read. ` +
        `Add \`@Index()\` to the property "${property}", and a migration (\`createSessionMigration({ entity, from })\`).`,
    );
  }
  if (losesCharacters && BEYOND_ASCII.test(value)) {
    throw new SessionSerializationError(
      `The connection does not carry every character, and cannot look for a value of "${property}" that is not ASCII. ` +
        'Give it a character set that does: utf8mb4 on MySQL and MariaDB, UTF8 on PostgreSQL.',
    );
  }
  // User ids are names that the application gives, too, and are compared exactly.
  return mapColumn(dataSource, column, 'userId', dialect);
}
