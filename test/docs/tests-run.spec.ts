import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { root } from '../package/library.js';
import { pages, snippetsOf } from './pages.js';

/** Each snippet of these pages is a test file, and has its tests run here. It lies in the repository, where its imports are found. */
const snippets = ['docs/testing/index.md', 'docs/testing/runners.md', 'docs/testing/clocks.md'].flatMap((path) =>
  snippetsOf(pages.find((page) => page.path === path)!),
);

const files = snippets.map(({ code }, index) => {
  const file = join(root, `test/docs/tests-${index + 1}-${process.pid}.generated.ts`);
  writeFileSync(file, code);
  return file;
});

afterAll(() => {
  for (const file of files) rmSync(file);
});

it('docs/testing has six test files', () => {
  expect(snippets).toHaveLength(6);
});

// One after the other: the tests of each come into this file as it is loaded.
for (const file of files) await import(/* @vite-ignore */ file);
