import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { onTestFinished } from 'vitest';
import { root } from '../package/library.js';

/** Loads a snippet as a file of the repository, where its imports are found. The file is there until the end of the test. */
export async function loadSnippet(name: string, code: string): Promise<Record<string, Type>> {
  const file = join(root, `test/docs/${name}-${process.pid}.generated.ts`);
  onTestFinished(() => rmSync(file));
  writeFileSync(file, code);
  return (await import(/* @vite-ignore */ file)) as Record<string, Type>;
}
