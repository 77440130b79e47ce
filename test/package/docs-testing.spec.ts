import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from './library.js';

const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
const snippets = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, code = '']) => code);

/** Each snippet is a test file, and has its tests run here. It lies in the repository, where its imports are found. */
const files = snippets.map((code, index) => {
  const file = join(root, `test/package/docs-testing-${index + 1}-${process.pid}.generated.ts`);
  writeFileSync(file, code);
  return file;
});

afterAll(() => {
  for (const file of files) rmSync(file);
});

it('docs/testing.md has three test files', () => {
  expect(snippets).toHaveLength(3);
});

// One after the other: the tests of each come into this file as it is loaded.
for (const file of files) await import(/* @vite-ignore */ file);
