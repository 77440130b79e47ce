import { join } from 'node:path';
import prettier from 'prettier';
import { describe, expect, it } from 'vitest';
import { root } from '../package/library.js';
import { PAGES_OF_TEXTS, pageFor } from './error-pages.js';
import { errorTexts } from './error-texts.js';
import { declarationOf, membersOf } from './members.js';
import { entityPage, errorsPage, eventsPage, modulePage, optionGroups, optionsPage, sessionPage, storePage } from './reference.js';

const PAGES = {
  options: optionsPage,
  module: modulePage,
  session: sessionPage,
  store: storePage,
  events: eventsPage,
  entity: entityPage,
  errors: errorsPage,
};

describe('docs/reference', () => {
  it.each(Object.entries(PAGES))('%s.md says what the doc comments say', async (name, write) => {
    const file = join(root, `docs/reference/${name}.md`);
    const config = await prettier.resolveConfig(file);
    await expect(await prettier.format(write(), { ...config, parser: 'markdown' })).toMatchFileSnapshot(file);
  });

  it('has a row for each option', () => {
    const names = membersOf('lib/store/options/session-options.ts', 'SessionModuleOptions').map(({ name }) => name);
    expect(names).toContain('secret');
    // Not the file, which `-u` may have written just now: the test above compares the two.
    const text = optionsPage();
    expect(names.filter((name) => !text.includes(`| \`${name}\``))).toEqual([]);
  });

  it('puts each option under the title that stands before its group', () => {
    const blocks = declarationOf('lib/store/options/session-options.ts', 'SessionModuleOptions')
      .getText()
      .split(/\n\s*\n/)
      .map((block) => /^ *\/\/ (.+)$/m.exec(block)?.[1]);
    expect(optionGroups().map(({ title }) => title)).toEqual(blocks);
    const names = Object.fromEntries(optionGroups().map(({ title, members }) => [title, members.map(({ name }) => name)]));
    expect(names).toMatchObject({
      Users: ['userId', 'metadata', 'maxSessionsPerUser', 'onLimit'],
      'What is stored': ['serializer', 'maxDataBytes', 'onUndecodable'],
      'The database': ['operationTimeout', 'preparedStatements', 'touchDurability', 'cache'],
      Routes: ['forRoutes', 'exclude', 'autoMount'],
    });
  });

  it('leaves out no public member: one without a doc comment is an error', () => {
    expect(() => membersOf('test/docs/members.ts', 'Member')).toThrow(/`name` of Member in .* has no doc comment/);
  });

  it('shows what an interface takes from another one', () => {
    const names = membersOf('lib/nest/session.module-definition.ts', 'SessionModuleAsyncOptions').map(({ name }) => name);
    expect(names).toEqual(['extraProviders', 'isGlobal']);
  });

  it.each([
    ['The request came from another site', 'csrf'],
    ['the maximum number of sessions. End one', 'limits'],
    ['Expired sessions could not be removed', 'pruning'],
    ['which is a reserved name', 'session-data'],
    ['Telemetry of the session store could not be loaded', 'monitoring'],
    ['is not a whole number from 1', 'store'],
    ['too small for this session', 'migrations'],
  ])('sends who reads "%s" to the page %s', (piece, page) => {
    expect(errorTexts.filter(({ text }) => text.includes(piece)).map(pageFor)).toEqual([expect.stringContaining(`${page}.md)`)]);
  });

  it('has no page for a text that is gone', () => {
    const isThere = (about: string) => errorTexts.some(({ kind, text }) => kind === about || text.includes(about));
    expect(PAGES_OF_TEXTS.map(([about]) => about).filter((about) => !isThere(about))).toEqual([]);
  });

  it('finds the texts of errors', () => {
    expect(errorTexts.length).toBeGreaterThan(100);
    expect(errorTexts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['SessionCsrfError', 'SessionOptionsError', 'warning']));
  });
});
