import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from '../package/library.js';

/** Locks the file for everybody else until its input ends. */
const PROGRAM = `
  import Database from 'better-sqlite3';
  const file = new Database(process.argv[1]);
  file.exec('BEGIN EXCLUSIVE');
  console.log('locked');
  for await (const _ of process.stdin);
  file.exec('ROLLBACK');
  file.close();
`;

/** The path of a SQLite file that does not exist yet, in a folder that goes with the test. */
export function newFilePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'locked-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'sessions.sqlite');
}

/** Has another process lock a SQLite file; returns what ends the lock. */
export async function lockFile(path: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, path], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await ended;
  };
}

/** Lets the event loop go on for this many timers; returns the longest time, in milliseconds, for which it did not. */
export async function longestBlock(timers: number): Promise<number> {
  let longest = 0;
  let last = performance.now();
  for (let timer = 0; timer < timers; timer++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}
