import { existsSync } from 'node:fs';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Somebody who uses the page of sample 01, whatever with. */
export interface Visitor {
  open(address: string): Promise<void>;
  add(item: string): Promise<void>;
  remove(item: string): Promise<void>;
  signIn(name: string): Promise<void>;
  signOut(): Promise<void>;
  /** What the page shows under a `data-testid`; undefined where it has no such place. */
  read(testId: string): Promise<string | undefined>;
  /** The session cookie as the browser holds it; undefined without one. */
  cookie(): Promise<string | undefined>;
}

/** Sends the forms of the page without looking at them, and keeps one cookie. */
export class HttpVisitor implements Visitor {
  private address = '';
  private page = '';

  constructor(private value?: string) {}

  async open(address: string): Promise<void> {
    this.address = address;
    this.page = await (await this.request('/')).text();
  }

  add(item: string): Promise<void> {
    return this.post('/cart/add', { item: item.toLowerCase() });
  }

  remove(item: string): Promise<void> {
    return this.post('/cart/remove', { item: item.toLowerCase() });
  }

  signIn(name: string): Promise<void> {
    return this.post('/sign-in', { name });
  }

  signOut(): Promise<void> {
    return this.post('/sign-out', {});
  }

  async read(testId: string): Promise<string | undefined> {
    return new RegExp(`data-testid="${testId}"[^>]*>([^<]*)<`).exec(this.page)?.[1];
  }

  async cookie(): Promise<string | undefined> {
    return this.value;
  }

  private async post(path: string, fields: Record<string, string>): Promise<void> {
    const response = await this.request(path, { method: 'POST', body: new URLSearchParams(fields) });
    if (response.status !== 303) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    await this.open(this.address);
  }

  private async request(path: string, init?: RequestInit): Promise<Response> {
    const headers = this.value ? { cookie: `sid=${this.value}` } : {};
    const response = await fetch(this.address + path, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) this.value = /^sid=([^;]+)/.exec(cookie)?.[1];
    return response;
  }
}

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** A missing Chromium is a skip, but not where everything has to be there. */
export const skipsChromium = !existsSync(executablePath) && !process.env.REQUIRE_DATABASES && !process.env.CI;

const quietly =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
  '--disable-component-update --disable-sync';

/** Looks at the page in Chromium, and presses its buttons. */
export class ChromiumVisitor implements Visitor {
  /** What the page complained about, in its console or by an uncaught error. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => message.type() === 'error' && this.complaints.push(message.text()));
  }

  static async arrive(): Promise<ChromiumVisitor> {
    const browser = await chromium.launch({ executablePath, args: quietly.split(' ') });
    onTestFinished(() => browser.close());
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    return new ChromiumVisitor(context, await context.newPage());
  }

  async open(address: string): Promise<void> {
    await this.page.goto(address);
  }

  add(item: string): Promise<void> {
    return this.press(this.page.getByRole('button', { name: `Add ${item} to the cart` }));
  }

  remove(item: string): Promise<void> {
    return this.press(this.page.getByRole('button', { name: `One ${item} less` }));
  }

  async signIn(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await this.press(this.page.getByRole('button', { name: 'Sign in' }));
  }

  signOut(): Promise<void> {
    return this.press(this.page.getByRole('button', { name: 'Sign out' }));
  }

  async read(testId: string): Promise<string | undefined> {
    const place = this.page.getByTestId(testId);
    return (await place.count()) > 0 ? place.innerText() : undefined;
  }

  async cookie(): Promise<string | undefined> {
    return (await this.context.cookies()).find(({ name }) => name === 'sid')?.value;
  }

  private async press(button: Locator): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await button.click();
    await loaded;
  }
}
