import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { DataSourceOptions } from 'typeorm';
import { root } from '../package/library.js';
import { kill, nextMessage, useLibraryProcess } from './library-process.js';
import { SECRET } from './secret.js';

const ROUTES = 'test/support/lock-routes.ts';

/** Serves `routesOf`, and holds whoever asks for `hold` until it is ended. */
const PROGRAM = `
  import 'reflect-metadata';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { defineSessionEntity, SessionModule } from 'nestjs-typeorm-session';
  import { routesOf, viewHandlers } from './lock-routes.js';

  const { connection, secret, tableName } = JSON.parse(process.argv[2]);
  const hold = () => new Promise(() => process.send('held'));
  class AppModule {}
  Module({
    imports: [SessionModule.forRoot({ secret, prune: false, entity: defineSessionEntity({ tableName }), connection })],
    controllers: [routesOf({ ...viewHandlers, hold })],
  })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  process.once('disconnect', () => process.exit());
  process.send(app.getHttpServer().address().port);
`;

/** An application in a process of its own. */
export interface LockProcess {
  readonly address: string;
  /** Resolves when a request is in the handler `hold`. */
  held(): Promise<void>;
  /** Ends the process without a chance to say goodbye. */
  kill(): Promise<void>;
}

/** Returns what starts an application over this table in a process of its own; it is ended with the test. */
export function useLockProcesses(connection: DataSourceOptions, tableName: string): () => Promise<LockProcess> {
  const routes = () => toJavaScript(readFileSync(join(root, ROUTES), 'utf8'));
  const launch = useLibraryProcess(() => ({ 'lock-routes.js': routes(), 'program.js': PROGRAM }));
  return async () => {
    const child = launch({ secret: SECRET, connection: { ...connection, synchronize: false }, tableName });
    return {
      address: `http://127.0.0.1:${String(await nextMessage(child))}`,
      held: async () => void (await nextMessage(child)),
      kill: () => kill(child),
    };
  };
}

function toJavaScript(text: string): string {
  const { ESNext: module } = ts.ModuleKind;
  const { ES2023: target } = ts.ScriptTarget;
  return ts.transpileModule(text, { compilerOptions: { module, target, verbatimModuleSyntax: true, experimentalDecorators: true } })
    .outputText;
}
