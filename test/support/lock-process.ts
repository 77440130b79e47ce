import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { root, sources } from '../package/library.js';
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
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock-process-'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    const write = (file: string, text: string) => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    };
    write('package.json', JSON.stringify({ name: 'nestjs-typeorm-session', type: 'module', exports: './lib/index.js' }));
    for (const { path, javascript } of sources) write(path.replace(/\.ts$/, '.js'), javascript);
    write('lock-routes.js', toJavaScript(readFileSync(join(root, ROUTES), 'utf8')));
    write('program.js', PROGRAM);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  return async () => {
    const argument = JSON.stringify({ secret: SECRET, connection: { ...connection, synchronize: false }, tableName });
    const child = fork(join(folder, 'program.js'), [argument], { cwd: folder, execArgv: [] });
    onTestFinished(() => kill(child));
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

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('The process ended by itself.')));
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
    return message;
  } finally {
    over.abort();
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
