import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { root } from '../package/library.js';
import { sources } from '../package/sources.js';

/** Returns what starts a module of JavaScript in a process of its own, beside the library and these files; it is ended with the test. */
export function useLibraryProcess(
  files: () => Readonly<Record<string, string>>,
  options: Pick<ForkOptions, 'env' | 'silent'> = {},
): (argument: unknown) => ChildProcess {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'library-process-'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    const write = (file: string, text: string) => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    };
    write('package.json', JSON.stringify({ name: 'nestjs-typeorm-session', type: 'module', exports: './lib/index.js' }));
    for (const { path, javascript } of sources) write(path.replace(/\.ts$/, '.js'), javascript);
    for (const [file, text] of Object.entries(files())) write(file, text);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  return (argument) => {
    const child = fork(join(folder, 'program.js'), [JSON.stringify(argument)], { cwd: folder, execArgv: [], ...options });
    onTestFinished(() => kill(child));
    return child;
  };
}

/** What a process says next; an error where it ends instead. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
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

/** Ends a process without a chance to say goodbye. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
