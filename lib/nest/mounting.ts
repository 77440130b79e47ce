import { VersioningType } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { RequestHandler } from 'express';
import { answerThroughReplies, showSessions, type FastifyApp } from '../http/fastify.js';
import type { SessionMiddleware } from '../http/session-middleware.js';
import { SessionOptionsError } from '../session.errors.js';
import { SessionStore } from '../store/session-store.js';
import type { Routing } from './start-up/unmatched-routes.js';

/** A route, or a middleware with the path that it is mounted at (none: `slash` in Express 5, `fast_slash` in Express 4). */
interface ExpressLayer {
  readonly handle?: unknown;
  readonly route?: { readonly path: unknown };
  readonly slash?: boolean;
  readonly regexp?: { readonly fast_slash?: boolean };
  match?(path: string): boolean;
}

/** What an Express application tells of its middleware: Express 5 calls it `router`, Express 4 `_router`. */
interface ExpressStack {
  readonly router?: { readonly stack?: readonly ExpressLayer[] };
  readonly _router?: ExpressStack['router'];
}

/** The servers whose middleware we know. */
const KNOWN = ['express', 'fastify'];

/**
 * Mounts the sessions before whatever `main.ts` mounts by `app.use`, as soon as there is an application: a testing module
 * gets one later, an application without HTTP never. `whenMounted` is called then.
 */
export function mountFirst(host: HttpAdapterHost, middleware: RequestHandler, whenMounted: () => void): void {
  whenThere(host, (adapter) => {
    if (!KNOWN.includes(adapter.getType())) return;
    adapter.use(middleware);
    whenMounted();
  });
}

/** Throws `SessionOptionsError` for a server that takes middleware in a way we do not know. */
export function refuseUnknown(adapter: HttpAdapterHost['httpAdapter'] | undefined): void {
  if (!adapter || KNOWN.includes(adapter.getType())) return;
  throw new SessionOptionsError(
    `SessionModule mounts its middleware on Express and Fastify, and this application runs on "${adapter.getType()}". ` +
      'Use one of their adapters; or, if its requests are those of Node.js, set `autoMount: false` and mount SESSION_MIDDLEWARE yourself.',
  );
}

/** Calls back with the HTTP server of the application, now or when Nest gives it one. */
function whenThere(host: HttpAdapterHost, callback: (adapter: HttpAdapterHost['httpAdapter']) => void): void {
  // Before there is an application, Nest has none for its own types to tell of.
  const call = (): void => {
    const adapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (adapter) callback(adapter);
  };
  if (host.httpAdapter as unknown) call();
  else host.init$.subscribe(call);
}

/** What is collected of an application on Fastify, which lists neither its routes nor its middleware. */
export interface FastifyParts {
  /** The paths of its routes. */
  readonly paths: string[];
  /** What was given to `app.use`. */
  readonly used: unknown[];
}

/** Gives the errors of sessions to Fastify, as soon as there is an application of it, and collects its parts. */
export function bindFastify(host: HttpAdapterHost, middleware: SessionMiddleware, { paths, used }: FastifyParts): void {
  whenThere(host, (adapter) => {
    if (adapter.getType() !== 'fastify') return;
    const use = adapter.use.bind(adapter) as (...given: unknown[]) => unknown;
    adapter.use = (...given: unknown[]) => {
      used.push(...given.flat());
      return use(...given);
    };
    const app = adapter.getInstance<FastifyApp>();
    answerThroughReplies(app, middleware);
    app.addHook('onRoute', ({ url }) => void paths.push(url));
  });
}

/** How the application answers requests, once all routes are there. */
export function routingOf(adapter: HttpAdapterHost['httpAdapter'], config: ApplicationConfig, fastifyPaths: readonly string[]): Routing {
  const layers = stackOf(adapter.getInstance());
  const versioning = config.getVersioning();
  const { prefix = 'v' } = (versioning ?? {}) as { prefix?: string | false };
  const expressPaths = layers.flatMap(({ route }) => (route ? [route.path].flat() : [])).filter((path) => typeof path === 'string');
  return {
    paths: [...expressPaths, ...fastifyPaths],
    globalPrefix: config.getGlobalPrefix(),
    versionPrefix: versioning?.type === VersioningType.URI ? prefix || '' : undefined,
    defaultVersions: [versioning?.defaultVersion ?? []].flat().filter((version) => typeof version === 'string'),
    coversBelow: adapter.getType() === 'express',
    isServedOtherwise: (path) =>
      layers.some((layer) => !layer.route && !layer.slash && !layer.regexp?.fast_slash && layer.match?.(path) === true),
  };
}

function stackOf(app: unknown): readonly ExpressLayer[] {
  const { router, _router } = (app ?? {}) as ExpressStack;
  return (router ?? _router)?.stack ?? [];
}

/** Puts the sessions on Fastify's own requests. Throws `SessionOptionsError` where a plugin has put others there. */
export async function showOnFastify(app: FastifyApp, isExclusive: boolean): Promise<void> {
  // Until what main.ts has registered is loaded.
  await app.after();
  if (isExclusive && app.hasRequestDecorator('session')) {
    throw new SessionOptionsError(
      'The application registers another session plugin, such as @fastify/session or @fastify/secure-session, and only one ' +
        'of them can have `request.session`. Remove `app.register(…)` from main.ts and pass its options to SessionModule.',
    );
  }
  showSessions(app);
}

/** Throws `SessionOptionsError` where the application has another session middleware; `used` is what Fastify was given. */
export function refuseOthers(app: unknown, used: readonly unknown[], ours: SessionMiddleware): void {
  const handles = [...stackOf(app).map(({ handle }) => handle), ...used];
  const call = handles.map((handle) => callOf(handle, ours)).find((found) => found !== undefined);
  if (call === undefined) return;
  throw new SessionOptionsError(
    'The application mounts another session middleware, and only one of them can have `req.session`. ' +
      `Remove \`app.use(${call}(…))\` from main.ts and pass its options to SessionModule.`,
  );
}

/** What made a session middleware that is not ours: by the name of the function and what it sets, or one of this package with our cookie. */
function callOf(handle: unknown, ours: SessionMiddleware): string | undefined {
  if (typeof handle !== 'function') return undefined;
  const { store, options } = handle as Partial<SessionMiddleware>;
  if (store instanceof SessionStore) {
    return store !== ours.store && options?.name === ours.options.name ? 'createSessionMiddleware' : undefined;
  }
  if (handle.name === '_cookieSession') return 'cookieSession';
  return handle.name === 'session' && String(handle).includes('sessionStore') ? 'session' : undefined;
}
