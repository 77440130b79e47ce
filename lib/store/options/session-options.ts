import type { CipherKey } from 'node:crypto';
import type { DataSource, DataSourceOptions, EntityTarget, ObjectLiteral } from 'typeorm';
import type { AdoptedStore, SessionAdoption } from '../../table/entity/adopted-tables.js';
import type { SessionColumnNames } from '../../table/entity/columns.js';
import type { Duration } from './checking/duration.js';
import type { SessionCookieOptions } from './cookie-options.js';
import type { ResolvedCache, SessionCacheOptions } from './cache-options.js';
import type { CsrfOptions, ResolvedCsrf } from './csrf-options.js';
import type { EncryptionOptions, SerializerOption } from './data-options.js';
import type { CookieOptions, Request, SessionData } from '../express-session.js';
import type { PayloadCipher } from '../serializers/payload-cipher.js';
import type { SessionSerializer } from '../serializers/serializer.js';

/**
 * What is kept of the client of a session. Control characters are left out, and what is longer than its column is cut.
 *
 * @publicApi
 */
export interface SessionMetadata {
  /** The address of the client, or whatever stands for it. `null` and `undefined`: none. */
  readonly ipAddress?: string | null | undefined;
  /** The client's description of itself. `null` and `undefined`: none. */
  readonly userAgent?: string | null | undefined;
}

/**
 * The options of this package. Durations are milliseconds, or strings such as `'30m'`. All are checked once, at start-up; the
 * error names the option, the value and the remedy.
 *
 * @publicApi
 */
export interface SessionModuleOptions {
  // The cookie
  /**
   * Signs the cookies. In an array the first secret signs and all verify, so put the newest first. Required. Fewer than 32
   * characters, or a well-known sample, are a warning, and an error in production.
   */
  secret: CipherKey | CipherKey[] | undefined;
  /** Name of the cookie. @default 'sid' */
  name?: string;
  /**
   * Attributes of the cookie, or a function that returns them for one request; `maxAge` also as `'14d'`. What browsers drop is
   * refused. @default { httpOnly: true, sameSite: 'lax', secure: 'auto', path: '/' }
   */
  cookie?: SessionCookieOptions | ((req: Request) => SessionCookieOptions);
  /** Makes a session id, hard to guess, of 16 to 256 characters. @default 192 random bits */
  genid?: (req: Request) => string;
  /** Whether `x-forwarded-proto` may declare a connection secure. @default Express's `trust proxy` */
  proxy?: boolean;
  /** Sends the cookie with every response. @default false */
  rolling?: boolean;
  /** Stores new sessions that are empty. @default false */
  saveUninitialized?: boolean;
  /** Stores sessions that have not changed. @default false */
  resave?: boolean;
  /** What `req.session = null` does to the row. @default 'keep' */
  unset?: 'destroy' | 'keep';

  // Where sessions are kept
  /** A registered TypeORM data source by name, or the object; never closed by this package. @default 'default' */
  dataSource?: string | DataSource;
  /** A data source of the module's own: opened at start-up (or first use), its table made unless `synchronize: false`, closed at the end. */
  connection?: DataSourceOptions;
  /** The entity that sessions are kept in. @default SessionEntity */
  entity?: EntityTarget<ObjectLiteral>;
  /** Entity property per field, if it has another name. `id` and `data` must exist; what is missing switches its feature off. */
  columns?: SessionColumnNames;
  /**
   * The store that made the table, by its name: its table, columns, units and cookie name, with `hashIds: 'migrate'`. Nobody is signed
   * out, and nobody who had signed out comes back. Two need `createSessionMigration({ adopt })` first: `'connect-session-sequelize'`,
   * whose ids have room for 36 characters, and `'dancer2-dbic'`, whose sessions have no end. Or `{ store, tableName, schema, columns, extended }`; `extended` says that
   * `createSessionMigration({ adopt })` has added what the table lacks. @default the table is of this package's own shape
   */
  adopt?: AdoptedStore | SessionAdoption;

