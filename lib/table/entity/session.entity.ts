import { Column, Entity, EntitySchema, Index, PrimaryColumn } from 'typeorm';
import type { ColumnType, EntitySchemaColumnOptions } from 'typeorm';
import type { SessionField } from '../session-table.js';

/** The columns of the row, by field: one list for the decorated class and for the schema. */
const COLUMNS = {
  id: { name: 'id', type: 'varchar', length: 64, primary: true },
  data: { name: 'data', type: 'text' },
  expiresAt: { name: 'expires_at', type: 'bigint' },
  pruneAfter: { name: 'prune_after', type: 'integer' },
  createdAt: { name: 'created_at', type: 'bigint' },
  lastSeenAt: { name: 'last_seen_at', type: 'bigint' },
  version: { name: 'version', type: 'integer' },
  userId: { name: 'user_id', type: 'varchar', length: 255, nullable: true },
  handle: { name: 'handle', type: 'varchar', length: 32, unique: true },
  ipAddress: { name: 'ip_address', type: 'varchar', length: 45, nullable: true },
  userAgent: { name: 'user_agent', type: 'varchar', length: 255, nullable: true },
} as const satisfies Partial<Record<SessionField, EntitySchemaColumnOptions>>;

/** What `renewAfter` needs beside them. */
const RENEWAL_COLUMNS = {
  previousId: { name: 'previous_id', type: 'varchar', length: 64, nullable: true },
  previousUntil: { name: 'previous_until', type: 'bigint', nullable: true },
} as const satisfies Partial<Record<SessionField, EntitySchemaColumnOptions>>;

/**
 * The session row as a TypeORM entity, in the table `sessions`. Subclasses (with an `@Entity()` of their own) may add
 * columns. Times are epoch milliseconds, because time zones and driver settings cannot bend them; `bigint` columns
 * arrive as strings on some drivers.
 *
 * @publicApi
 */
@Entity('sessions')
export class SessionEntity {
  /** What TypeORM calls the entity: applications have entities named `Session` and `SessionEntity` of their own. */
  static readonly name: string = 'NestjsTypeormSessionEntity';

  /** Lower-case hexadecimal SHA-256 of the session id: exact under every collation (OWASP ASVS 14.2.4). */
  @PrimaryColumn(COLUMNS.id)
  id!: string;

  /** The serialised session, its cookie included. */
  @Column(COLUMNS.data)
  data!: string;

  /** Epoch milliseconds from which the session is over. */
  @Column(COLUMNS.expiresAt)
  expiresAt!: number | string;

  /** Epoch hours from which the row may be removed. */
  @Index()
  @Column(COLUMNS.pruneAfter)
  pruneAfter!: number;

  /** Epoch milliseconds. */
  @Column(COLUMNS.createdAt)
  createdAt!: number | string;

  /** Epoch milliseconds. */
  @Column(COLUMNS.lastSeenAt)
  lastSeenAt!: number | string;

  /** Raised by each write of `data`. */
  @Column(COLUMNS.version)
  version!: number;

  /** What the `userId` option finds in the session. */
  @Index()
  @Column(COLUMNS.userId)
  userId!: string | null;

  /** The public name of the session: 32 hexadecimal digits. */
  @Column(COLUMNS.handle)
  handle!: string;

  /** Room for the address of the client; nothing fills it yet. */
  @Column(COLUMNS.ipAddress)
  ipAddress!: string | null;

  /** Room for the client's own description of itself; nothing fills it yet. */
  @Column(COLUMNS.userAgent)
  userAgent!: string | null;
}

/**
 * How `defineSessionEntity` differs from `SessionEntity`.
 *
 * @publicApi
 */
export interface SessionEntityDefinition {
  /** Name of the entity, which no other entity of the data source may have. @default `NestjsTypeormSession_` and the table */
  name?: string;
  /** @default 'sessions' */
  tableName?: string;
  /** Database schema of the table. @default the data source's */
  schema?: string;
  /** Column name per field. @default those of `SessionEntity` */
  columns?: Partial<Record<SessionField, string>>;
  /** Type of the data column: 'text', 'mediumtext', 'json', 'jsonb', 'simple-json', 'blob' … @default 'text' */
  dataType?: ColumnType;
  /** Character set of the data column, where the database has such (MySQL, MariaDB). */
  charset?: string;
  /** Adds `previous_id` and `previous_until`, which the option `renewAfter` needs. @default false */
  renewal?: boolean;
}

/**
 * The row of `SessionEntity` as an EntitySchema, with names and a data type of the application's choice. On MySQL and
 * MariaDB `{ dataType: 'mediumtext', charset: 'utf8mb4' }` lifts the 65,535 bytes of `text`.
 *
 * @publicApi
 */
export function defineSessionEntity(definition: SessionEntityDefinition = {}): EntitySchema<SessionEntity> {
  const { tableName = 'sessions', schema, columns, dataType, charset, renewal } = definition;
  const { name = nameFrom(schema, tableName) } = definition;
  const named = Object.entries({ ...COLUMNS, ...(renewal && RENEWAL_COLUMNS) }).map(([field, options]) => {
    const column = { ...options, name: columns?.[field as SessionField] ?? options.name };
    if (field !== 'data') return [field, column];
    return [field, { ...column, ...(dataType && { type: dataType }), ...(charset && { charset }) }];
  });
  return new EntitySchema<SessionEntity>({
    name,
    tableName,
    ...(schema && { schema }),
    columns: Object.fromEntries(named) as Record<SessionField, EntitySchemaColumnOptions>,
    indices: [{ columns: ['pruneAfter'] }, { columns: ['userId'] }, ...(renewal ? [{ columns: ['previousId'] }] : [])],
  });
}

/** A name of its own for each table: TypeORM finds entities by name, and applications have a `Session` of their own. */
function nameFrom(schema: string | undefined, tableName: string): string {
  const path = schema === undefined ? tableName : `${schema}.${tableName}`;
  return `NestjsTypeormSession_${path.replace(/\W/g, (character) => `_${character.codePointAt(0)!.toString(16)}_`)}`;
}
