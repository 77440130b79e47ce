import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './library.js';
import { importsOf, type SourceFile, sources } from './sources.js';

describe('layers', () => {
  it('import one way: testing, nest, http, store, table', () => {
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

  it('know Nest in lib/nest and lib/testing only', () => {
    const users = sources.filter(({ text }) => importsOf(text).some((specifier) => specifier.startsWith('@nestjs/')));
    expect(pathsOutside(users, 'lib/nest/', 'lib/testing/')).toEqual([]);
  });

  it('let signedInCookie load without Nest', () => {
    const { imports, users } = reachedFrom('lib/testing.ts');
    expect(imports).toContain('lib/testing/signed-in-cookie.ts');
    expect(users).toEqual([]);
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

/** The rooms inside `testing`, `nest`, `store` and `table`, from the top: each imports from those below it. What is in one line stands side by side. */
const ROOMS: readonly (readonly string[])[] = [
  ['lib/testing'],
  ['lib/testing/conformance'],
  ['lib/testing/conformance/users'],
  ['lib/nest'],
  ['lib/nest/start-up'],
  ['lib/nest/guarding', 'lib/nest/locking', 'lib/nest/sockets', 'lib/nest/watching'],
  ['lib/nest/checking'],
  ['lib/store'],
  ['lib/store/users'],
  ['lib/store/work', 'lib/store/batching'],
  ['lib/store/owner'],
  ['lib/store/runtime'],
  ['lib/store/caching'],
  ['lib/store/session'],
  ['lib/store/session/merging'],
  ['lib/store/options'],
  ['lib/store/options/checking'],
  ['lib/store/serializers'],
  ['lib/table'],
  ['lib/table/writing', 'lib/table/reading', 'lib/table/notices', 'lib/table/migrating'],
  ['lib/table/databases'],
  ['lib/table/databases/mysql', 'lib/table/databases/postgres', 'lib/table/databases/sqlite'],
  ['lib/table/sql'],
  ['lib/table/entity'],
  ['lib/table/checking'],
];

describe('imports, those of types included', () => {
  const imports = importGraph();

  it('go round in no circle', () => {
    expect(circlesOf(imports)).toEqual([]);
  });

  it('point one way inside testing, nest, store and table', () => {
    const ground = groundOf(imports);
    const wrongWay = [...imports].flatMap(([path, targets]) =>
      targets.filter((target) => isBelow(target, path) === false && !ground.has(target)).map((target) => `${path} imports ${target}`),
    );
    expect(wrongWay).toEqual([]);
  });

  it('know every room', () => {
    const folders = new Set(sources.map(({ path }) => dirname(path)).filter((folder) => /^lib\/(?:testing|nest|store|table)/.test(folder)));
    expect([...folders].toSorted()).toEqual(ROOMS.flat().toSorted());
  });

  it('would be found in a circle, and against the direction', () => {
    const circle = new Map([
      ['lib/table/sql/a.ts', ['lib/table/sql/b.ts']],
      ['lib/table/sql/b.ts', ['lib/table/sql/c.ts']],
      ['lib/table/sql/c.ts', ['lib/table/sql/a.ts']],
    ]);
    expect(circlesOf(circle)).toEqual(['lib/table/sql/a.ts → lib/table/sql/b.ts → lib/table/sql/c.ts → lib/table/sql/a.ts']);
    expect(isBelow('lib/table/databases/mysql/a.ts', 'lib/table/sql/b.ts')).toBe(false);
    expect(isBelow('lib/table/databases/mysql/a.ts', 'lib/table/databases/postgres/b.ts')).toBe(false);
    expect(isBelow('lib/store/batching/a.ts', 'lib/store/work/b.ts')).toBe(false);
    expect(isBelow('lib/table/sql/a.ts', 'lib/table/databases/mysql/b.ts')).toBe(true);
  });
});

it('no folder of lib holds more than twelve files', () => {
  const counts = new Map<string, number>();
  for (const { path } of sources) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > 12)).toEqual([]);
});

describe('the walls in the linter', () => {
  const oneWay = 'Imports point one way: nest, http, store, table.';
  const noTesting = 'Nothing stands on what is for tests.';
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
    ['lib/nest/testing.ts', `import '../testing/rows.js';`, noTesting],
    ['lib/testing/typeorm.ts', `import { DataSource } from 'typeorm';\nvoid DataSource;`, noTypeorm],
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

const rooms = ['testing', 'nest', 'http', 'store', 'table'];

/** The files that run when one is loaded, and those of them that load Nest. What is imported later does not count. */
function reachedFrom(entry: string): { readonly imports: readonly string[]; readonly users: readonly string[] } {
  const reached = new Set([entry]);
  const users: string[] = [];
  for (const path of reached) {
    const { javascript } = sources.find((source) => source.path === path)!;
    const specifiers = importsOf(javascript.replaceAll(/\bimport\(/g, 'later('));
    if (specifiers.some((specifier) => specifier.startsWith('@nestjs/'))) users.push(path);
    for (const specifier of specifiers.filter((name) => name.startsWith('.'))) {
      reached.add(posix.join(dirname(path), specifier).replace(/\.js$/, '.ts'));
    }
  }
  return { imports: [...reached], users };
}

/** The entries stand above the rooms; what else lies beside them, below. */
function rank(path: string): number {
  const [, room = ''] = path.split('/');
  if (/^(?:index|express|testing)\.ts$/.test(room)) return -1;
  return rooms.includes(room) ? rooms.indexOf(room) : rooms.length;
}

function valueUsersOf(name: string): SourceFile[] {
  return sources.filter(({ javascript }) => importsOf(javascript).includes(name));
}

function pathsOutside(files: readonly SourceFile[], ...homes: string[]): string[] {
  return files.map(({ path }) => path).filter((path) => !homes.some((home) => path.startsWith(home)));
}

/** The files of `lib` that each file imports, types included. */
function importGraph(): ReadonlyMap<string, readonly string[]> {
  return new Map(
    sources.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(dirname(path), specifier).replace(/\.js$/, '.ts')),
    ]),
  );
}

function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
    else if (!done.has(path)) for (const target of imports.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return circles;
}

/**
 * Files at the top of `testing`, `nest`, `store` and `table` that stand on none of their rooms: contracts and small tools, which all rooms may import.
 */
function groundOf(imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const roots = [...imports.keys()].filter((path) => /^lib\/(?:testing|nest|store|table)\/[^/]+$/.test(path));
  const ground = new Set(roots);
  const isGround = (path: string): boolean => ground.has(path) || !/^lib\/(?:testing|nest|store|table)\//.test(path);
  for (let size = -1; size !== ground.size;) {
    size = ground.size;
    for (const path of roots) if (!imports.get(path)!.every(isGround)) ground.delete(path);
  }
  return ground;
}

/** Whether a file may be imported by another of the same half of the house; `undefined` where another rule decides. */
function isBelow(target: string, path: string): boolean | undefined {
  const [, from] = path.split('/');
  if (!target.startsWith(`lib/${from}/`)) return undefined;
  const [below, above] = [target, path].map((file) => ROOMS.findIndex((line) => line.includes(dirname(file))));
  return below! > above! || dirname(target) === dirname(path);
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
