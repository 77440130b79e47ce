import { describe, expect, it } from 'vitest';
import { checkModules } from '../package/compiler.js';
import { pages, readme, snippetsOf, type Snippet } from './pages.js';

const snippets = [readme, ...pages].flatMap(snippetsOf);
const modulesOf = (some: readonly Snippet[]) => new Map(some.map(({ name, code }) => [name, `${code}\nexport {};\n`]));
/** What a snippet declares for all sessions must not make another one right. */
const isAlone = ({ code }: Snippet) => code.includes('declare module');
const problems = {
  ...checkModules(modulesOf(snippets.filter(isAlone))),
  ...checkModules(modulesOf(snippets.filter((snippet) => !isAlone(snippet))), { together: true }),
};

describe('the snippets of the documentation', () => {
  it('are found', () => {
    expect(snippets.length).toBeGreaterThan(50);
  });

  it.each(snippets)('$name compiles', ({ name }) => {
    expect(problems[name]).toEqual([]);
  });
});
