import { ForbiddenException, HttpException, UnauthorizedException } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';

/** Why a handler is not called, by the code that the response carries, and what it says. */
const REFUSALS = {
  SESSION_REQUIRED: [401, 'There is no session. Sign in, or start one, and try again.'],
  SESSION_USER_REQUIRED: [401, 'Nobody is signed in. Sign in and try again.'],
  SESSION_NOT_FRESH: [403, 'The sign-in is too long ago. Sign in again.'],
  SESSION_LEVEL: [403, 'The sign-in is not strong enough. Sign in again with another factor.'],
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** The package of gateways, loaded when one refuses a message. A variable, so that applications without gateways do not need it. */
const WEBSOCKETS: string = '@nestjs/websockets';

interface WebSockets {
  readonly WsException: new (error: object) => Error;
}

/** The exception for a code, in the terms of what the handler serves. Never with `WWW-Authenticate`: browsers would ask for a password. */
export async function refusalOf(code: RefusalCode, context: ExecutionContext): Promise<Error> {
  const [statusCode, message] = REFUSALS[code];
  const Exception = statusCode === 401 ? UnauthorizedException : ForbiddenException;
  const body = { statusCode, error: statusCode === 401 ? 'Unauthorized' : 'Forbidden', message, code };
  if (context.getType<string>() === 'graphql') return Object.assign(new Exception(body), { extensions: extensionsOf(body) });
  if (context.getType<string>() !== 'ws') return new Exception(body) satisfies HttpException;
  const { WsException } = (await import(WEBSOCKETS)) as WebSockets;
  return new WsException({ status: 'error', ...body });
}

/** What Apollo makes of the exception under Nest; Mercurius shows the message and the extensions of an error, and nothing else. */
const extensionsOf = (body: { readonly statusCode: number }) => ({
  code: body.statusCode === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN',
  originalError: body,
});
