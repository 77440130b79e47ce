import type { DataSource, DataSourceOptions, EntityMetadata, QueryRunner } from 'typeorm';
import type { ColumnTraits, SessionColumn, SessionColumns } from '../entity/columns.js';
import type { SessionField } from '../session-row.js';
import type { AgentQuery, LockRequest, MultiRowOperation, SessionPage, SessionSearch } from '../session-table.js';
import type { StatementTransport } from './sent-statement.js';

/** What statements are built from: the entity's metadata and the columns of the session's fields. */
export interface TableShape {
  readonly dataSource: DataSource;
  readonly dialect: SessionDialect;
  readonly metadata: EntityMetadata;
  readonly columns: SessionColumns;
  /** Those that do not hold every value. */
  readonly limited: readonly SessionColumn[];
  /** The table's path, escaped for SQL. */
  readonly table: string;
  /** Whether another store made the table, and may still write to it. @default false */
  readonly isAdopted?: boolean;
  /** Whether the commit of a touch waits for the disk; a database that cannot choose always waits. */
  readonly touchDurability: 'relaxed' | 'full';
  /** Whether the connection loses characters; that columns do so, they know themselves. @default false */
  readonly losesCharacters?: boolean;
  /** The column of the application's own that a search compares. */
  readonly own?: SessionColumn;
  /** The column in which another store marks a session as ended, if the entity does not map it. */
  readonly endedAt?: string | undefined;
}

/** SQL in the driver's own notation, and its parameters in their order: names, with or without a row, and values that TypeORM put in. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  /** The columns of the rows that it returns, in their order. */
  readonly fields: readonly SessionField[];
  /** False where TypeORM put a value of its own in it (a generated uuid): then it is built anew for each use. */
  readonly reusable: boolean;
}

/**
 * One statement for several rows with different ids, which are hashes and so differ under every collation. It is atomic: what it
 * does to the rows that it finds happens for all of them or for none.
 */
export interface MultiRowStatement {
  /** `undefined` if the entity has columns that it cannot carry. */
  build(shape: TableShape, rows: number): Statement | undefined;
  /** Whether it takes rows of nothing but NULL, and does nothing for them, so that a few sizes are enough. */
  readonly isPadded: boolean;
  /**
   * What it reports of the rows that it found: their ids, or their number. If they are fewer than asked for, nobody knows
   * which: that is `count` if one can look afterwards and do the rest, and `allOrNothing` if the statement then does nothing.
   * `all` reports nothing: it does its work for each row, or fails.
   */
  readonly answer: 'ids' | 'count' | 'allOrNothing' | 'all';
}

/**
 * What one statement does for several rows; if there is no `updateInPlace`, `update` does it. `versions` reads those that
 * are there, live or not, and `unlocked` those of them that no other transaction has locked.
 */
export type MultiRowName = MultiRowOperation | 'updateInPlace' | 'versions' | 'unlocked';

/** The statements of a dialect that take several rows. */
export type MultiRowStatements = Readonly<Partial<Record<MultiRowName, MultiRowStatement>>>;

/** What a table and the way to it do with characters. */
export interface CharacterSets {
  /** The string fields whose column, or the connection, does not carry every character. */
  readonly narrowFields: ReadonlySet<SessionField>;
  /** Whether the connection does not. */
  readonly isConnectionNarrow: boolean;
}

/** How long a lock is waited for, and how old it may get, in milliseconds. */
export type LockLimits = Pick<LockRequest, 'waitMs' | 'maxHoldMs'>;

/** A lock of the database by name, held by one connection. */
export interface DatabaseLock {
  /**
   * Resolves to false where the lock could not be had within `waitMs`; the connection is then as it was. A server that ends
   * idle connections is told, as far as it can be, that this one may be idle for `maxHoldMs`.
   */
  acquire(runner: QueryRunner, name: string, limits: LockLimits): Promise<boolean>;
  release(runner: QueryRunner, name: string): Promise<void>;
}

/** A connection that hears notices. */
export interface Listening {
  /** Resolves when the server has them sent. */
  readonly begun: Promise<void>;
  /** Resolves to the reason when the connection has ended. */
  readonly ended: Promise<unknown>;
  /** Ends the connection; one that does not answer within `timeoutMs` is given up. Never rejects. */
  end(timeoutMs: number): Promise<void>;
}

/** Short texts that a database sends on to all connections which listen. */
export interface DatabaseNotices {
  /** Whether the driver of a data source that is open can listen. */
  canListen(dataSource: DataSource): boolean;
  /** Listens on a connection of its own. */
  listen(dataSource: DataSource, channel: string, onNotice: (notice: string) => void): Listening;
  /** The statement that tells; its parameters are the channel and the notice. */
  readonly tell: string;
}

