import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type OpenPage, openPage, press } from './chromium.js';

/** What browsers say of themselves. */
export const agents = {
  firefox: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  phone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
} as const;

/** What users sign in with from the start. */
export const passwords = { ada: 'analytical engine', grace: 'nanosecond of wire', admin: 'keys to the house' } as const;

type Name = keyof typeof passwords;

/** Somebody who uses sample 02 in a browser of his own. */
export class DevicesVisitor {
  readonly page: Page;
  readonly complaints: readonly string[];

  private constructor(
    private readonly address: string,
    { page, complaints }: OpenPage,
  ) {
    this.page = page;
    this.complaints = complaints;
  }

  static async arrive(browser: Browser, address: string, options?: BrowserContextOptions): Promise<DevicesVisitor> {
    const visitor = new DevicesVisitor(address, await openPage(browser, options));
    await visitor.open('/');
    return visitor;
  }

  async open(path: string): Promise<void> {
    await this.page.goto(this.address + path);
  }

  async signIn(name: Name, password: string = passwords[name]): Promise<void> {
    await this.page.getByLabel('Name', { exact: true }).fill(name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.press('Sign in');
  }

  /** Fills in the one password that the page asks for, and goes on. */
  async givePassword(label: string, password: string, button: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(password);
    await this.press(button);
  }

  press(button: string): Promise<void> {
    return press(this.page.getByRole('button', { name: button, exact: true }));
  }

  async follow(link: string): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.page.getByRole('link', { name: link, exact: true }).click();
    await loaded;
  }

  /** The headings of the devices, marks included. */
  async devices(): Promise<string[]> {
    const headings = await this.page.locator('.device h3').allInnerTexts();
    return headings.map((heading) => heading.replaceAll(/\s+/g, ' ').trim());
  }

  /** Waits until the page says this. */
  async hears(words: string): Promise<void> {
    await this.page.locator('#notice, .fault, [role=status]').getByText(words, { exact: true }).first().waitFor({ state: 'attached' });
  }

  /** Waits until the page for signing in says that the session was ended. */
  async isSentAway(): Promise<void> {
    await this.page.waitForURL(`${this.address}/sign-in?ended`);
    await this.hears('You have been signed out.');
  }

  path(): string {
    return this.page.url().slice(this.address.length);
  }
}

/** Sends forms without a browser, and keeps one cookie. */
export class DevicesClient {
  cookie: string | undefined;

  constructor(
    private readonly address: string,
    private readonly agent = 'a client without a browser',
  ) {}

  get(path: string): Promise<Response> {
    return this.request(path, {});
  }

  post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    return this.request(path, { method: 'POST', body: new URLSearchParams(fields), headers });
  }

  signIn(name: Name, password: string = passwords[name]): Promise<Response> {
    return this.post('/sign-in', { name, password });
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.get('/')).status === 200;
  }

  /** The handle of the session. */
  async handle(): Promise<string> {
    const page = await (await this.get('/')).text();
    const [, handle] = /data-handle="([0-9a-f]{32})">(?:(?!data-handle)[^])*This device/.exec(page) ?? [];
    if (!handle) throw new Error(`There is no device of this session on the page:\n${page}`);
    return handle;
  }

  private async request(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('user-agent', this.agent);
    if (this.cookie) headers.set('cookie', `sid=${this.cookie}`);
    const response = await fetch(this.address + path, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) this.cookie = /^sid=([^;]+)/.exec(cookie)?.[1];
    return response;
  }
}
