import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { reportSecurity } from '../../lib/store/runtime/security-report.js';
import { SECRET } from '../support/secret.js';
import { root } from './library.js';

const NUMBERS = Array.from({ length: 52 }, (_, index) => `S${index + 1}`);

const rows = readFileSync(join(root, 'docs/security/index.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| S'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, id = '', title = '', where = '']) => ({ id, title, where }));

/** The numbers that names of tests begin with, as in `it('S6, S7: …`. */
const tested = new Set(
  readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.spec.ts'))
    .flatMap((path) => [...readFileSync(join(root, 'test', path), 'utf8').matchAll(/\(\s*['"`]((?:S\d+(?:, )?)+): /g)])
    .flatMap(([, numbers = '']) => numbers.split(', ')),
);

describe('the security checklist', () => {
  it('has every number once, in the documentation and in the report', () => {
    expect(rows.map(({ id }) => id)).toEqual(NUMBERS);
    expect(reportSecurity(resolveOptions({ secret: SECRET })).map(({ id }) => id)).toEqual(NUMBERS);
  });

  it('calls each item the same in both', () => {
    const titles = reportSecurity(resolveOptions({ secret: SECRET })).map(({ title }) => title);
    expect(rows.map(({ title }) => title)).toEqual(titles);
  });

  it('says of each item what the report says with the default options', () => {
    const found = reportSecurity(resolveOptions({ secret: SECRET })).map(({ id, state, remedy }) => [id, state, remedy]);
    const WORDS = { Yours: 'yours', 'Off by default': 'off' } as const;
    const said = rows.map(({ id, where }) => {
      const [, word, remedy] = /(Yours|Off by default): (.+)$/.exec(where) ?? [];
      return [id, word === undefined ? 'met' : WORDS[word as keyof typeof WORDS], remedy];
    });
    expect(said).toEqual(found);
  });

  it.each(rows)('$id has a test whose name begins with it, or says what is yours', ({ id, where }) => {
    expect(where).toMatch(/^(?:Tested\.(?: (?:Yours|Off by default): .+)?|Yours: .+)$/);
    if (where.startsWith('Tested')) expect([...tested]).toContain(id);
  });

  it('has no test of an item that nobody knows', () => {
    expect([...tested].filter((number) => !NUMBERS.includes(number))).toEqual([]);
  });
});
