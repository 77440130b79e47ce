import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import type { Session as ExpressSession } from '../store/express-session.js';
import { requestOf } from './request-of.js';

// Written out, because what TypeScript infers under Nest 12 names a type that Nest 11 has not.
type Pipe = PipeTransform | Type<PipeTransform>;
type Decorator<Key> = (...keyOrPipes: (Key | Pipe | undefined)[]) => ParameterDecorator;

const sessionOf = (context: ExecutionContext) => requestOf(context)?.session;

/**
 * The session of the request, or one key of it; pipes may follow. In HTTP, GraphQL and WebSocket handlers. `undefined` on
 * routes without a session. Throws `SessionOptionsError` in microservice handlers. Also the type of a session, so that one
 * import serves both.
 *
 * @example
 * views(@Session() session: Session, @Session('cart', ParseArrayPipe) cart: string[]) {}
 *
 * @publicApi
 */
// An arrow function, because the decorator's name is what compilers emit as the parameter's run-time type: it must not be constructible.
export const Session: Decorator<string> = createParamDecorator((key: string | undefined, context: ExecutionContext): unknown => {
  const session = sessionOf(context);
  return key === undefined ? session : session?.[key as keyof typeof session];
});

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
export const SessionHandle: Decorator<never> = createParamDecorator(
  (_: undefined, context: ExecutionContext): string | undefined => sessionOf(context)?.handle,
);
