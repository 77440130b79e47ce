import type { HttpAdapterHost } from '@nestjs/core';
import type { RequestHandler } from 'express';
import { SessionOptionsError } from '../session.errors.js';

/** What an Express application tells of its middleware: Express 5 calls it `router`, Express 4 `_router`. */
interface ExpressStack {
  readonly router?: { readonly stack?: readonly { readonly handle?: unknown }[] };
  readonly _router?: ExpressStack['router'];
}

/**
 * Mounts the sessions before whatever `main.ts` mounts by `app.use`, as soon as there is an application of Express: a testing
 * module gets one later, an application without HTTP never. `whenMounted` is called then.
 */
export function mountFirst(host: HttpAdapterHost, middleware: RequestHandler, whenMounted: () => void): void {
  const mount = (): void => {
    // Before there is an application, Nest has none for its own types to tell of.
    const adapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (adapter?.getType() !== 'express') return;
    adapter.use(middleware);
    whenMounted();
  };
  if (host.httpAdapter as unknown) mount();
  else host.init$.subscribe(mount);
}

/** Throws `SessionOptionsError` where the application has session middleware of somebody else's. */
export function refuseOthers(app: unknown, ours: RequestHandler): void {
  const { router, _router } = (app ?? {}) as ExpressStack;
  const stack = (router ?? _router)?.stack ?? [];
  if (!stack.some(({ handle }) => handle !== ours && isSessionMiddleware(handle))) return;
  throw new SessionOptionsError(
    'The application mounts another session middleware, and only one of them can have `req.session`. ' +
      'Remove `app.use(session(…))` from main.ts and pass its options to SessionModule, or set `autoMount: false`.',
  );
}

/** By the name of the function and what it sets: express-session and cookie-session. */
function isSessionMiddleware(handle: unknown): boolean {
  if (typeof handle !== 'function') return false;
  return handle.name === '_cookieSession' || (handle.name === 'session' && String(handle).includes('sessionStore'));
}
