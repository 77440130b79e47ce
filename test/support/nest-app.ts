import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module, type LoggerService, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SessionStore } from 'nestjs-typeorm-session';
import { onTestFinished } from 'vitest';
import type { Adapter } from './adapters.js';
import './session-data.js';

/** Nest's log, kept instead of printed. */
export class LogRecorder implements LoggerService {
  readonly warnings: string[] = [];
  readonly errors: string[] = [];

  log(): void {}

  warn(message: unknown): void {
    this.warnings.push(String(message));
  }

  error(message: unknown, ...more: unknown[]): void {
    this.errors.push([message, ...more].map(String).join(' '));
  }
}

/** An application that serves requests. */
export interface TestApp {
  readonly app: NestExpressApplication;
  readonly address: string;
  readonly log: LogRecorder;
  readonly store: SessionStore;
}

/** How an application is made before it listens. */
export type Configure = (app: NestExpressApplication) => void | Promise<void>;

/** A module of this metadata: the root module of an application, or a part of one. */
export function moduleOf(metadata: ModuleMetadata): Type {
  class TestModule {}
  Module(metadata)(TestModule);
  return TestModule;
}

export interface ServerOptions {
  /** Whether the nearest proxy is believed, in the words of the server. */
  readonly trustProxy?: boolean;
  /** Whether Fastify speaks HTTP/2, without TLS. */
  readonly http2?: boolean;
}

/** A server for Nest. */
export const newAdapter = (adapter: Adapter, { trustProxy = false, http2 = false }: ServerOptions = {}): AbstractHttpAdapter =>
  adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter({ trustProxy, ...(http2 && { http2 }) } as object);

/** Makes an application without starting it, so that errors at start-up reach the test. */
export async function createApp(
  root: Type | ModuleMetadata,
  log = new LogRecorder(),
  adapter: Adapter = 'Express',
  options: ServerOptions = {},
): Promise<{ app: NestExpressApplication; log: LogRecorder }> {
  const module = typeof root === 'function' ? root : moduleOf(root);
  const server = newAdapter(adapter, options);
  const app = await NestFactory.create<NestExpressApplication>(module, server, { logger: log, abortOnError: false });
  if (adapter === 'Express' && options.trustProxy) app.set('trust proxy', 1);
  // Where Express has the response, too.
  if (adapter === 'Fastify') app.getHttpServer().prependListener('request', (req: { res?: unknown }, res: unknown) => (req.res = res));
  return { app, log };
}

/** Starts an application on a free port; it is closed when the test is over. */
export async function startApp(
  root: Type | ModuleMetadata,
  configure: Configure = () => {},
  adapter?: Adapter,
  options?: ServerOptions,
): Promise<TestApp> {
  const { app, log } = await createApp(root, undefined, adapter, options);
  onTestFinished(async () => {
    // A test that failed may have left a request behind, which would be waited for.
    (app.getHttpServer() as Partial<Server>).closeAllConnections?.();
    await app.close();
  });
  await configure(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, log, address: `http://127.0.0.1:${port}`, store: app.get(SessionStore, { strict: false }) };
}
