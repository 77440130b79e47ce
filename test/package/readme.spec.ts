import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkModules } from './compiler.js';
import { root, sources } from './library.js';

describe('README.md', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const blocks = Array.from(readme.matchAll(/^```ts\n(.*?)^```$/gms), ({ 1: code = '', index }) => {
    const line = readme.slice(0, index).split('\n').length;
    return [`README-line-${line}.ts`, `${code}\nexport {};\n`] as const;
  });

  it('has snippets', () => {
    expect(blocks.length).toBeGreaterThan(0);
  });

  it('has a row for each option', () => {
    const options = sources.find(({ path }) => path === 'lib/store/options/session-options.ts')!.text;
    const [declared = ''] = /^export interface SessionModuleOptions \{.*?^\}/ms.exec(options) ?? [];
    const names = Array.from(declared.matchAll(/^ {2}(\w+)\??:/gm), ([, name = '']) => name);
    expect(names).toContain('secret');
    const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
    expect(names.filter((name) => !rows.some((row) => row.split('|')[1]!.includes(`\`${name}\``)))).toEqual([]);
  });

  const problems = checkModules(new Map(blocks));

  it.each(blocks.map(([name]) => name))('%s compiles', (name) => {
    expect(problems[name]).toEqual([]);
  });
});
