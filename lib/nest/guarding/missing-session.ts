import type { Request } from 'express';
import { nodeOf } from '../../http/fastify.js';
import { pathOf } from '../../http/session-request.js';
import { SessionOptionsError } from '../../session.errors.js';
import type { ResolvedSessionOptions } from '../../store/options/session-options.js';
import { ALL_ROUTES } from '../../store/options/resolve-options.js';

/** Where an application of Express or Fastify has the options of its sessions. */
const OPTIONS = Symbol('session options');

type Noted = Partial<Record<typeof OPTIONS, ResolvedSessionOptions>>;

/** What to do where there need not be a session, by what asks for one. */
const ESCAPES = {
  '@Session': 'If the session is optional, write `@Session({ required: false })`.',
  '@RequireSession': 'If no session is required, remove `@RequireSession()`.',
};

/** Keeps the options on the application, for requests that have no session. */
export function attachOptions(app: unknown, options: ResolvedSessionOptions): void {
  if (app) (app as Noted)[OPTIONS] = options;
}

/**
 * Throws `SessionOptionsError` for a request that the middleware has given no session, and says why. Not for one that had a
 * session, and whose handlers have removed it.
 */
export function explainMissing(request: object, handler: string, by: keyof typeof ESCAPES): void {
  const node: Partial<Request> = nodeOf(request as Request);
  if (node.sessionStore) return;
  const { app, server } = request as { app?: Noted; server?: Noted };
  throw new SessionOptionsError(
    `${handler} uses ${by}(), and there is no session: ${reasonOf(node as Request, (app ?? server)?.[OPTIONS])} ${ESCAPES[by]}`,
  );
}

function reasonOf(req: Request, options: ResolvedSessionOptions | undefined): string {
  if (!options) return 'the application does not import SessionModule. Import SessionModule.forRoot(…) into its root module.';
  const { autoMount, cookie, exclude, forRoutes } = options;
  if (!autoMount) {
    return 'with `autoMount: false` the application must mount the middleware, and it did not. Call `app.use(app.get(SESSION_MIDDLEWARE))` in main.ts.';
  }
  const path = typeof cookie === 'object' ? cookie.path : undefined;
  if (path !== undefined && !pathOf(req).startsWith(path)) {
    return `the route is not below the \`cookie.path\` "${path}", so browsers send no cookie. Shorten that path, or move the route.`;
  }
  if (exclude.length > 0 || forRoutes.length !== 1 || forRoutes[0] !== ALL_ROUTES) {
    return 'the session options `exclude` and `forRoutes` leave this route out. Correct them, or use no session here.';
  }
  return 'the middleware did not run for this request. Mount it before the code that serves this route.';
}
