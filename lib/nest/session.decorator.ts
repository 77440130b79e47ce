import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import type { Session as ExpressSession } from '../store/express-session.js';
import { checkPipes, checkSessionArguments } from './checking/decorator-arguments.js';
import { explainMissing } from './guarding/missing-session.js';
import { nameOf, requestOf, rawRequestOf } from './request-of.js';

// Written out, because what TypeScript infers under Nest 12 names a type that Nest 11 has not.
type Pipe = PipeTransform | Type<PipeTransform>;
type Decorator<Key> = (...keyOrPipes: (Key | Pipe | undefined)[]) => ParameterDecorator;

/** What `@Session()` gives: a key of the session, or all of it where there need not be one. */
type Wanted = string | { readonly required: boolean };

const sessionOf = (context: ExecutionContext) => requestOf(context)?.session;

const injectSession: Decorator<Wanted> = createParamDecorator((wanted: Wanted | undefined, context: ExecutionContext): unknown => {
  const session = sessionOf(context);
  if (typeof wanted === 'string') return session?.[wanted as keyof typeof session];
  const request = session == null && wanted?.required !== false && context.getType() !== 'ws' ? rawRequestOf(context) : undefined;
  if (request) explainMissing(request, nameOf(context), '@Session');
  return session;
});

const injectHandle: Decorator<never> = createParamDecorator(
  (_: undefined, context: ExecutionContext): string | undefined => sessionOf(context)?.handle,
);

/**
 * The session of the request, or one key of it; pipes may follow. If a request has no session (`exclude`, `forRoutes`,
 * `autoMount: false`, another `cookie.path`), the decorator throws a `SessionOptionsError` (500) that says why; with
 * `{ required: false }`, or for a key, it gives `undefined`. Throws `SessionOptionsError` for another argument where it is written. Also the type of a session, so that one import serves both.
 *
 * @example
 * views(@Session() session: Session, @Session('cart', ParseArrayPipe) cart: string[]) {}
 * health(@Session({ required: false }) session: Session | undefined) {}
 *
 * @publicApi
 */
// An arrow function, because the decorator's name is what compilers emit as the parameter's run-time type: it must not be constructible.
export const Session: Decorator<Wanted> = (...keyOrPipes) => {
  checkSessionArguments(keyOrPipes);
  return injectSession(...keyOrPipes);
};

/**
 * The session of a request: express-session's, whose methods return promises where they get no callback, and the keys of
 * `SessionData`.
 *
 * @publicApi
 */
export type Session = ExpressSession;

/**
 * The public handle of the session, never the secret id; `undefined` before the session has a row. In HTTP, GraphQL and
 * WebSocket handlers.
 *
 * @publicApi
 */
export const SessionHandle: Decorator<never> = (...pipes) => {
  checkPipes('@SessionHandle', pipes);
  return injectHandle(...pipes);
};
