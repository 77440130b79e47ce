import { describe, expect, it } from 'vitest';
import { errorTexts } from './error-texts.js';
import { sources } from '../package/sources.js';
import { pages } from './pages.js';

const textOf = (page: string): string => pages.find(({ path }) => path === page)!.text;

/** The texts in the first column of the tables of a page. */
const quotedIn = (text: string): string[] =>
  Array.from(text.matchAll(/^\| (?:`` ?(.+?) ?``|`([^`]+)`) +\|/gm), ([, double, single]) => double ?? single!);

/** Texts that are put together from parts are in the source only. */
const code = sources.map((source) => source.text.replaceAll('\\`', '`')).join('\n');

describe.each([
  ['docs/reference/troubleshooting.md', textOf('docs/reference/troubleshooting.md').split('## Errors of others')[0]!, 25],
  ['docs/guides/other-origin.md', textOf('docs/guides/other-origin.md').split('## If no cookie arrives')[1]!, 4],
])('%s', (_, text, many) => {
  const quoted = quotedIn(text);

  it('has many texts', () => {
    expect(quoted.length).toBeGreaterThan(many);
  });

  it.each(quoted)('quotes a text of the package: %s', (part) => {
    const isWhole = errorTexts.some((each) => each.text.includes(part));
    expect(isWhole || part.split('…').every((piece) => code.includes(piece.trim()))).toBe(true);
  });
});
