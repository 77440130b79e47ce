import { types } from 'node:util';

/**
 * What all errors of this package share: a stable `code`, the real `cause` where there is one, and the remedy in the message.
 * `status`, `statusCode` and `expose` have the shape of "http-errors", so that Nest 11, Nest 12 and Express answer with the
 * right status; the message of a 5xx stays on the server. No message holds a session id or session data. An exception filter
 * of Nest 12 gets an error below 500 that arises outside a handler as an `HttpException`, whose `cause` is the error.
 */
export abstract class SessionError extends Error {
  /** Names the kind of error; never changes between versions. */
  abstract readonly code: `SESSION_${string}`;
  /** The HTTP status that an unhandled one is answered with. */
  abstract readonly status: number;
  override readonly name: string = this.constructor.name;

  get statusCode(): number {
    return this.status;
  }

  /** Whether the message may be sent to the client. */
  get expose(): boolean {
    return this.status < 500;
  }
}

/** An option is missing, unknown or has a wrong value, at start-up; or the options give no session to a route that needs one. */
export class SessionOptionsError extends SessionError {
  override readonly code = 'SESSION_OPTIONS';
  override readonly status = 500;
}

/** The session entity is not registered, lacks a column that is needed, or its table is missing. */
export class SessionEntityError extends SessionError {
  override readonly code = 'SESSION_ENTITY';
  override readonly status = 500;
}

/** The session was ended (logout, revocation, expiry, another id) while this request was using it. */
export class SessionInterruptedError extends SessionError {
  override readonly code = 'SESSION_INTERRUPTED';
  override readonly status = 409;
  constructor(message = 'The session was ended while this request was using it. Sign in again, or start a new session.') {
    super(message);
  }
}

/** Another request changed the session first, and `overlap: 'fail'` or a lost lock forbids a merge; a lock could not be had in time; or the id of a new session is taken. */
export class SessionConflictError extends SessionError {
  override readonly code = 'SESSION_CONFLICT';
  override readonly status = 409;
}

/** A new session id was requested after the response had begun, so no cookie could carry it. The message says what became of the session. */
export class SessionHeadersSentError extends SessionError {
  override readonly code = 'SESSION_HEADERS_SENT';
  override readonly status = 500;
}

/** With the option `csrf`: a request that would change something came from another site. Nothing was read or stored. */
export class SessionCsrfError extends SessionError {
  override readonly code = 'SESSION_CSRF';
  override readonly status = 403;
  constructor() {
    super('The request came from another site. Send it from a page of this one, or add its origin to the option `csrf.trustedOrigins`.');
  }
}

/** The session data is larger than `maxDataBytes` or than its column, or the column for the user id cannot hold it: its length or a character. Nothing was stored. */
export class SessionTooLargeError extends SessionError {
  override readonly code = 'SESSION_TOO_LARGE';
  override readonly status = 413;
}

/** The save would have given a user more sessions than `maxSessionsPerUser`, and `onLimit` is `'reject'`. Nothing was stored. */
export class SessionLimitError extends SessionError {
  override readonly code = 'SESSION_LIMIT';
  override readonly status = 403;
  constructor(message = 'This user has the maximum number of sessions. End one of them, and sign in again.') {
    super(message);
  }
}

/** Session data cannot be serialized, the database refuses a value of it, or (with `onUndecodable: 'error'`) stored data cannot be decoded. */
export class SessionSerializationError extends SessionError {
  override readonly code = 'SESSION_SERIALIZATION';
  override readonly status = 500;
}

/**
 * The database answered, and refused: a constraint, a trigger, a permission, or a syntax that it does not know. Nothing was
 * stored. Names the column or constraint, if the driver does.
 */
export class SessionRefusedError extends SessionError {
  override readonly code = 'SESSION_REFUSED';
  override readonly status = 500;
}

/** The database did not answer, answered too late, or cannot answer now. The operation may or may not have happened. */
export class SessionUnavailableError extends SessionError {
  override readonly code = 'SESSION_UNAVAILABLE';
  override readonly status = 503;
}

/** An error as the log shows it. Throws nothing, whatever was thrown: it may be no error, or one whose members throw. @internal */
export function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}

/** Also of another realm, as those of Node.js are under Jest. @internal */
export const isError = (error: unknown): error is Error => error instanceof Error || types.isNativeError(error);

/**
 * What code of the application threw, as an error. Callbacks, and Express, take `undefined` for no error, Express `'route'` as well, and
 * Fastify sends what is no `Error` as an answer. @internal
 */
export const toError = (thrown: unknown): Error =>
  isError(thrown)
    ? thrown
    : new Error('A method of the store, or an option, threw what is no Error; see `cause`. Throw an Error.', { cause: thrown });
