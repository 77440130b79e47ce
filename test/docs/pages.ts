import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../package/library.js';

/** A document for readers. */
export interface Page {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

const read = (path: string): Page => ({ path, text: readFileSync(join(root, path), 'utf8') });

export const readme = read('README.md');

/** The pages of the site. */
export const pages: readonly Page[] = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.md') && !/(?:^|\/)(?:node_modules|dist|cache)\//.test(path))
  .toSorted()
  .map((path) => read(`docs/${path}`));

/** A piece of TypeScript in a page. */
export interface Snippet {
  /** Says where it stands. */
  readonly name: string;
  readonly code: string;
}

/** The TypeScript of a page. What a snippet takes for granted stands in a comment before it, which readers do not see. */
export function snippetsOf({ path, text }: Page): Snippet[] {
  return Array.from(
    text.matchAll(/(?:<!-- context\n(.*?)-->\n\n)?^```ts\n(.*?)^```$/gms),
    ({ 1: context = '', 2: code = '', index, 0: all }) => {
      const line = text.slice(0, index + all.indexOf('```ts')).split('\n').length;
      return { name: `${path.replace(/\W+/g, '-')}-line-${line}.ts`, code: `${context}${code}` };
    },
  );
}
