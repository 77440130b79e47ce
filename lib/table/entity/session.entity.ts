import { Column, Entity, EntitySchema, Index, PrimaryColumn } from 'typeorm';
import type { ColumnType, EntitySchemaColumnOptions } from 'typeorm';
import { SessionOptionsError } from '../../session.errors.js';
import { checkArguments } from '../checking/arguments.js';
import { aBoolean, aName, anObjectOf, either, type Rules } from '../checking/rules.js';
import {
  adoptedTable,
  aStore,
  checkAdoption,
  COLUMN_RULES,
  someColumns,
  type AdoptedStore,
  type SessionAdoption,
} from './adopted-tables.js';
import { FIELD_FACTS, SESSION_FIELDS, type FieldKind, type RenewalField, type SessionField } from '../session-row.js';

/** A column as both decorators and schemas take it. */
interface DefaultColumn {
  readonly name: string;
  readonly type: 'varchar' | 'text' | 'bigint' | 'integer';
  readonly length?: number;
  readonly nullable?: true;
  readonly unique?: true;
  readonly primary?: true;
}

const COLUMN_OF_KIND: Readonly<Record<FieldKind, Omit<DefaultColumn, 'name'>>> = {
  id: { type: 'varchar', length: 64 },
  payload: { type: 'text' },
  name: { type: 'varchar', length: 255 },
  handle: { type: 'varchar', length: 32, unique: true },
  description: { type: 'varchar', length: 255 },
  instant: { type: 'bigint' },
  hour: { type: 'integer' },
  counter: { type: 'integer' },
};

/** The column of a field, for the decorated class and for the schema. */
function columnOf(field: SessionField): DefaultColumn {
  const { kind, length, isNullable } = FIELD_FACTS[field];
  const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    name,
    ...COLUMN_OF_KIND[kind],
    ...(length !== undefined && { length }),
    ...(isNullable && { nullable: true as const }),
    ...(field === 'id' && { primary: true as const }),
  };
}

/**
 * The session row as a TypeORM entity, in the table `sessions`. Subclasses (with an `@Entity()` of their own) may add
 * columns. Times are epoch milliseconds, because time zones and driver settings cannot change them; `bigint` columns
 * arrive as strings on some drivers.
 *
 * @publicApi
 */
@Entity('sessions')
export class SessionEntity implements Record<Exclude<SessionField, RenewalField>, unknown> {
  /** The name of the entity in TypeORM, unlike `Session` or `SessionEntity`, which an application may use itself. */
  static readonly name: string = 'NestjsTypeormSessionEntity';

  /** Lower-case hexadecimal SHA-256 of the session id: exact under every collation (OWASP ASVS 14.2.4). */
  @PrimaryColumn({ ...columnOf('id'), nullable: false })
  id!: string;

  /** The serialised session, its cookie included. */
  @Column(columnOf('data'))
  data!: string;

  /** Epoch milliseconds from which the session is over. */
  @Column(columnOf('expiresAt'))
  expiresAt!: number | string;

  /** Epoch hours from which the row may be removed. */
  @Index()
  @Column(columnOf('pruneAfter'))
  pruneAfter!: number;

  /** Epoch milliseconds. */
  @Column(columnOf('createdAt'))
  createdAt!: number | string;

  /** Epoch milliseconds. */
  @Column(columnOf('lastSeenAt'))
  lastSeenAt!: number | string;

  /** Raised by each write of `data`. */
  @Column(columnOf('version'))
  version!: number;

  /** What the `userId` option finds in the session. */
  @Index()
  @Column(columnOf('userId'))
  userId!: string | null;

  /** The public name of the session: 32 hexadecimal digits. */
  @Column(columnOf('handle'))
  handle!: string;

  /** The address of the client, or its network; NULL without the option `metadata`. */
  @Column(columnOf('ipAddress'))
  ipAddress!: string | null;

  /** The client's own description of itself; NULL without the option `metadata`. */
  @Column(columnOf('userAgent'))
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
  /** Name of the table. @default 'sessions' */
  tableName?: string;
  /** Database schema of the table. @default the data source's */
  schema?: string;
  /** Column name per field. @default those of `SessionEntity` */
  columns?: Partial<Record<SessionField, string>>;
  /** Type of the data column: 'text', 'mediumtext', 'json', 'jsonb', 'simple-json', 'blob' … @default 'text' */
  dataType?: ColumnType;
  /** Character set of the data column, if the database has one for each column (MySQL, MariaDB). */
  charset?: string;
  /** The store that made the table, if another did, as in the option `adopt`. @default the table is of this package's own shape */
  adopt?: AdoptedStore | SessionAdoption;
  /** With `adopt`: whether `createSessionMigration({ adopt })` has added the columns that the table lacks. @default false */
  extended?: boolean;
  /** Adds `previous_id` and `previous_until`, which the option `renewAfter` needs. @default false */
  renewal?: boolean;
}

