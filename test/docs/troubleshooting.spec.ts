import { describe, expect, it } from 'vitest';
import { errorTexts } from './error-texts.js';
import { sources } from '../package/library.js';
import { pages } from './pages.js';

const { text } = pages.find(({ path }) => path === 'docs/reference/troubleshooting.md')!;
const [ours = ''] = text.split('## Errors of others');
const quoted = Array.from(ours.matchAll(/^\| (?:`` (.+?) ``|`([^`]+)`)/gm), ([, double, single]) => double ?? single!);
/** Texts that are put together from parts are in the source only. */
const code = sources.map((source) => source.text.replaceAll('\\`', '`')).join('\n');

describe('docs/reference/troubleshooting.md', () => {
  it('has many texts', () => {
    expect(quoted.length).toBeGreaterThan(25);
  });

  it.each(quoted)('quotes a text of the package: %s', (part) => {
    const isWhole = errorTexts.some((each) => each.text.includes(part));
    expect(isWhole || part.split('…').every((piece) => code.includes(piece.trim()))).toBe(true);
  });
});
