import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { buildRepository } from '../package/compiler.js';
import { root } from '../package/library.js';

const run = promisify(execFile);
const movableClock = new URL('movable-clock.mjs', import.meta.url).href;

export interface Sample {
  /** A folder of its own, with the package and the sample as built. */
  readonly folder: string;
  /** Starts it on a free port, with this file for its database. */
  start(database: string): Promise<RunningSample>;
  remove(): void;
}

export interface RunningSample {
  readonly address: string;
  /** Asks it to end, waits until it has, and returns what it complained about. One that does not end in 20 s is an error. */
  stop(): Promise<string>;
  /** Opens a connection that carries no request, as a browser does ahead of need. */
  preconnect(): Promise<void>;
  /** Moves its clock on. */
  advance(milliseconds: number): Promise<void>;
}

/** Builds the package and one sample with the Nest CLI, beside the repository, so that nobody's `dist` is touched. */
export async function buildSample(name: string): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), `sample-${name}-`));
  buildRepository(folder);
  for (const path of ['nest-cli.json', 'tsconfig.json', join('sample', name)]) {
    cpSync(join(root, path), join(folder, path), { recursive: true, filter: (file) => !file.includes('.sqlite') });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await run(process.execPath, [join('node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build', name], {
    cwd: folder,
  });

  return {
    folder,
    start: (database) => start(join(folder, 'dist-sample', name, 'main.js'), database),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function start(main: string, database: string): Promise<RunningSample> {
  const child = spawn(process.execPath, ['--import', movableClock, main], {
    env: { ...process.env, PORT: '0', SESSION_DATABASE: database, DATABASE: database },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');

  let printed = '';
  let complaints = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const address = new Promise<string>((resolve, reject) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const found = /http:\/\/localhost:\d+(?=\s)/.exec((printed += text));
      if (found) resolve(found[0]);
    });
    ended.then(() => reject(new Error(`The sample ended before it was ready.\n${printed}${complaints}`)), reject);
  });

  return {
    address: await address,
    stop: async () => {
      child.kill('SIGTERM');
      const inTime = await Promise.race([ended, setTimeout(20_000, undefined, { ref: false })]);
      if (!inTime) throw new Error(`The sample did not end within 20 s of SIGTERM.\n${printed}${complaints}`);
      return complaints;
    },
    preconnect: async () => {
      const socket = connect(Number(new URL(await address).port), 'localhost');
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      // Connections are accepted in turn: once a later one is answered, this one was accepted.
      await (await fetch(await address)).text();
    },
    advance: async (milliseconds) => {
      const moved = once(child, 'message');
      child.send(milliseconds);
      await moved;
    },
  };
}
