/**
 * What all errors of this package share: a stable `code`, the real `cause` where there is one, and the remedy in the
 * text. `status`, `statusCode` and `expose` have the shape of "http-errors", so that Nest 11, Nest 12 and Express
 * answer with the right status; the text of a 5xx stays on the server. No text holds a session id or session data.
 */
export abstract class SessionError extends Error {
  /** Names the kind of error; never changes between versions. */
  abstract readonly code: `SESSION_${string}`;
  override readonly name: string = this.constructor.name;
  /** The HTTP status that an unhandled one is answered with. */
  readonly status: number;
  readonly statusCode: number;
  /** Whether the text may be sent to the client. */
  readonly expose: boolean;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = this.statusCode = status;
    this.expose = status < 500;
  }
}

/** An option is missing, unknown or has a wrong value. Thrown at start-up. */
export class SessionOptionsError extends SessionError {
  override readonly code = 'SESSION_OPTIONS';
  constructor(message: string, options?: ErrorOptions) {
    super(500, message, options);
  }
}

/** The session entity is not registered, lacks a column that is needed, or its table is missing. */
export class SessionEntityError extends SessionError {
  override readonly code = 'SESSION_ENTITY';
  constructor(message: string, options?: ErrorOptions) {
    super(500, message, options);
  }
}

/** The session was ended (logout, revocation, expiry, another id) while this request was using it. */
export class SessionInterruptedError extends SessionError {
  override readonly code = 'SESSION_INTERRUPTED';
  constructor(
    message = 'The session was ended while this request was using it. Sign in again, or start a new session.',
  ) {
    super(409, message);
  }
}

/** Another request changed the session first, and `overlap: 'fail'` forbids a merge; or the merge found no quiet moment. */
export class SessionConflictError extends SessionError {
  override readonly code = 'SESSION_CONFLICT';
  constructor(message = 'The session was changed by another request at the same time. Reload it and try again.') {
    super(409, message);
  }
}

/** The session data, or the user id taken from it, is larger than `maxDataBytes` or than its column. Nothing was stored. */
export class SessionTooLargeError extends SessionError {
  override readonly code = 'SESSION_TOO_LARGE';
  constructor(message: string, options?: ErrorOptions) {
    super(413, message, options);
  }
}

/** Session data cannot be turned into text, or (with `onUndecodable: 'error'`) stored text cannot be turned into data. */
export class SessionSerializationError extends SessionError {
  override readonly code = 'SESSION_SERIALIZATION';
  constructor(message: string, options?: ErrorOptions) {
    super(500, message, options);
  }
}

/** The database did not answer, or not in time. What was asked may or may not have happened. */
export class SessionUnavailableError extends SessionError {
  override readonly code = 'SESSION_UNAVAILABLE';
  constructor(message: string, options?: ErrorOptions) {
    super(503, message, options);
  }
}
