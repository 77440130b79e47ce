import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../package/library.js';
import { pages, readme, type Page } from './pages.js';

const BASES = ['blob/main/', 'tree/main/', 'raw/main/'].map(
  (part) => `https://github.com/nestjs-typeorm-session/nestjs-typeorm-session/${part}`,
);
BASES.push('https://raw.githubusercontent.com/nestjs-typeorm-session/nestjs-typeorm-session/main/');

/** As a variable, because the site has no types. */
const NAVIGATION: string = '../../docs/.vitepress/navigation.mjs';

/** The id that the site gives a heading. */
const slugOf = (heading: string): string =>
  heading
    .normalize('NFKD')
    .replace(/[\u0300-\u036F]/g, '')
    .replace(/[\s~`!@#$%^&*()\-_+=[\]{}|\\;:"'“”‘’<>,.?/]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .replace(/^(\d)/, '_$1')
    .toLowerCase();

const withoutCode = (text: string): string => text.replace(/^```.*?^```$/gms, '');
const anchors = new Map(
  pages.map(({ path, text }) => [
    path,
    new Set(Array.from(withoutCode(text).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => slugOf(heading))),
  ]),
);

/** The targets of the links of a page. */
const linksOf = ({ text }: Page): string[] =>
  Array.from(
    withoutCode(text).matchAll(/\]\(([^)\s]+)\)|^\[[\w-]+\]: (\S+)$|^ +link: (\S+)$/gm),
    ([, inline, named, home]) => inline ?? named ?? home!,
  );

/** The file of the repository that a link leads to, and the place in it; `undefined` if it leads elsewhere. */
function targetOf(page: Page, link: string): { path: string; anchor: string } | undefined {
  const [url = '', anchor = ''] = link.split('#');
  const base = BASES.find((each) => url.startsWith(each));
  if (base !== undefined) return { path: url.slice(base.length), anchor };
  if (/^[a-z]+:/.test(url)) return undefined;
  if (url === '') return { path: page.path, anchor };
  const path = url.startsWith('/') ? `docs${url}` : posix.join(posix.dirname(page.path), url);
  return { path: path.endsWith('/') ? `${path}index.md` : /\.\w+$/.test(path) ? path : `${path}.md`, anchor };
}

describe('the links of the documentation', () => {
  it.each([readme, ...pages])('of $path lead to files and headings that are there', (page) => {
    const missing = linksOf(page).filter((link) => {
      const target = targetOf(page, link);
      if (!target) return false;
      if (!existsSync(join(root, target.path))) return true;
      return target.anchor !== '' && anchors.get(target.path)?.has(target.anchor) === false;
    });
    expect(missing).toEqual([]);
  });

  it('reach every page from the side bar', async () => {
    const { sidebar } = (await import(NAVIGATION)) as { sidebar: { items: { link: string }[] }[] };
    const listed = sidebar.flatMap(({ items }) => items.map(({ link }) => `docs${link.endsWith('/') ? `${link}index` : link}.md`));
    expect(listed.toSorted()).toEqual(pages.map(({ path }) => path).filter((path) => path !== 'docs/index.md'));
  });
});
