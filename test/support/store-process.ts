import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { buildRepository } from '../package/compiler.js';
import { root } from '../package/library.js';

/** Builds the package for a suite, and returns what runs a module of JavaScript beside it and returns what that printed, as JSON. */
export function useProcess(timeout = 20_000): (code: string, env?: Record<string, string>) => Promise<unknown> {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'store-process-'));
    buildRepository(folder);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  return async (code, env = {}) => {
    const module = `import { createSessionMiddleware, createSessionStore } from './dist/express.js';\n${code}`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', module], {
      cwd: folder,
      env: { ...process.env, NODE_ENV: 'test', ...env },
      timeout,
    });
    return JSON.parse(stdout) as unknown;
  };
}
