import type { ModuleMetadata } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { Session } from 'nestjs-typeorm-session';
import { startApp, type ServerOptions, type TestApp } from './nest-app.js';

declare module 'fastify' {
  interface FastifyRequest {
    session: Session;
  }
}

/** Starts an application on Fastify, after `configure` has had the instance. */
export function startFastify(
  root: ModuleMetadata,
  configure: (fastify: FastifyInstance) => void | Promise<void>,
  options?: ServerOptions,
): Promise<TestApp> {
  return startApp(root, (app) => configure(app.getHttpAdapter().getInstance() as unknown as FastifyInstance), 'Fastify', options);
}
