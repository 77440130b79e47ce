import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { parseDuration, type Duration } from '../../store/options/checking/duration.js';
import { checkDecoratorOptions, wrongDecoratorOption } from '../checking/decorator-arguments.js';
import { LOCK_LIMITS, SessionLockInterceptor, type LockLimits } from './session-lock.interceptor.js';

/** How long a lock is waited for, and how long it lasts. */
interface SessionLockDurations {
  /** A request that waits longer fails with `SessionConflictError` (409), and its handler is not called. @default '10s' */
  wait?: Duration;
  /**
   * Maximum age of a lock. Then it is released, a warning names the handler, and a later save of that handler fails with
   * `SessionConflictError` (409) if another request has changed the session. @default '30s'
   */
  maxHold?: Duration;
}

/**
 * Lets one request of a session at a time into a handler, or into all handlers of a controller. The lock is taken before
 * the handler, and the session is read again under it. It is released when the handler is done and its session stored, when
 * the client has gone, or after `maxHold`, whichever comes first. Across processes on PostgreSQL, MySQL and MariaDB, within
 * the process elsewhere. Each lock holds one connection; at most half of the pool goes into locks. Throws
 * `SessionOptionsError` for a wrong duration, and for an unknown option.
 *
 * The resolvers of one GraphQL operation share the lock of their request. In a gateway each message takes a lock of its own;
 * what its handler has changed is stored when the handler is done, if it has not failed.
 *
 * @example
 * \@SessionLock({ wait: '5s' }) \@Post('checkout') checkout(\@Session() session: Session) {}
 *
 * @publicApi
 */
export function SessionLock(durations: SessionLockDurations = {}): MethodDecorator & ClassDecorator {
  checkDecoratorOptions('@SessionLock', durations, ['wait', 'maxHold']);
  const { wait = '10s', maxHold = '30s' } = durations;
  const limits: LockLimits = { waitMs: toMilliseconds('wait', wait), maxHoldMs: toMilliseconds('maxHold', maxHold) };
  return applyDecorators(SetMetadata(LOCK_LIMITS, limits), UseInterceptors(SessionLockInterceptor));
}

function toMilliseconds(name: keyof SessionLockDurations, duration: Duration): number {
  const ms = parseDuration(duration);
  if (ms && ms < 2 ** 31) return ms;
  throw wrongDecoratorOption('@SessionLock', name, duration, "a duration of more than 0 and at most 24 days, such as '10s'");
}
