import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SessionStore } from '../../store/session-store.js';
import { explainMissing } from './missing-session.js';
import { nameOf, rawRequestOf, requestOf } from '../request-of.js';
import { refusalOf, type RefusalCode } from './session-refusal.js';

export const REQUIREMENT = Symbol('SESSION_REQUIREMENT');

/** What a handler requires, checked. */
export interface Requirement {
  readonly user?: true;
  readonly freshMs?: number;
  readonly level?: number;
}

/** What a session tells of its sign-in. */
interface SignIn {
  readonly authenticatedAt?: Date | undefined;
  readonly level?: number | undefined;
}

/** The guard of `@RequireSession()`. */
export class RequireSessionGuard implements CanActivate {
  private readonly reflector = new Reflector();

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const code = this.refusalCode(context);
    if (code) throw await refusalOf(code, context);
    return true;
  }

  private refusalCode(context: ExecutionContext): RefusalCode | undefined {
    const { session, sessionStore } = requestOf(context) ?? {};
    const store = sessionStore instanceof SessionStore ? sessionStore : undefined;
    const who = session && store?.whoIs(session);
    // If the middleware did not run, a 401 would mislead: signing in would not help.
    const unseen = session || context.getType() === 'ws' ? undefined : rawRequestOf(context);
    if (unseen) explainMissing(unseen, nameOf(context), '@RequireSession');
    if (!session || !store || !who) return 'SESSION_REQUIRED';
    const { user, freshMs, level } = this.requirementOf(context);
    if (user && who.userId === undefined) return 'SESSION_USER_REQUIRED';
    const { authenticatedAt, level: ownLevel = -Infinity } = session as SignIn;
    // Without `session.login` there is no time of the sign-in, so it is never fresh.
    const age = authenticatedAt instanceof Date ? who.now - authenticatedAt.getTime() : Infinity;
    const isStale = freshMs !== Infinity && !(age <= freshMs);
    if (!isStale && ownLevel >= level) return undefined;
    if (!authenticatedAt) store.requests.noteNotSignedIn();
    return isStale ? 'SESSION_NOT_FRESH' : 'SESSION_LEVEL';
  }

  /** The stricter of what a handler and its class require. */
  private requirementOf(context: ExecutionContext) {
    const ofClass = this.reflector.get<Requirement | undefined>(REQUIREMENT, context.getClass()) ?? {};
    const ofHandler = this.reflector.get<Requirement | undefined>(REQUIREMENT, context.getHandler()) ?? {};
    const { freshMs = Infinity, level = -Infinity } = ofClass;
    return {
      user: ofClass.user || ofHandler.user,
      freshMs: Math.min(freshMs, ofHandler.freshMs ?? Infinity),
      level: Math.max(level, ofHandler.level ?? -Infinity),
    };
  }
}