const RULES: Rules<keyof SessionEntityDefinition> = {
  name: aName,
  tableName: aName,
  schema: aName,
  columns: someColumns,
  dataType: [(value) => aName[0](value) || typeof value === 'function', "a column type of the database, such as 'jsonb'"],
  charset: aName,
  adopt: either(aStore, anObjectOf('{ store, tableName, schema, columns, extended }')),
  extended: aBoolean,
  renewal: aBoolean,
};

/**
 * The row of `SessionEntity` as an EntitySchema, with names and a data type of the application's choice. On MySQL and
 * MariaDB `{ dataType: 'mediumtext', charset: 'utf8mb4' }` lifts the limit of 65,535 bytes. Throws
 * `SessionOptionsError` for an unknown option, and for a wrong value.
 *
 * @publicApi
 */
export function defineSessionEntity(definition: SessionEntityDefinition = {}): EntitySchema<SessionEntity> {
  checkArguments('defineSessionEntity', definition, RULES);
  if (definition.columns) checkArguments('defineSessionEntity', definition.columns, COLUMN_RULES, 'columns.');
  const { tableName = 'sessions', schema, columns, dataType, charset, renewal, adopt } = definition;
  if (adopt) {
    const told = Object.entries({ dataType, charset, renewal }).find(([, value]) => value !== undefined);
    if (told) throw new SessionOptionsError(`\`${told[0]}\` is no part of an adopted table, which is as its store made it. Leave it out.`);
    if (typeof adopt === 'string') return adoptedEntity({ ...definition, store: adopt });
    checkAdoption('defineSessionEntity', adopt);
    return adoptedEntity({ ...definition, ...adopt });
  }
  const { name = nameFrom(schema, tableName) } = definition;
  const fields = SESSION_FIELDS.filter((field) => renewal || FIELD_FACTS[field].feature !== 'renewal');
  const named = fields.map((field) => {
    const column = { ...columnOf(field), ...(columns?.[field] && { name: columns[field] }) };
    if (field !== 'data') return [field, column] as const;
    return [field, { ...column, ...(dataType && { type: dataType }), ...(charset && { charset }) }] as const;
  });
  return new EntitySchema<SessionEntity>({
    name,
    tableName,
    ...(schema && { schema }),
    columns: Object.fromEntries(named) as Record<SessionField, EntitySchemaColumnOptions>,
    indices: fields.filter((field) => FIELD_FACTS[field].isIndexed).map((field) => ({ columns: [field] })),
  });
}

/**
 * Fields that no adopted table gets a column for. Rows that the older store still makes would have no `pruneAfter`, and never be
 * removed: `expiresAt` alone decides.
 */
const NEVER_ADDED: ReadonlySet<SessionField> = new Set(['pruneAfter', 'previousId', 'previousUntil']);

/** The table of another store as an entity. Nothing that synchronizes tables changes it. */
export function adoptedEntity(adoption: SessionAdoption & { readonly name?: string }): EntitySchema<SessionEntity> {
  const { schema, extended } = adoption;
  const table = adoptedTable(adoption);
  const tableName = adoption.tableName ?? table.tableName;
  const named = SESSION_FIELDS.flatMap((field): [string, EntitySchemaColumnOptions][] => {
    const own = table.columns[field] ?? (extended && !NEVER_ADDED.has(field) ? { ...columnOf(field), nullable: true } : undefined);
    if (!own) return [];
    // The migration widens an id that has no room for a hash.
    const length = extended && field === 'id' ? { length: Math.max(Number(own.length), columnOf('id').length!) } : {};
    return [[field, { ...own, name: adoption.columns?.[field] ?? own.name!, ...length }]];
  });
  return new EntitySchema<SessionEntity>({
    name: adoption.name ?? nameFrom(schema, tableName),
    tableName,
    synchronize: false,
    ...(schema && { schema }),
    columns: Object.fromEntries(named),
  });
}

/** How the names begin that entities get here. */
export const GENERATED_NAME = 'NestjsTypeormSession_';

/** A name of its own for each table: TypeORM finds entities by name, and applications have a `Session` of their own. */
function nameFrom(schema: string | undefined, tableName: string): string {
  const path = schema === undefined ? tableName : `${schema}.${tableName}`;
  return `${GENERATED_NAME}${path.replace(/\W/g, (character) => `_${character.codePointAt(0)!.toString(16)}_`)}`;
}