/** Asks the database; resolves to rows by the names of their columns. */
export type Query = (sql: string, parameters: readonly unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>;

type Build = (shape: TableShape) => Statement;

/**
 * What a database says in its own way. The standard dialect goes through TypeORM's query builder and fits any driver; the
 * others replace single members.
 */
export interface SessionDialect extends ColumnTraits {
  readonly name: string;
  /**
   * How statements get to the database. If all of the application shares one connection, the transport keeps writes out of the
   * application's transactions.
   */
  readonly transport: StatementTransport;
  /** The same with `preparedStatements: false`. */
  readonly unpreparedTransport: StatementTransport;
  /** The statements for several rows; without one the rows are written one by one. */
  readonly multiRow: MultiRowStatements;
  /**
   * Whether a write of one row passes over a row that another transaction has locked, as those of several rows do: then none
   * changed may mean that it is there. If not, the write fails after a short wait.
   */
  readonly skipsLocked: boolean;
  /** Whether `equals` is exact; if not, a row is looked at before it is written. */
  readonly isExact: boolean;
  /** Compares a text column with a parameter or column by case, length and padding. */
  equals(column: Pick<SessionColumn, 'sql' | 'type' | 'metadata'>, value: string): string;

  /**
   * What the columns and the connection carry; `undefined` if there is no table yet. Without it, all carry every character. Rejects
   * with `SessionOptionsError` if the driver cannot send values safely over these connections.
   */
  characterSets?(query: Query, shape: TableShape): Promise<CharacterSets | undefined>;

  /** A statement under which time columns mean UTC, where that depends on the session; without it, the statement itself. */
  inUtc?(shape: TableShape, sql: string, parameters: readonly unknown[]): string;

  readonly find: Build;
  /** By the id before, of which `previousUntil` is the end. */
  readonly findPrevious: Build;
  /** The id and version, of a row that may have expired. */
  readonly findId: Build;
  readonly insert: Build;
  /** Only at the version that was read. */
  readonly update: Build;
  /** The same without what has an index; if it is missing, the database sees by itself that a value stays. */
  readonly updateInPlace?: Build;
  /** At any version. */
  readonly overwrite: Build;
  readonly touch: Build;
  /** Without the hour after which the row is pruned. */
  readonly touchInHour: Build;
  readonly changeId: Build;
  /** Another id for a row of another store, and values for those of its columns that are NULL. */
  readonly adoptId: Build;
  /** Only if the entity has columns for the client. */
  readonly setClient: Build;
  readonly remove: Build;
  readonly removeHandle: Build;
  /** All rows. */
  readonly clear: Build;
  /** Up to `:limit` rows that no other transaction has locked; without it: `clear`. */
  readonly clearUnlocked?: Build;
  readonly count: Build;
  /** The user ids of live rows that compare as equal to this one. */
  readonly idsOfUser: Build;
  /** One atomic statement; without it: overwrite, else insert, else overwrite. */
  readonly upsert?: Build;
  /**
   * The insert, update and overwrite of one row, if `:userId` has fewer than `:count` live rows, each one atomic statement; without
   * them: under a lock on the user.
   */
  readonly insertWithin?: Build;
  readonly updateWithin?: Build;
  readonly overwriteWithin?: Build;
  /** Removes up to `:limit` expired rows, whether or not others do so too; without it: `expired`, then `remove`. */
  readonly prune?: Build;

  /** Prepares a table that was just made, in a way that entities cannot say. Does nothing if the table has settings already. */
  readonly tune?: (runner: QueryRunner, table: string) => Promise<void>;

  /** The change of a column that must not be NULL to a type with more room; without it, lengths do not count. */
  widen?(column: string, type: string): string;

  /** What a data source of our own is opened with, instead of some of the application's options. */
  ownOptions?(options: DataSourceOptions): object;

  /** Without it sessions are locked within the process only. */
  readonly lock?: DatabaseLock;

  /** Without it processes tell each other nothing. */
  readonly notices?: DatabaseNotices | undefined;

  /** The addresses of the rows of a user with an agent, or without one. */
  addresses(shape: TableShape, query: AgentQuery): Statement;
  page(shape: TableShape, page: SessionPage): Statement;
  /** What rows are found by, and when they were made and end; live or not. */
  locate(shape: TableShape, search: SessionSearch): Statement;
  scan(shape: TableShape, limit: number, fromStart: boolean): Statement;
  /** The ids of any rows. */
  ids(shape: TableShape, limit: number): Statement;
  /** The same in their order, those after `:after`. */
  idsInOrder(shape: TableShape, limit: number, fromStart: boolean): Statement;
  /** The ids of rows to remove, the oldest first. */
  expired(shape: TableShape, limit: number): Statement;
}

/** The statements of a dialect that are built once. */
export type StatementName = {
  [Name in keyof SessionDialect]-?: SessionDialect[Name] extends Build | undefined ? Name : never;
}[keyof SessionDialect];
