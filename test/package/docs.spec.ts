import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkModules } from './compiler.js';
import { root } from './library.js';

/** Pages whose snippets are modules, each complete by itself. */
const PAGES = ['graphql', 'monitoring'];

const blocks = PAGES.flatMap((page) => {
  const text = readFileSync(join(root, `docs/${page}.md`), 'utf8');
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ({ 1: code = '', index }) => {
    const line = text.slice(0, index).split('\n').length;
    return [`docs-${page}-line-${line}.ts`, `${code}\nexport {};\n`] as const;
  });
});

describe('the snippets of docs', () => {
  const problems = checkModules(new Map(blocks));

  it.each(PAGES)('are there on the page %s', (page) => {
    expect(blocks.some(([name]) => name.startsWith(`docs-${page}-`))).toBe(true);
  });

  it.each(blocks.map(([name]) => name))('%s compiles', (name) => {
    expect(problems[name]).toEqual([]);
  });
});
