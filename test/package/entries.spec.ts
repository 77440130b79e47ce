import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage, exportedNames } from './compiler.js';
import { manifest, root } from './library.js';

describe('the express entry, installed where there is no Nest', () => {
  const application = mkdtempSync(join(tmpdir(), 'without-nest-'));
  const installed = (name: string) => join(application, 'node_modules', name);
  const isNeeded = (name: string) => !name.startsWith('@types/') && !name.startsWith('@nestjs/');

  beforeAll(() => {
    buildPackage(installed(manifest.name));
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(isNeeded)) {
      mkdirSync(dirname(installed(name)), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), installed(name), 'junction');
    }
  });

  afterAll(() => rmSync(application, { recursive: true }));

  const run = async (type: 'module' | 'commonjs', code: string): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(process.execPath, [`--input-type=${type}`, '--eval', code], {
      cwd: application,
    });
    return JSON.parse(stdout);
  };
  const names = Object.entries(exportedNames('express'))
    .filter(([, { kind }]) => /class|function|const/.test(kind))
    .map(([name]) => name);

  it('has no Nest within reach', async () => {
    const error = 'import("@nestjs/common").catch(({ code }) => console.log(JSON.stringify(code)))';
    expect(await run('module', error)).toBe('ERR_MODULE_NOT_FOUND');
    expect(await run('module', error.replace('@nestjs/common', manifest.name))).toBe('ERR_MODULE_NOT_FOUND');
  });

  it('loads by import', async () => {
    const code = `import * as entry from '${manifest.name}/express'; console.log(JSON.stringify(Object.keys(entry)))`;
    expect(await run('module', code)).toEqual(expect.arrayContaining(names));
  });

  it('loads by require', async () => {
    const code = `console.log(JSON.stringify(Object.keys(require('${manifest.name}/express'))))`;
    expect(await run('commonjs', code)).toEqual(expect.arrayContaining(names));
  });
});
