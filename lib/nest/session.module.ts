import { Inject, Module } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  DynamicModule,
  MiddlewareConsumer,
  NestModule,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
  Type,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Server } from 'node:http';
import type { SessionMiddleware } from '../http/session-middleware.js';
import { SessionOptionsError } from '../session.errors.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from '../store/options/session-options.js';
import { SessionStore } from '../store/session-store.js';
import { closeConnectionsAfterResponse } from './http-server.js';
import { attachOptions } from './guarding/missing-session.js';
import { bindFastify, mountFirst, refuseOthers, refuseUnknown, routingOf, showOnFastify, type FastifyParts } from './mounting.js';
import { relayTo } from './watching/event-relay.js';
import { ConfigurableModuleClass, type SessionModuleAsyncOptions } from './session.module-definition.js';
import { registerEntity, warn } from './session.providers.js';
import { ALL_ROUTES } from '../store/options/resolve-options.js';
import { RESOLVED_OPTIONS, SESSION_MIDDLEWARE } from './session.tokens.js';
import { checkAsyncOptions, checkOptions, withCheckedFactory } from './module-arguments.js';
import { findUnmatchedRoutes } from './start-up/unmatched-routes.js';

/**
 * Sessions for a Nest application: an injectable `SessionStore`, and the middleware that puts a session on each request,
 * mounted before that of `main.ts` and of other modules.
 *
 * @example
 * imports: [SessionModule.forRoot({ secret: process.env.SESSION_SECRET })]
 *
 * @publicApi
 */
@Module({})
export class SessionModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  /** Whether the middleware stands before what `main.ts` mounts; else Nest's consumer mounts it. */
  private isMounted = false;
  private readonly fastify: FastifyParts = { paths: [], used: [] };

  constructor(
    @Inject(SessionStore) private readonly store: SessionStore,
    @Inject(SESSION_MIDDLEWARE) private readonly middleware: SessionMiddleware,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedSessionOptions,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {
    super();
    const [own, ...others] = [...modules.values()].filter(({ metatype }) => metatype === SessionModule);
    if (others.length > 0) {
      throw new SessionOptionsError(
        `SessionModule is set up ${others.length + 1} times in this application. Keep one; other modules need not import it.`,
      );
    }
    bindFastify(host, middleware, this.fastify);
    const { autoMount, exclude, forRoutes } = options;
    const isEverywhere = exclude.length === 0 && forRoutes.length === 1 && forRoutes[0] === ALL_ROUTES;
    if (autoMount && isEverywhere && own?.isGlobal) mountFirst(host, middleware, () => (this.isMounted = true));
  }

  /** Sessions with these options, and `isGlobal` (default: true) as in `SessionModuleAsyncOptions`. A `dataSource` of the application's is found by name (default: the unnamed one). */
  static override forRoot(options: SessionModuleOptions & { isGlobal?: boolean }): DynamicModule {
    checkOptions(options);
    if (!options.connection) registerEntity(options);
    return super.forRoot(options);
  }

  /** Sessions with options that need other providers. */
  static override forRootAsync(options: SessionModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    registerEntity(options);
    return withCheckedFactory(super.forRootAsync(options), options);
  }

  /** @internal Once every provider is there. */
  onModuleInit(): void {
    this.store.relayEvents(relayTo(this.modules));
  }

  /** @internal Called by Nest. */
  configure(consumer: MiddlewareConsumer): void | Promise<void> {
    const { autoMount, exclude, forRoutes } = this.options;
    const { httpAdapter } = this.host as Partial<HttpAdapterHost>;
    attachOptions(httpAdapter?.getInstance(), this.options);
    if (autoMount) {
      refuseUnknown(httpAdapter);
      refuseOthers(httpAdapter?.getInstance(), this.fastify.used, this.middleware);
      consumer
        // What `main.ts` has set by then (CORS, security headers) belongs to error responses, too.
        .apply(this.isMounted ? this.middleware.keepHeaders : this.middleware)
        .exclude(...exclude)
        .forRoutes(...(forRoutes as (string | Type)[]));
    }
    if (httpAdapter?.getType() === 'fastify') return showOnFastify(httpAdapter.getInstance(), autoMount);
  }

  /** @internal By now Nest has made all routes. */
  onApplicationBootstrap(): void {
    const { httpAdapter } = this.host as Partial<HttpAdapterHost>;
    if (!httpAdapter || !this.options.autoMount) return;
    findUnmatchedRoutes(this.options, routingOf(httpAdapter, this.config, this.fastify.paths)).forEach(warn);
  }

  /** @internal Nest closes the HTTP server after this. What comes until then is served, and not waited for here. */
  async beforeApplicationShutdown(): Promise<void> {
    const { httpAdapter } = this.host as Partial<HttpAdapterHost>;
    const server = httpAdapter?.getHttpServer() as Server | undefined;
    if (server) closeConnectionsAfterResponse(server);
    await this.store.quiesce();
  }

  /** @internal */
  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}
