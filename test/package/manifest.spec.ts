import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage, checkModules } from './compiler.js';
import { manifest, root } from './library.js';
import { importsOf } from './sources.js';

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { optionalDependencies?: Record<string, string> }>;
};

describe('package.json', () => {
  it('is for the repository only; what is published is built', () => {
    expect(manifest).toMatchObject({ private: true });
  });

  it('pins every tool to one version', () => {
    const loose = Object.entries(manifest.devDependencies).filter(([, version]) => !/^(npm:.+@)?\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
  });

  it('agrees with the lock file', () => {
    const { name, version, dependencies, devDependencies, peerDependencies } = manifest;
    expect(lock.packages['']).toMatchObject({ name, version, dependencies, devDependencies, peerDependencies });
  });
});

describe('package-lock.json', () => {
  it('names no registry', () => {
    expect(JSON.stringify(lock)).not.toContain('"resolved"');
  });

  it('serves every platform', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });
});

describe('the built package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  const known = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
  const files = (extension: RegExp) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => extension.test(file))
      .map((file) => file.replaceAll('\\', '/'));
  const textOf = (file: string) => readFileSync(join(folder, file), 'utf8');
  const unknownImports = (extension: RegExp, isKnown: (name: string) => boolean) =>
    files(extension).flatMap((file) =>
      importsOf(textOf(file))
        .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
        .map(packageOf)
        .filter((name) => !isKnown(name))
        .map((name) => `${file} imports ${name}`),
    );

  beforeAll(() => buildPackage(folder));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('has a manifest without what only the repository needs', () => {
    const published = JSON.parse(textOf('package.json')) as Record<string, unknown>;
    expect(Object.keys(published).toSorted()).toEqual([
      'bugs',
      'dependencies',
      'description',
      'engines',
      'exports',
      'homepage',
      'keywords',
      'license',
      'main',
      'name',
      'peerDependencies',
      'peerDependenciesMeta',
      'repository',
      'schematics',
      'sideEffects',
      'type',
      'types',
      'version',
    ]);
    const { name, version, dependencies, peerDependencies } = manifest;
    expect(published).toMatchObject({ name, version, dependencies, peerDependencies, type: 'commonjs' });
  });

  it('imports dependencies and peers only', () => {
    expect(unknownImports(/\.m?js$/, (name) => known.has(name))).toEqual([]);
  });

  it('has types that need dependencies and peers only', () => {
    expect(unknownImports(/\.d\.m?ts$/, (name) => known.has(name) || known.has(`@types/${name}`))).toEqual([]);
  });

  it('has types without a mistake', () => {
    const declarations = new Map(files(/\.d\.ts$/).map((file) => [`dist/${file}`, textOf(file)]));
    const problems = Object.values(checkModules(declarations)).flat();
    expect(declarations.size).toBeGreaterThan(2);
    expect(problems).toEqual([]);
    // The compiler looks at the types of all peers, too.
  }, 300_000);

  const pack = () => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: folder,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    return (JSON.parse(output) as [{ files: Array<{ path: string }>; size: number }])[0];
  };

  it('is as large as the README says, within a tenth', () => {
    const [, kilobytes] = /(\d+) kB packed, imports in \d+ ms/.exec(textOf('README.md')) ?? [];
    expect(Math.abs(Number(kilobytes) / (pack().size / 1_000) - 1)).toBeLessThan(0.1);
  });

  it('packs every target of exports, the documents, and nothing that is not needed', () => {
    const paths = pack().files.map(({ path }) => path);
    const targets = Object.values(manifest.exports)
      .flatMap((target) => (typeof target === 'string' ? [] : Object.values(target).flatMap((condition) => Object.values(condition))))
      .map((target) => target.replace('./dist/', ''));
    expect(targets.filter((target) => !paths.includes(target))).toEqual([]);
    expect(targets.length).toBeGreaterThan(4);
    expect(paths.filter((path) => !/\.(?:js|d\.ts|mjs|d\.mts)$/.test(path)).toSorted()).toEqual([
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'package.json',
      'schematics.json',
    ]);
  });
});

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
