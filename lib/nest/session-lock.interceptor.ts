import { StreamableFile } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, finalize, type Observable } from 'rxjs';
import type { SessionStore } from '../store/session-store.js';
import { storeSession } from '../store/work/lock.js';
import { RequestLock } from './request-lock.js';
import { nameOf, requestOf, responseTo, type HandlerRequest } from './request-of.js';

/** Where a handler has its limits. */
export const LOCK_LIMITS = Symbol('SESSION_LOCK_LIMITS');

export interface LockLimits {
  readonly waitMs: number;
  readonly maxHoldMs: number;
}

/** What `@SessionLock` puts around a handler. */
export class SessionLockInterceptor implements NestInterceptor {
  /** Calls of handlers that have their lock: one on a handler of a locked controller needs no second lock. */
  private static readonly LOCKED = Symbol('locked');

  async intercept(context: ExecutionContext & { [SessionLockInterceptor.LOCKED]?: true }, next: CallHandler): Promise<Observable<unknown>> {
    const req = requestOf(context);
    const store = req?.sessionStore as SessionStore | undefined;
    if (!req?.session || !store || context[SessionLockInterceptor.LOCKED]) return next.handle();
    context[SessionLockInterceptor.LOCKED] = true;
    const limits = new Reflector().getAllAndOverride<LockLimits>(LOCK_LIMITS, [context.getHandler(), context.getClass()]);
    const lock = { ...limits, holder: nameOf(context) };
    const res = responseTo(req);
    return res ? this.untilResponse(await RequestLock.enter(store, req, res, lock), next) : this.untilDone(store, req, lock, next);
  }

  /** A handler of a request, which has a response: the session is stored before that, or before its stream begins. */
  private untilResponse(lock: RequestLock, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        // The client decides how long a stream takes, so its session is stored before it begins.
        if (answer instanceof StreamableFile) await lock.storeAndRelease();
        return answer;
      }),
      finalize(() => lock.leave()),
    );
  }

  /** A handler of a message: no response follows, so the session is stored before the handler's answer goes out. */
  private async untilDone(
    store: SessionStore,
    req: HandlerRequest,
    options: LockLimits & { readonly holder: string },
    next: CallHandler,
  ): Promise<Observable<unknown>> {
    const lock = await store.lock(req, options);
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        await storeSession(store, req);
        return answer;
      }),
      finalize(() => void lock.release().then(() => store.requests.forgetLock(req))),
    );
  }
}