  // How long they live
  /**
   * The timeouts that NIST SP 800-63B-4 allows at an authentication assurance level: 30 days in all at AAL1; 24 hours, and 1
   * hour without a request, at AAL2; 12 hours and 15 minutes at AAL3. `idleTimeout` and `absoluteTimeout` may only be shorter.
   * @default none
   */
  lifetimes?: 'AAL1' | 'AAL2' | 'AAL3';
  /**
   * Ends a session after this much inactivity; overrides the `maxAge` of its cookie, unless that is 0 or less, which ends the
   * session at once. @default the cookie's `maxAge`, else 1 day
   */
  idleTimeout?: Duration | ((session: SessionData) => Duration);
  /**
   * Ends a session without a user after this much inactivity, so that visitors and bots do not fill the table. At most
   * `idleTimeout`, which counts once there is a user. @default none
   */
  anonymousTimeout?: Duration;
  /** Ends a session this long after its creation, whatever happens; `false` never does. @default '30d' */
  absoluteTimeout?: Duration | false;
  /**
   * Minimum time between two touches, the writes that only extend the expiry. If the idle time of a session is not longer, half of that
   * is, so that it does not end while it is in use. @default 1/20 of the idle timeout, at most 5 minutes
   */
  touchInterval?: Duration;
  /**
   * Gives a session another id at the end of a request, on the same row, when its id is older than this; for 30 seconds the
   * old id reads the same session, for the requests in flight. Needs an entity with `renewal: true`, and this package's
   * middleware. At least 30 seconds. @default never
   */
  renewAfter?: Duration;
  /** How often expired rows are removed, and how many at a time; `false` leaves it to `store.prune()`. @default { interval: '15m', batchSize: 1000 } */
  prune?: false | { interval?: Duration; batchSize?: number };

  // Requests that overlap, and failures
  /** What happens if requests of one session overlap: changes are merged by top-level key, the last wins, or it fails. @default 'merge' */
  overlap?: 'merge' | 'overwrite' | 'fail';
  /** The application's own merge of overlapping changes; takes and returns whole session data. */
  merge?: (base: SessionData, theirs: SessionData, mine: SessionData) => SessionData;
  /** What happens to changes if the session was ended meanwhile: dropped, or the request fails (409). @default 'drop' */
  onInterrupted?: 'drop' | 'error';
  /**
   * What happens if the database does not answer: the request fails (503), or goes on with an empty session of which
   * nothing is stored. Then no cookie goes out and nobody is signed out, changes that cannot be stored at the end are dropped with
   * the event `interrupted`, and only an explicit `save`, `destroy`, `regenerate` or `rotate` rejects. @default 'error'
   */
  onUnavailable?: 'error' | 'anonymous';
  /** Stores the changes of a request that ends in a 5xx. @default true */
  saveOnError?: boolean;

  // Users
  /** Returns the user id of a session. @default session.userId ?? session.passport?.user */
  userId?: (session: SessionData) => string | number | undefined;
  /**
   * What is kept of the client of a session, in the columns for `ipAddress` and `userAgent`: `true` keeps its address and its
   * `User-Agent`; `{ ip: 'prefix' }` only the network of the address, /24 or /48; a function returns what to keep. The address
   * is `req.ip`, by the `trust proxy` of the application, or that of the connection. @default false
   */
  metadata?: boolean | { ip: 'full' | 'prefix' } | ((req: Request) => SessionMetadata);
  /**
   * How many live sessions a user may have at most, in all processes. Needs an entity with columns for `userId`, `handle` and
   * `createdAt`. @default no limit
   */
  maxSessionsPerUser?: number;
  /**
   * What happens when a save gives a user one session more than `maxSessionsPerUser`: his oldest by their creation are ended, or the
   * save rejects with `SessionLimitError` (403). @default 'evictOldest'
   */
  onLimit?: 'evictOldest' | 'reject';

  // Protection
  /**
   * Refuses requests of other sites that carry a session and would change something, with `SessionCsrfError` (403) and before any
   * SQL: those that `Sec-Fetch-Site` calls `same-site` or `cross-site` and, without that header, those whose `Origin` is not this
   * host. `trustedOrigins` pass. Safe methods (GET, HEAD, OPTIONS, TRACE) are not checked. @default false
   */
  csrf?: boolean | CsrfOptions;
  /**
   * Keeps only hashes of session ids in the database (OWASP ASVS 14.2.4). `'migrate'` also finds the plain ids of an older store, and
   * replaces each by its hash at its first use; an id that has the form of a stored hash is refused then. @default true
   */
  hashIds?: boolean | 'migrate';
  /**
   * Encrypts the stored data with AES-256-GCM, bound to its row by the `handle`, for which the entity needs a column. Data that no key
   * decrypts is undecodable. A secret that is easy to guess is a warning, and an error in production. @default off
   */
  encryption?: EncryptionOptions;

