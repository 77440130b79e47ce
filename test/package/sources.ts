import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './library.js';

export interface SourceFile {
  /** Relative to the repository, with slashes. */
  path: string;
  text: string;
  /** What is left of the text at run time: no types, no comments. */
  javascript: string;
}

const runtimeOnly: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  experimentalDecorators: true,
  removeComments: true,
};

/** Every file of `lib`, in the order of their paths. */
export const sources: readonly SourceFile[] = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `lib/${file.replaceAll('\\', '/')}`)
  .toSorted()
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, javascript: ts.transpileModule(text, { compilerOptions: runtimeOnly }).outputText };
  });

/** The modules that a text imports, exports from or requires, types included. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}
