import { Logger } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import type { Request, Response } from 'express';
import { createMiddleware, type SessionMiddleware } from '../http/session-middleware.js';
import { SessionModule } from '../nest/session.module.js';
import { RESOLVED_OPTIONS, SESSION_MIDDLEWARE } from '../nest/session.tokens.js';
import { SessionOptionsError } from '../session.errors.js';
import { storeOver } from '../store/compose.js';
import { resolveOptions } from '../store/options/resolve-options.js';
import type { ResolvedSessionOptions } from '../store/options/session-options.js';
import type { SessionData } from '../store/session-data.js';
import { SessionStore } from '../store/session-store.js';
import type { FakeSessionOptions } from './fake-session.options.js';
import { MemorySessionTable } from './memory-session-table.js';

/** Signs the cookies of tests; as long as a secret has to be. */
const SECRET = 'the secret of FakeSessionModule, which signs nothing but the cookies of tests';

const warn = (message: string): void => new Logger('FakeSessionModule').warn(message);

/** `SessionModule`, with the store and the middleware replaced: it is mounted and shut down as in an application. */
export function fakeSessions({ data, ...given }: FakeSessionOptions): DynamicModule {
  const isData = data === undefined || (typeof data === 'object' && data !== null && !Array.isArray(data));
  if (!isData) {
    throw new SessionOptionsError(
      `The option \`data\` of FakeSessionModule is ${JSON.stringify(data)}. It must be an object with keys of the session.`,
    );
  }
  // The connection is never opened: it says that no data source of the application is looked for.
  const options = { secret: SECRET, ...given, connection: { type: 'sqljs' } } as const;
  resolveOptions(options);
  const real = SessionModule.forRoot(options);
  const replaced = new Map<unknown, Provider>([
    [
      SessionStore,
      {
        provide: SessionStore,
        inject: [RESOLVED_OPTIONS],
        useFactory: (resolved: ResolvedSessionOptions) => storeOver(new MemorySessionTable(), resolved, warn),
      },
    ],
    [
      SESSION_MIDDLEWARE,
      {
        provide: SESSION_MIDDLEWARE,
        inject: [SessionStore, RESOLVED_OPTIONS],
        useFactory: (store: SessionStore, resolved: ResolvedSessionOptions) => begunWith(data, createMiddleware(store, resolved, warn)),
      },
    ],
  ]);
  const providers = real.providers?.map((provider) => replaced.get((provider as { provide?: unknown }).provide) ?? provider);
  return { ...real, providers: providers ?? [] };
}

/** Gives each new session this data, and stores it before the handler. */
function begunWith(data: Partial<SessionData> | undefined, middleware: SessionMiddleware): SessionMiddleware {
  if (!data) return middleware;
  const { store } = middleware;
  const begin = (req: Request, res: Response, next: (error?: unknown) => void): void => {
    void middleware(req, res, (error?: unknown) => {
      if (error !== undefined || store.stateOf(req.session)?.isStored !== false) return next(error);
      Object.assign(req.session, structuredClone(data));
      const { userId } = data as { userId?: unknown };
      const isSignedIn = typeof userId === 'string' || typeof userId === 'number';
      // By `login`, so that guards see a fresh sign-in.
      const begun = isSignedIn ? req.session.login(userId) : req.session.save();
      begun.then(() => next(), next);
    });
  };
  return Object.assign(begin, middleware);
}
