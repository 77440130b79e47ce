import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './library.js';

const OPENS = /type: 'better-sqlite3', database\b(?!.*\bdriver: \{\})|\)\('better-sqlite3'\)/;
/** They open it only where `describeEachDatabase` found it. */
const FOR_EACH_DATABASE = ['support/databases.ts', 'e2e/shutdown-load.spec.ts'];

const opening = ['db', 'docs', 'e2e', 'fuzz', 'property', 'race', 'support', 'unit'].flatMap((folder) =>
  readdirSync(join(root, 'test', folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: `${folder}/${path}`, text: readFileSync(join(root, 'test', folder, path), 'utf8') }))
    .filter(({ path, text }) => OPENS.test(text) && !FOR_EACH_DATABASE.includes(path)),
);

// On Node.js 20 `npm ci` installs no better-sqlite3. CI adds it, so no run of CI would show a test that needs it.
describe('a test that opens better-sqlite3', () => {
  it.each(opening)('$path checks first whether it is there', ({ text }) => {
    expect(text).toContain('hasBetterSqlite');
  });
});
