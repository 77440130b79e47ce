import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importsOf, root, type SourceFile, sources } from './library.js';

describe('layers', () => {
  it('import one way: nest, http, store, table', () => {
    const wrongWay = sources.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(dirname(path), specifier))
        .filter((target) => rank(target) < rank(path))
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrongWay).toEqual([]);
  });

  it('lets the express entry load without Nest', () => {
    const entry = sources.find(({ path }) => path === 'lib/express.ts');
    expect(importsOf(entry?.text ?? '').filter((specifier) => specifier.includes('nest/'))).toEqual([]);
  });

  it('know Nest in lib/nest only', () => {
    const users = sources.filter(({ text }) => importsOf(text).some((specifier) => specifier.startsWith('@nestjs/')));
    expect(pathsOutside(users, 'lib/nest/')).toEqual([]);
  });

  it('import TypeORM values in lib/table only', () => {
    expect(pathsOutside(valueUsersOf('typeorm'), 'lib/table/')).toEqual([]);
  });

  it('import express-session values in lib/http and one file of lib/store only', () => {
    expect(pathsOutside(valueUsersOf('express-session'), 'lib/http/', 'lib/store/express-session.ts')).toEqual([]);
  });

  it('read the type of the data source in one file', () => {
    const readers = sources.filter(({ javascript }) =>
      /\boptions\??\.type\b|\{[^{}]*\btype\b[^{}]*\} = [\w.?]*\boptions\b/.test(javascript),
    );
    expect(readers).toHaveLength(1);
    expect(pathsOutside(readers, 'lib/table/')).toEqual([]);
  });

  it('keep every file at 300 lines or fewer', () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > 300);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});

describe('the walls in the linter', () => {
  const oneWay = 'Imports point one way: nest, http, store, table.';
  const noNest = 'Only lib/nest knows Nest.';
  const noTypeorm = 'Only lib/table imports TypeORM values.';
  const noExpress = 'Only lib/http and lib/store/express-session.ts import express-session values.';

  const walls: ReadonlyArray<readonly [file: string, code: string, message: string]> = [
    ['lib/table/nest.ts', `import '@nestjs/common';`, noNest],
    ['lib/table/request.ts', `import type { Request } from 'express';`, 'The table knows rows, not requests.'],
    ['lib/table/store.ts', `import '../store/session-store.js';`, oneWay],
    ['lib/table/deep/http.ts', `import '../../http/session-middleware.js';`, oneWay],
    ['lib/store/nest.ts', `import '@nestjs/core';`, noNest],
    ['lib/store/http.ts', `import '../http/session-middleware.js';`, oneWay],
    ['lib/store/typeorm.ts', `import { DataSource } from 'typeorm';\nvoid DataSource;`, noTypeorm],
    ['lib/store/express.ts', `import session from 'express-session';\nvoid session;`, noExpress],
    ['lib/store/express-session.ts', `import { DataSource } from 'typeorm';\nvoid DataSource;`, noTypeorm],
    ['lib/http/nest.ts', `import '../nest/session.module.js';`, oneWay],
    ['lib/http/common.ts', `import '@nestjs/common';`, noNest],
    ['lib/http/table.ts', `import '../table/databases/databases.js';`, 'http speaks to the store, not to the table.'],
    ['lib/http/typeorm.ts', `import { DataSource } from 'typeorm';\nvoid DataSource;`, noTypeorm],
    ['lib/nest/typeorm.ts', `import { DataSource } from 'typeorm';\nvoid DataSource;`, noTypeorm],
    ['lib/nest/express.ts', `import session from 'express-session';\nvoid session;`, noExpress],
    ['lib/express.ts', `export * from './nest/session.module.js';`, 'The express entry loads without Nest.'],
    ['lib/session.errors.ts', `import './table/databases/databases.js';`, 'What every room uses stands on none of them.'],
    ['lib/table/circle.ts', `export * from './circle-end.js';`, 'Dependency cycle detected'],
  ];
  const allowed: Record<string, string> = {
    'lib/table/circle-end.ts': `export * from './circle.js';`,
    'lib/table/entity.ts': `import { Entity } from 'typeorm';\nvoid Entity;`,
    'lib/store/types.ts': `import type { DataSource } from 'typeorm';\nexport type Source = DataSource;`,
    'lib/http/express.ts': `import session from 'express-session';\nvoid session;`,
    'lib/nest/module.ts': `import { Module } from '@nestjs/common';\nvoid Module;`,
  };

  const folder = mkdtempSync(join(tmpdir(), 'walls-'));
  let findings: Finding[];

  beforeAll(async () => {
    cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    for (const [file, code] of [...walls, ...Object.entries(allowed)]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `${code}\n`);
    }
    findings = await lint(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(walls)('stop %s', (file, _code, message) => {
    const found = findings.filter(({ filename }) => filename === file);
    expect(found.map((finding) => `${finding.message} ${finding.help}`).join('\n')).toContain(message);
  });

  it('let through what belongs there', () => {
    const stopped = findings.filter(({ code, filename }) => code.includes('no-restricted-imports') && filename in allowed);
    expect(stopped).toEqual([]);
  });

  it('are not switched off anywhere in lib', () => {
    const silenced = sources.filter(({ text }) => /lint-disable\S* *(?:\*\/|$|.*no-(?:restricted-imports|cycle))/m.test(text));
    expect(silenced.map(({ path }) => path)).toEqual([]);
  });
});

const rooms = ['nest', 'http', 'store', 'table'];

/** The two entries stand above the rooms; what else lies beside them, below. */
function rank(path: string): number {
  const [, room = ''] = path.split('/');
  if (/^(?:index|express)\./.test(room)) return -1;
  return rooms.includes(room) ? rooms.indexOf(room) : rooms.length;
}

function valueUsersOf(name: string): SourceFile[] {
  return sources.filter(({ javascript }) => importsOf(javascript).includes(name));
}

function pathsOutside(files: readonly SourceFile[], ...homes: string[]): string[] {
  return files.map(({ path }) => path).filter((path) => !homes.some((home) => path.startsWith(home)));
}

interface Finding {
  filename: string;
  code: string;
  message: string;
  help?: string;
}

async function lint(folder: string): Promise<Finding[]> {
  const bin = join(root, 'node_modules/oxlint/bin/oxlint');
  const { stdout } = await promisify(execFile)(process.execPath, [bin, '--format=json'], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  return (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics;
}
