import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { pages, snippetsOf } from '../docs/pages.js';
import { buildPackage, buildRepository, exportedNames } from './compiler.js';
import { manifest, root } from './library.js';

describe('the express entry, installed where there is no Nest', () => {
  const application = mkdtempSync(join(tmpdir(), 'without-nest-'));
  const installed = (name: string) => join(application, 'node_modules', name);
  const isNeeded = (name: string) => !name.startsWith('@types/') && !name.startsWith('@nestjs/');

  beforeAll(() => {
    buildPackage(installed(manifest.name));
    for (const name of ['express', ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })].filter(isNeeded)) {
      mkdirSync(dirname(installed(name)), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), installed(name), 'junction');
    }
  });

  afterAll(() => rmSync(application, { recursive: true }));

  const names = Object.entries(exportedNames('express'))
    .filter(([, { kind }]) => /class|function|const/.test(kind))
    .map(([name]) => name);

  it('has no Nest within reach', async () => {
    const error = 'import("@nestjs/common").catch(({ code }) => console.log(JSON.stringify(code)))';
    expect(await run(application, 'module', error)).toBe('ERR_MODULE_NOT_FOUND');
    const entry = `try { require('${manifest.name}') } catch ({ code }) { console.log(JSON.stringify(code)) }`;
    expect(await run(application, 'commonjs', entry)).toBe('MODULE_NOT_FOUND');
  });

  it('loads by import', async () => {
    const code = `import * as entry from '${manifest.name}/express'; console.log(JSON.stringify(Object.keys(entry)))`;
    expect(await run(application, 'module', code)).toEqual(expect.arrayContaining(names));
  });

  it('loads by require', async () => {
    const code = `console.log(JSON.stringify(Object.keys(require('${manifest.name}/express'))))`;
    expect(await run(application, 'commonjs', code)).toEqual(expect.arrayContaining(names));
  });

  it('has signedInCookie beside it', async () => {
    const code = `
      const { createSessionMiddleware } = require('${manifest.name}/express');
      const { signedInCookie } = require('${manifest.name}/testing');
      const sessions = createSessionMiddleware({ secret: 'a secret of at least 32 characters', connection: { type: 'sqljs' } });
      signedInCookie(sessions, { userId: 'ada' }).then((cookie) => console.log(JSON.stringify(cookie)));
    `;
    expect(await run(application, 'commonjs', code)).toMatch(/^sid=s%3A/);
  });

  it('runs the program of docs/integrations/express.md, on another database', async () => {
    const [first] = snippetsOf(pages.find(({ path }) => path === 'docs/integrations/express.md')!);
    const program = first!.code
      .replace(/type: 'postgres',\s+url: process\.env\.DATABASE_URL/, "type: 'sqljs'")
      .replace('app.listen(process.env.PORT ?? 3000);', 'const server = app.listen(0, () => console.log(server.address().port));');
    writeFileSync(join(application, 'server.mjs'), program);
    const env = { ...process.env, SESSION_SECRET: 'a secret of at least 32 characters' };
    const child = spawn(process.execPath, ['server.mjs'], { cwd: application, env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [port] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
    const answer = await fetch(`http://127.0.0.1:${Number(port)}/sign-in`, { method: 'POST' });
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^sid=s%3A/)]);
  });
});

describe('each entry, loaded by import and by require', () => {
  const application = mkdtempSync(join(tmpdir(), 'entries-'));
  const entries = Object.keys(manifest.exports)
    .filter((name) => name !== './package.json')
    .map((name) => manifest.name + name.slice(1));

  beforeAll(() => {
    buildRepository(application);
    symlinkSync(join(root, 'node_modules'), join(application, 'node_modules'), 'junction');
  });

  afterAll(() => rmSync(application, { recursive: true }));

  it.each(entries)('%s has the same names, and behind each the same thing', async (entry) => {
    const code = `
      import { createRequire } from 'node:module';
      import * as imported from '${entry}';
      const required = createRequire(import.meta.url)('${entry}');
      const names = Object.keys(required);
      const others = names.filter((name) => imported[name] !== required[name]);
      console.log(JSON.stringify({ names, others, faces: Object.keys(imported) }));
    `;
    const { names, others, faces } = (await run(application, 'module', code)) as Record<string, string[]>;
    expect(faces).toEqual(names?.toSorted());
    expect(names).toContain(entry.endsWith('/testing') ? 'signedInCookie' : 'SessionStore');
    expect(others).toEqual([]);
  });
});

async function run(application: string, type: 'module' | 'commonjs', code: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [`--input-type=${type}`, '--eval', code], {
    cwd: application,
  });
  return JSON.parse(stdout);
}
