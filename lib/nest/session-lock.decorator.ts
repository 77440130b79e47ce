import { applyDecorators, SetMetadata, StreamableFile, UseInterceptors } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, finalize } from 'rxjs';
import type { Request, Response } from 'express';
import { nodeOf } from '../http/fastify.js';
import { SessionInterruptedError, SessionOptionsError } from '../session.errors.js';
import { parseDuration, type Duration } from '../store/options/duration.js';
import type { SessionStore } from '../store/session-store.js';
import { storeSession } from '../store/work/lock.js';

/** How long a lock is waited for, and how long it lasts. */
interface SessionLockDurations {
  /** A request that waits longer fails with `SessionConflictError` (409), and its handler is not called. @default '10s' */
  wait?: Duration;
  /**
   * The longest age of a lock. Then it is released, a warning names the handler, and what that still stores is refused with
   * `SessionConflictError` (409) where another request has changed the session. @default '30s'
   */
  maxHold?: Duration;
}

/**
 * Lets one request of a session at a time into a handler, or into all handlers of a controller. The lock is taken before
 * the handler, and the session is read again under it. It is released when the handler is done and its session stored, when
 * the client has gone, or after `maxHold`, whichever comes first. Across processes on PostgreSQL, MySQL and MariaDB, within
 * the process elsewhere. Each lock holds one connection; at most half of the pool goes into locks. Throws
 * `SessionOptionsError` for a wrong duration.
 *
 * @example
 * \@SessionLock({ wait: '5s' }) \@Post('checkout') checkout(\@Session() session: Session) {}
 *
 * @publicApi
 */
export function SessionLock({ wait = '10s', maxHold = '30s' }: SessionLockDurations = {}): MethodDecorator & ClassDecorator {
  const limits: Limits = { waitMs: toMilliseconds('wait', wait), maxHoldMs: toMilliseconds('maxHold', maxHold) };
  return applyDecorators(SetMetadata(LIMITS, limits), UseInterceptors(SessionLockInterceptor));
}

const LIMITS = Symbol('SESSION_LOCK_LIMITS');

interface Limits {
  readonly waitMs: number;
  readonly maxHoldMs: number;
}

function toMilliseconds(name: keyof SessionLockDurations, duration: Duration): number {
  const ms = parseDuration(duration);
  if (ms && ms < 2 ** 31) return ms;
  throw new SessionOptionsError(
    `The option \`${name}\` of @SessionLock is ${duration}. It must be a duration of more than 0 and at most 24 days, such as '10s'.`,
  );
}

class SessionLockInterceptor implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler) {
    const http = context.switchToHttp();
    const req = nodeOf(http.getRequest<Request>());
    const incoming: Partial<Request> = req;
    const res = nodeOf(http.getResponse<Response>());
    const store = incoming.sessionStore as SessionStore | undefined;
    // A handler of a locked controller may have its own limits, and needs no second lock.
    if (!store || !incoming.session || store.requests.lockOf(req)) return next.handle();
    const limits = new Reflector().getAllAndOverride<Limits>(LIMITS, [context.getHandler(), context.getClass()]);
    const holder = `${context.getClass().name}.${context.getHandler().name}`;
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const lock = await store.lock(req, { ...limits, holder, signal: gone.signal });
    if (res.closed || res.writableEnded) {
      await lock.release();
      throw new SessionInterruptedError('The client went away while its request waited for the lock of the session.');
    }
    let isAnswered = false;
    let isHandled = false;
    const releaseWhenOver = (): void => {
      // In the next turn, when those who store the session of a client that has gone have heard of it, too.
      if (isAnswered && isHandled) setImmediate(() => void lock.release());
    };
    // Once the end of the answer has been written the session is stored; the client may take its time to read it.
    res.once('prefinish', () => {
      isAnswered = true;
      releaseWhenOver();
    });
    res.once('close', () => {
      isAnswered = true;
      // Nobody waits for a handler whose client has gone.
      isHandled ||= !res.writableFinished;
      releaseWhenOver();
    });
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        // The client decides how long a stream takes, so its session is stored before it begins.
        if (answer instanceof StreamableFile) {
          await storeSession(store, req);
          await lock.release();
        }
        return answer;
      }),
      finalize(() => {
        isHandled = true;
        releaseWhenOver();
      }),
    );
  }
}
