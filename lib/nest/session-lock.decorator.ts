import { UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SessionInterruptedError, SessionOptionsError } from '../session.errors.js';
import { parseDuration, type Duration } from '../store/duration.js';
import type { SessionStore } from '../store/session-store.js';

/**
 * Lets one request of a session at a time into a handler, or into all handlers of a controller. The lock is taken before
 * the handler, the session is read again under it, and it is released when the response has been sent or given up. Across
 * processes on PostgreSQL, MySQL and MariaDB, within the process elsewhere. A request that waits longer than `wait`
 * (default `'10s'`) fails with `SessionConflictError` (409). Each lock holds one connection; at most half of the pool goes
 * into locks. Throws `SessionOptionsError` for a wrong duration.
 *
 * @example
 * \@SessionLock({ wait: '5s' }) \@Post('checkout') checkout(\@Session() session: Session) {}
 *
 * @publicApi
 */
export function SessionLock({ wait = '10s' }: { wait?: Duration } = {}): MethodDecorator & ClassDecorator {
  const waitMs = parseDuration(wait);
  if (!waitMs) {
    throw new SessionOptionsError(`The option \`wait\` of @SessionLock is ${wait}. It has to be a duration of more than 0, as '10s'.`);
  }
  return UseInterceptors(new SessionLockInterceptor(waitMs));
}

class SessionLockInterceptor implements NestInterceptor {
  constructor(private readonly waitMs: number) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    const http = context.switchToHttp();
    const req = http.getRequest<Partial<Request>>();
    const res = http.getResponse<Response>();
    const store = req.sessionStore as SessionStore | undefined;
    if (!store || !req.session) return next.handle();
    const release = await store.lock(req as Request, this.waitMs);
    if (res.closed || res.writableEnded) {
      await release();
      throw new SessionInterruptedError('The client went away while its request waited for the lock of the session.');
    }
    store.requests.whenDone(req as Request, release);
    return next.handle();
  }
}