  // What is stored
  /**
   * The form of the stored data: `'json'`; `'graph'`, which keeps Dates, Maps and much more (`graphSerializer`); a serializer of your own;
   * or `{ use, options }`. `'json'` and `'graph'` read each other's data, and the next write converts it. @default 'json'
   */
  serializer?: SerializerOption;
  /** The largest session in bytes, as it is stored; a larger one is refused with `SessionTooLargeError`. @default 1 MiB */
  maxDataBytes?: number;
  /** Stored data that cannot be decoded is no session, or fails the request. @default 'discard' */
  onUndecodable?: 'discard' | 'error';

  // The database
  /** How long one store operation may take, including waiting, but not while the event loop is blocked. @default '5s' */
  operationTimeout?: Duration;
  /**
   * Statements stay prepared on each connection, if the driver can be reached (PostgreSQL, MySQL, MariaDB, better-sqlite3); `false`
   * behind a transaction pooler that cannot hand them on. @default true
   */
  preparedStatements?: boolean;
  /**
   * Whether the commit of a touch waits for the disk. With `'relaxed'` a crash of the database server may end a session up to one
   * `touchInterval` early, and loses nothing else: saves, rotations and logouts always wait. PostgreSQL only (`synchronous_commit`);
   * other databases always wait. @default 'relaxed'
   */
  touchDurability?: 'relaxed' | 'full';
  /**
   * Reads sessions from the memory of this process for up to `ttl`: such a read costs no statement. A session that this process ends is gone at
   * once; changes and ends by another process may be seen up to `ttl` later. No change is lost: each write is
   * checked by the version of its row, and so the entity needs a column for `version`. @default false
   */
  cache?: false | SessionCacheOptions;

  // Routes
  /** Routes with a session, as in `MiddlewareConsumer.forRoutes`; elsewhere `@Session()` is an error that says so. Nest only. @default all */
  forRoutes?: (SessionRoute | (abstract new (...args: never[]) => unknown))[];
  /** Routes without a session, as in `MiddlewareConsumer.exclude`, without the global prefix. Nest only. @default none */
  exclude?: SessionRoute[];
  /** Whether the module mounts its middleware; else the application mounts `SESSION_MIDDLEWARE`. Nest only. @default true */
  autoMount?: boolean;
}

/** A path, or a path and Nest's `RequestMethod`. */
export type SessionRoute = string | { path: string; method: number };

type Converted =
  | 'secret'
  | 'adopt'
  | 'cookie'
  | 'lifetimes'
  | 'idleTimeout'
  | 'anonymousTimeout'
  | 'absoluteTimeout'
  | 'touchInterval'
  | 'renewAfter'
  | 'prune'
  | 'csrf'
  | 'cache'
  | 'userId'
  | 'metadata'
  | 'serializer'
  | 'encryption'
  | 'operationTimeout';
type Undefaulted = 'maxSessionsPerUser' | 'genid' | 'proxy' | 'dataSource' | 'connection' | 'entity' | 'merge';

/** `SessionModuleOptions`, checked and defaulted; durations in milliseconds. */
export type ResolvedSessionOptions = Readonly<
  Required<Omit<SessionModuleOptions, Converted | Undefaulted>> &
    Pick<SessionModuleOptions, Undefaulted> & {
      /** Empty where the application signs the cookie itself, by a `session()` of its own. */
      secret: CipherKey[];
      cookie: CookieOptions | ((req: Request) => CookieOptions);
      idleTimeoutMs: (session: SessionData) => number | undefined;
      /** `Infinity`: no other limit than with a user. */
      anonymousTimeoutMs: number;
      absoluteTimeoutMs: number | false;
      touchIntervalMs: number | undefined;
      renewAfterMs: number | undefined;
      prune: false | { readonly intervalMs: number; readonly batchSize: number };
      userId: (session: SessionData) => unknown;
      metadata: false | { readonly ip: 'full' | 'prefix' } | ((req: Request) => SessionMetadata);
      csrf: false | ResolvedCsrf;
      cache: false | ResolvedCache;
      adopt: SessionAdoption | undefined;
      /** Whether a session id counts without a signature: of an older store that did not sign them, while its ids are taken over. */
      takesUnsigned: boolean;
      serializer: SessionSerializer;
      encryption: PayloadCipher | undefined;
      operationTimeoutMs: number;
      /** What to say at start-up. */
      warnings: readonly string[];
      /** What is wrong with secrets: a warning, and an error in production. */
      weakSecrets: readonly string[];
    }
>;
