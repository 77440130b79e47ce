import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { finalize } from 'rxjs';
import type { Request, Response } from 'express';
import { SessionInterruptedError, SessionOptionsError } from '../session.errors.js';
import { parseDuration, type Duration } from '../store/options/duration.js';
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
  if (!waitMs || waitMs >= 2 ** 31) {
    throw new SessionOptionsError(
      `The option \`wait\` of @SessionLock is ${wait}. It has to be a duration of more than 0 and at most 24 days, as '10s'.`,
    );
  }
  return applyDecorators(SetMetadata(WAIT_MS, waitMs), UseInterceptors(SessionLockInterceptor));
}

const WAIT_MS = Symbol('SESSION_LOCK_WAIT_MS');

class SessionLockInterceptor implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler) {
    const http = context.switchToHttp();
    const req = http.getRequest<Partial<Request>>();
    const res = http.getResponse<Response>();
    const store = req.sessionStore as SessionStore | undefined;
    // A handler of a locked controller may have its own wait, and needs no second lock.
    if (!store || !req.session || store.requests.isLocked(req as Request)) return next.handle();
    const waitMs = new Reflector().getAllAndOverride<number>(WAIT_MS, [context.getHandler(), context.getClass()]);
    const release = await store.lock(req as Request, waitMs);
    if (res.closed || res.writableEnded) {
      await release();
      throw new SessionInterruptedError('The client went away while its request waited for the lock of the session.');
    }
    store.requests.noteLocked(req as Request);
    let isAnswered = false;
    let isHandled = false;
    const releaseWhenOver = (): void => {
      if (!isAnswered || !isHandled) return;
      // A client that went away early: Nest ends the answer now, and what the handler changed is stored first.
      setImmediate(() => void Promise.resolve(store.underWay(req.session)).then(release, release));
    };
    res.once('close', () => {
      isAnswered = true;
      releaseWhenOver();
    });
    return next.handle().pipe(
      finalize(() => {
        isHandled = true;
        releaseWhenOver();
      }),
    );
  }
}
