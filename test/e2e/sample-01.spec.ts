import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../package/library.js';
import { skipsChromium } from '../support/chromium.js';
import { axeViolations, overflow, smallTargets } from '../support/page-checks.js';
import { buildSample, type Sample } from '../support/sample.js';
import { ChromiumVisitor, HttpVisitor, type Visitor } from '../support/sample-visitors.js';

describe('sample 01', { timeout: 90_000 }, () => {
  let sample: Sample;
  let files = 0;
  const newDatabase = () => join(sample.folder, `sessions-${++files}.sqlite`);

  beforeAll(async () => {
    sample = await buildSample('01-basic');
    return () => sample.remove();
  });

  it('keeps a shop that is used over HTTP across a restart', async () => {
    const database = newDatabase();
    const ids = await shopAndRestart(new HttpVisitor(), database);
    expect(ids.filter((id) => isWritten(id, database))).toEqual([]);
  });

  it.skipIf(skipsChromium)('keeps a shop that is used in Chromium across a restart', async () => {
    const visitor = await ChromiumVisitor.arrive();
    const database = newDatabase();
    const ids = await shopAndRestart(visitor, database, async () => {
      await expect(visitor.page.locator('.countdown time').allInnerTexts()).resolves.toEqual([
        expect.stringMatching(/^00:(30:00|29:5\d)$/),
        expect.stringMatching(/^(24:00:00|23:59:\d\d)$/),
      ]);
      if (process.env.SCREENSHOT) {
        await visitor.page.screenshot({ path: join(root, 'docs/sample-01.png'), fullPage: true });
      }
    });
    expect(ids.filter((id) => isWritten(id, database))).toEqual([]);
    expect(visitor.complaints).toEqual([]);
  });

  it('gives nothing to a cookie from before the sign-in or the sign-out', async () => {
    const shop = await sample.start(newDatabase());
    const visitor = new HttpVisitor();
    await visitor.open(shop.address);
    await visitor.add('Mug');
    const before = await visitor.cookie();
    await visitor.signIn('Ada');
    const within = await visitor.cookie();
    await visitor.signOut();

    for (const cookie of [before, within]) {
      const thief = new HttpVisitor(cookie);
      await thief.open(shop.address);
      await expect(shown(thief)).resolves.toEqual({ visits: '1', user: undefined, mugs: undefined, total: undefined });
      await expect(thief.cookie()).resolves.not.toBe(cookie);
    }
  });

  it('counts each of ten clicks that come at once', async () => {
    const shop = await sample.start(newDatabase());
    const visitor = new HttpVisitor();
    await visitor.open(shop.address);
    const cookie = await visitor.cookie();
    const tabs = Array.from({ length: 10 }, () => new HttpVisitor(cookie));
    await Promise.all(tabs.map((tab) => tab.open(shop.address)));
    await Promise.all(tabs.map((tab) => tab.add('Mug')));
    await visitor.open(shop.address);
    await expect(visitor.read('quantity-mug')).resolves.toBe('10');
  });

  it('shows a name as text, whatever it says', async () => {
    const shop = await sample.start(newDatabase());
    const visitor = new HttpVisitor();
    await visitor.open(shop.address);
    await visitor.signIn(`<b title="'">&amp;`);
    await expect(visitor.read('user')).resolves.toBe('&lt;b title=&quot;&#39;&quot;&gt;&amp;amp;');
  });

  it('refuses what it cannot take, without a session, on a page that shows the way back', async () => {
    const { address } = await sample.start(newDatabase());
    const names = [undefined, '', ' ', 'x'.repeat(41), ['Ada'], { is: 'Ada' }];
    const items = [undefined, 'boat', '__proto__', ['mug'], { id: 'mug' }];
    const refusals = [
      ...names.map((name) => ['/sign-in', { name }, 'A name has between 1 and 40 characters.'] as const),
      ...['/cart/add', '/cart/more', '/cart/remove'].flatMap((path) =>
        items.map((item) => [path, { item }, 'This shop does not sell that.'] as const),
      ),
    ];
    for (const [path, fields, words] of refusals) await expectPage(await post(address + path, fields), 400, words);
    await expectPage(await fetch(`${address}/nope`), 404, 'There is no page at this address.');
  });

  it('ends when it is asked to, though a browser opened a connection ahead of need', async () => {
    const running = await sample.start(newDatabase());
    await running.preconnect();
    await expect(running.stop()).resolves.toBe('');
  });

  it('makes no session for somebody who takes out what is not in the cart', async () => {
    const { address } = await sample.start(newDatabase());
    const response = await post(`${address}/cart/remove`, { item: 'mug' });
    expect(response.status).toBe(303);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  describe.skipIf(skipsChromium).each([
    ['wide', 'light', { width: 1200, height: 900 }],
    ['narrow', 'dark', { width: 390, height: 844 }],
  ] as const)('on a %s screen in %s mode', (width, colorScheme, viewport) => {
    it.each([true, false])('keeps the focus, and says what is in the cart (JavaScript: %s)', async (javaScriptEnabled) => {
      const { address } = await sample.start(newDatabase());
      const visitor = await ChromiumVisitor.arrive({ viewport, colorScheme, javaScriptEnabled });
      const { page } = visitor;
      const focused = () => page.locator(':focus').getAttribute('id');
      const status = async (words: string) => {
        await page.getByRole('status').getByText(words, { exact: true }).waitFor({ state: 'attached' });
      };
      await visitor.open(address);
      await status('Your cart is empty.');

      const lamp = page.getByRole('button', { name: 'Add Desk lamp to the cart' });
      await lamp.scrollIntoViewIfNeeded();
      const place = await page.evaluate('scrollY');
      await visitor.add('Desk lamp');
      await status('1 in your cart, €49.00');
      await expect.poll(focused).toBe('add-lamp');
      await expect(page.getByText('1 in your cart', { exact: true }).isVisible()).resolves.toBe(true);
      await expect(lamp.boundingBox()).resolves.toMatchObject({ y: expect.toSatisfy((y: number) => y > 0 && y < viewport.height - 44) });
      if (javaScriptEnabled) await expect.poll(() => page.evaluate('scrollY')).toBe(place);
      if (width === 'narrow') {
        await expect(page.getByRole('status').boundingBox()).resolves.toMatchObject({
          y: expect.toSatisfy((y: number) => y > 0 && y < viewport.height),
        });
      }

      await visitor.more('Desk lamp');
      await status('2 in your cart, €98.00');
      await expect.poll(focused).toBe('more-lamp');
      await visitor.remove('Desk lamp');
      await expect.poll(focused).toBe('less-lamp');
      await visitor.remove('Desk lamp');
      await status('Your cart is empty.');
      await expect.poll(focused).toBe('cart');
      expect(visitor.complaints).toEqual([]);
    });

    it('suits axe and fingers, and fits', async () => {
      const { address } = await sample.start(newDatabase());
      const { page, ...visitor } = await arriveWithCart(address, { viewport, colorScheme });
      await expect(axeViolations(page)).resolves.toEqual([]);
      await expect(smallTargets(page)).resolves.toEqual([]);
      await expect(overflow(page)).resolves.toBe(0);
      if (process.env.SCREENSHOT && width === 'narrow') {
        await page.screenshot({ path: join(root, 'docs/sample-01-narrow.png') });
      }
      expect(visitor.complaints).toEqual([]);

      await page.goto(`${address}/nope`);
      await expect(axeViolations(page)).resolves.toEqual([]);
      await expect(smallTargets(page)).resolves.toEqual([]);
      await expect(overflow(page)).resolves.toBe(0);
    });
  });

  /**
   * What the sample promises, through any door; `atTheCounter` runs with a full cart and signed in. Returns all session
   * ids that the visitor was given.
   */
  async function shopAndRestart(visitor: Visitor, database: string, atTheCounter = async () => {}): Promise<string[]> {
    const ids: string[] = [];
    const noteId = async () => ids.push(sessionId(await visitor.cookie()));

    const first = await sample.start(database);
    await visitor.open(first.address);
    await expect(shown(visitor)).resolves.toEqual({ visits: '1', user: undefined, mugs: undefined, total: undefined });
    await noteId();

    await visitor.add('Mug');
    await visitor.add('Notebook');
    await visitor.add('Mug');
    await visitor.add('Pencil');
    await visitor.remove('Pencil');
    await expect(shown(visitor)).resolves.toEqual({ visits: '6', user: undefined, mugs: '2', total: '€41.00' });

    await visitor.signIn('Ada');
    await expect(shown(visitor)).resolves.toEqual({ visits: '7', user: 'Ada', mugs: '2', total: '€41.00' });
    await noteId();
    expect(ids[1]).not.toBe(ids[0]);

    const handle = await visitor.read('handle');
    expect(handle).toMatch(/^[0-9a-f]{32}$/);
    await expect(visitor.read('user_id')).resolves.toBe('Ada');
    await atTheCounter();
    await expect(first.stop()).resolves.toBe('');

    const second = await sample.start(database);
    await visitor.open(second.address);
    await expect(shown(visitor)).resolves.toEqual({ visits: '8', user: 'Ada', mugs: '2', total: '€41.00' });
    await expect(visitor.read('handle')).resolves.toBe(handle);
    await noteId();
    expect(ids[2]).toBe(ids[1]);
    expect(isWritten(createHash('sha256').update(ids[2]!).digest('hex'), database)).toBe(true);

    await visitor.signOut();
    await expect(shown(visitor)).resolves.toEqual({ visits: '1', user: undefined, mugs: undefined, total: undefined });
    await noteId();
    expect(ids.slice(0, 3)).not.toContain(ids[3]);

    expect(ids.filter((id) => isWritten(id, database))).toEqual([]);
    await expect(second.stop()).resolves.toBe('');
    return ids;
  }
});

async function arriveWithCart(address: string, options: Parameters<typeof ChromiumVisitor.arrive>[0]) {
  const visitor = await ChromiumVisitor.arrive(options);
  await visitor.open(address);
  await visitor.add('Notebook');
  await visitor.add('Mug');
  return visitor;
}

const post = (url: string, fields: object) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
    redirect: 'manual',
  });

async function expectPage(response: Response, status: number, words: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.getSetCookie()).toEqual([]);
  const page = await response.text();
  expect(page).toContain(words);
  expect(page).toContain('href="/"');
}

async function shown(visitor: Visitor) {
  const [visits, user, mugs, total] = await Promise.all(['visits', 'user', 'quantity-mug', 'total'].map((testId) => visitor.read(testId)));
  return { visits, user, mugs, total };
}

/** The session id in a signed cookie: `s:<id>.<signature>`. */
function sessionId(cookie: string | undefined): string {
  const [, id] = /^s:([\w-]{32})\.[\w+/]{43}$/.exec(decodeURIComponent(cookie ?? '')) ?? [];
  if (!id) throw new Error(`This is no signed session cookie: ${cookie}`);
  return id;
}

/** Whether SQLite has written this text anywhere, its journals included. */
function isWritten(text: string, database: string): boolean {
  const folder = dirname(database);
  const files = readdirSync(folder).map((name) => join(folder, name));
  return files.some((file) => file.startsWith(database) && readFileSync(file).includes(text));
}
