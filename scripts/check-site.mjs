// Looks at pages of the built site as people see them, and fails if axe finds something that keeps somebody out.
// `node scripts/check-site.mjs` takes one page of each kind, `node scripts/check-site.mjs guides/carts …` others,
// and `node scripts/check-site.mjs --all` every page.
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const site = fileURLToPath(new URL('../docs/.vitepress/dist/', import.meta.url));
const PAGES = ['', 'start/request', 'guides/carts', 'reference/options', 'performance/', 'not-there'];
const WIDTHS = [1280, 390];
const SCHEMES = ['light', 'dark'];
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };

// Without it the site is not built.
const notFound = await readFile(join(site, '404.html'));

/** Serves the site as its host does: a page has no `.html` in its address, and what is missing is the page that says so. */
const server = createServer((req, res) => {
  const { pathname } = new URL(req.url, 'http://site');
  const path = pathname.endsWith('/') ? `${pathname}index.html` : extname(pathname) ? pathname : `${pathname}.html`;
  const answer = (status, type, body) => res.writeHead(status, { 'content-type': type }).end(body);
  readFile(join(site, path)).then(
    (body) => answer(200, TYPES[extname(path)] ?? 'application/octet-stream', body),
    () => answer(404, 'text/html', notFound),
  );
});

function everyPage() {
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));
  return files.map((file) => file.replaceAll('\\', '/').replace(/(?:index)?\.html$/, '')).toSorted();
}

/** What is wrong with a page as it stands. */
async function problemsOf(page) {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => help + ' (' + id + '): ' + target.join(' '))))`,
  );
  const tooWide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  return tooWide > 0 ? [...violations, `The page is ${tooWide} pixels wider than the window.`] : violations;
}

/** Loads a page once, and looks at it in every width and colour scheme; returns how much is wrong with it. */
async function check(browser, address, path) {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  const thrown = [];
  page.on('pageerror', ({ message }) => thrown.push(message));
  await page.goto(`${address}/${path}`, { waitUntil: 'networkidle' });
  let found = 0;
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.waitForFunction(`document.documentElement.classList.contains('dark') === ${colorScheme === 'dark'}`);
      const problems = [...thrown.splice(0), ...(await problemsOf(page))];
      for (const problem of problems) console.log(`/${path}, ${width} pixels, ${colorScheme}: ${problem}`);
      found += problems.length;
    }
  }
  await context.close();
  return found;
}

const wanted = process.argv.slice(2);
const paths = wanted.includes('--all') ? everyPage() : wanted.length > 0 ? wanted : PAGES;
server.listen(0, '127.0.0.1');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  const address = `http://127.0.0.1:${server.address().port}`;
  let found = 0;
  for (const path of paths) found += await check(browser, address, path);
  console.log(`${paths.length} pages, ${WIDTHS.length} widths, ${SCHEMES.length} colour schemes: ${found} problems`);
  if (found > 0) process.exitCode = 1;
} finally {
  await browser.close();
  server.close();
}
