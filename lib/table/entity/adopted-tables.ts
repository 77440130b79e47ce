import type { EntitySchemaColumnOptions } from 'typeorm';
import { SessionEntityError } from '../../session.errors.js';
import { checkArguments } from '../checking/arguments.js';
import { aBoolean, aName, anObjectOf, oneOf, type Rules } from '../checking/rules.js';
import { SESSION_FIELDS, type SessionField } from '../session-row.js';

/** The stores whose tables are known by name. */
export type AdoptedStore = keyof typeof ADOPTED;

/**
 * A table of another store.
 *
 * @publicApi
 */
export interface SessionAdoption {
  /** The store that made the table. */
  store: AdoptedStore;
  /** Name of the table. @default the one that the store makes by itself */
  tableName?: string;
  /** Database schema of the table. @default the data source's */
  schema?: string;
  /** Column name per field. @default those of the store, and for what is added those of `SessionEntity` */
  columns?: Partial<Record<SessionField, string>>;
  /** Whether the migration `createSessionMigration({ adopt })` has added the columns that the table lacks. @default false */
  extended?: boolean;
}

/** What there is to know of the table of another store. */
export interface AdoptedTable {
  readonly tableName: string;
  /** The name of its cookie. */
  readonly cookieName: string;
  /** The one family of databases that it is for; several if it is missing. */
  readonly family?: 'postgres' | 'mysql';
  /** The columns that it has. */
  readonly columns: Partial<Record<SessionField, EntitySchemaColumnOptions>>;
  /** Where its README shows an entity of the application's: the properties of that, by field. */
  readonly properties?: Partial<Record<SessionField, string>>;
  /** Whether the data lies in a json column of servers; other databases have text. */
  readonly hasJson?: boolean;
  /** How SQLite holds its times: ISO 8601 with a `T`. @default date and time with a space between */
  readonly hasIsoTimes?: boolean;
  /** The column in which it marks a session as ended; a row with a value there is no session. */
  readonly endedAt?: string;
  /** Whether its cookies are not signed. */
  readonly isUnsigned?: boolean;
}

const id = (name: string, length: number): EntitySchemaColumnOptions => ({ name, type: 'varchar', length, primary: true });
/** Resolved by each driver to its type for date and time. */
const time = (name: string): EntitySchemaColumnOptions => ({ name, type: Date });

/** The tables as the stores make them, or as their documentation shows them. */
export const ADOPTED = {
  'connect-pg-simple': {
    tableName: 'session',
    cookieName: 'connect.sid',
    family: 'postgres',
    columns: { id: id('sid', 255), data: { name: 'sess', type: 'json' }, expiresAt: time('expire') },
  },
  'connect-typeorm': {
    tableName: 'session',
    cookieName: 'connect.sid',
    columns: { id: id('id', 255), data: { name: 'json', type: 'text' }, expiresAt: { name: 'expiredAt', type: 'bigint' } },
    properties: { data: 'json', expiresAt: 'expiredAt' },
    endedAt: 'destroyedAt',
  },
  'express-mysql-session': {
    tableName: 'sessions',
    cookieName: 'connect.sid',
    family: 'mysql',
    columns: {
      id: id('session_id', 128),
      data: { name: 'data', type: 'mediumtext', nullable: true },
      expiresAt: { name: 'expires', type: 'int', unsigned: true },
    },
  },
  'typeorm-store': {
    tableName: 'session',
    cookieName: 'connect.sid',
    columns: { id: id('id', 255), data: { name: 'data', type: 'text' }, expiresAt: { name: 'expiresAt', type: 'integer' } },
    properties: {},
  },
  'connect-session-knex': {
    tableName: 'sessions',
    cookieName: 'connect.sid',
    columns: { id: id('sid', 255), data: { name: 'sess', type: 'simple-json' }, expiresAt: time('expired') },
    hasJson: true,
    hasIsoTimes: true,
  },
  'connect-session-sequelize': {
    tableName: 'Sessions',
    cookieName: 'connect.sid',
    columns: {
      id: id('sid', 36),
      data: { name: 'data', type: 'text', nullable: true },
      expiresAt: { ...time('expires'), nullable: true },
      createdAt: time('createdAt'),
      lastSeenAt: time('updatedAt'),
    },
  },
  'dancer2-dbic': {
    tableName: 'sessions',
    cookieName: 'dancer.session',
    columns: { id: id('sessions_id', 255), data: { name: 'session_data', type: 'text' } },
    isUnsigned: true,
  },
} as const satisfies Record<string, AdoptedTable>;

/** What names a store. */
export const aStore = oneOf(...Object.keys(ADOPTED));
export const someColumns = anObjectOf('the name of a column per field');
/** What the names of columns must be, by field. */
export const COLUMN_RULES: Rules = Object.fromEntries(SESSION_FIELDS.map((field) => [field, aName]));
/** What an adoption must be, option by option. */
export const ADOPTION_RULES: Rules<keyof SessionAdoption> = {
  store: aStore,
  tableName: aName,
  schema: aName,
  columns: someColumns,
  extended: aBoolean,
};

/** Throws `SessionOptionsError` for an adoption that `caller` cannot use. */
export function checkAdoption(caller: string, adopt: SessionAdoption): void {
  // A store that is missing is a wrong one.
  checkArguments(caller, { ...adopt, store: adopt.store ?? null }, ADOPTION_RULES, 'adopt.');
  if (adopt.columns) checkArguments(caller, adopt.columns, COLUMN_RULES, 'adopt.columns.');
}

/** What there is to know of a store's table. */
export const adoptedTable = ({ store }: SessionAdoption): AdoptedTable => ADOPTED[store];

/** Throws `SessionEntityError` for a store that makes no table on this family of databases. */
export function assertFamily({ family }: AdoptedTable, actual: string, tableName: string): void {
  if (family === undefined || family === actual) return;
  throw new SessionEntityError(
    `The option \`adopt\` names a store that works on ${family} only, and the table "${tableName}" is on ${actual}. Name the store that made the table.`,
  );
}
