import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { parseDuration, type Duration } from '../../store/options/checking/duration.js';
import { checkDecoratorOptions, wrongDecoratorOption } from '../checking/decorator-arguments.js';
import { REQUIREMENT, RequireSessionGuard, type Requirement } from './require-session.guard.js';

/**
 * What a handler requires of the session of its request.
 *
 * @publicApi
 */
export interface SessionRequirement {
  /** A signed-in user, by the option `userId`. @default true with `fresh` or `level`, else false */
  user?: boolean;
  /** Maximum time since the sign-in by `session.login`: milliseconds, or a string such as `'10m'`. @default any */
  fresh?: Duration;
  /** Minimum level of the sign-in, as given to `session.login`. @default any */
  level?: number;
}

/**
 * Lets a request into a handler, or into all handlers of a controller, resolver or gateway, only with a session that is stored. What
 * a handler requires comes on top of what its class requires. Without a session, or without the user, the response is a 401; if the
 * sign-in is too old or too weak, it is a 403. The `code` of the body says which: `SESSION_REQUIRED`, `SESSION_USER_REQUIRED`,
 * `SESSION_NOT_FRESH` or `SESSION_LEVEL`. In a gateway it is a `WsException` with the same body.
 * Where the session middleware does not run (`exclude`, `autoMount: false`), it is a `SessionOptionsError` (500) that says why. Throws `SessionOptionsError` for
 * a wrong requirement.
 *
 * @example
 * \@RequireSession({ fresh: '10m' }) \@Post('password') changePassword() {}
 *
 * @publicApi
 */
export function RequireSession(requirement: SessionRequirement = {}): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(REQUIREMENT, toRequirement(requirement)), UseGuards(RequireSessionGuard));
}

function toRequirement(given: SessionRequirement): Requirement {
  checkDecoratorOptions('@RequireSession', given, ['user', 'fresh', 'level']);
  const { user, fresh, level } = given;
  const freshMs = parseDuration(fresh);
  if (fresh !== undefined && !freshMs) {
    throw wrong('fresh', fresh, "a duration of more than 0: a number of milliseconds, or a string with a unit such as '10m'");
  }
  if (level !== undefined && !Number.isFinite(level)) throw wrong('level', level, 'a number');
  if (user !== undefined && typeof user !== 'boolean') throw wrong('user', user, 'true or false');
  if (user === false && (fresh !== undefined || level !== undefined)) {
    throw wrong('user', user, 'left out beside `fresh` and `level`, which need a user');
  }
  return {
    ...((user === true || fresh !== undefined || level !== undefined) && { user: true }),
    ...(freshMs !== undefined && { freshMs }),
    ...(level !== undefined && { level }),
  };
}

const wrong = (name: keyof SessionRequirement, value: unknown, expected: string) =>
  wrongDecoratorOption('@RequireSession', name, value, expected);
