import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes each page as plain Markdown beside its HTML, and `llms.txt`, the list of them, for readers that are programs.
 * Only what a page says in a comment or in its front matter is left out.
 */
export async function writeTextPages({ srcDir, outDir, pages, sidebar }) {
  const texts = new Map();
  for (const page of pages) {
    const text = toText(await readFile(join(srcDir, page), 'utf8'));
    texts.set(page, text);
    await mkdir(dirname(join(outDir, page)), { recursive: true });
    await writeFile(join(outDir, page), text);
  }
  const groups = sidebar.map(({ text, items }) => `## ${text}\n\n${items.map((item) => toLine(item, texts)).join('\n')}\n`);
  const head = '# nestjs-typeorm-session\n\n> Server-side sessions for NestJS, kept in your own database through TypeORM.\n';
  await writeFile(join(outDir, 'llms.txt'), [head, ...groups].join('\n'));
}

const toText = (source) =>
  `${source
    .replace(/^---\n.*?\n---\n/s, '')
    .replace(/<!--.*?-->\n*/gs, '')
    .trim()}\n`;

function toLine({ text, link }, texts) {
  const page = link.endsWith('/') ? `${link.slice(1)}index.md` : `${link.slice(1)}.md`;
  const source = texts.get(page);
  if (source === undefined) throw new Error(`The side bar names ${link}, and there is no docs/${page}.`);
  return `- [${text}](/${page}): ${summaryOf(source)}`;
}

/** The first paragraph of a page, which says what it is about. */
function summaryOf(source) {
  const paragraph = source.split('\n\n').find((part) => /^[A-Z`@"“[]/.test(part)) ?? '';
  return paragraph.replace(/\s+/g, ' ').replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
}
