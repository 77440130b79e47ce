import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './library.js';

const FOLDERS = ['', 'lib'];
const files = ['lib', 'test', 'scripts'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }));
const names = new Set(files.map((file) => basename(file)));

/** The paths and file names that a text has between backticks. */
function pathsIn(text: string): string[] {
  const quoted = Array.from(text.matchAll(/`([^`\n]+)`/g), ([, token = '']) => token);
  const isPath = (token: string) =>
    /^(?:\.ci|bench|docs|lib|sample|scripts|test|nest|http|store|table|entity|sql|databases|writing)\/[\w./-]+$/.test(token) ||
    /^[\w.-]+(?:\/[\w.-]+)*\.(?:ts|mjs|md|json|yml|sql)$/.test(token);
  return quoted.filter(isPath);
}

function exists(path: string): boolean {
  if (!path.includes('/')) return names.has(path) || existsSync(join(root, path));
  return FOLDERS.some((folder) => existsSync(join(root, folder, path)));
}

describe.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s', (document) => {
  const paths = pathsIn(readFileSync(join(root, document), 'utf8'));

  it('names files that exist', () => {
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });
});
