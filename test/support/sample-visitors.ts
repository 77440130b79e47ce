import type { BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium, type OpenPage, openPage, press } from './chromium.js';

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

/** Looks at the page in Chromium, and presses its buttons. */
export class ChromiumVisitor implements Visitor {
  readonly page: Page;
  readonly complaints: readonly string[];

  private constructor({ page, complaints }: OpenPage) {
    this.page = page;
    this.complaints = complaints;
  }

  static async arrive(options?: BrowserContextOptions): Promise<ChromiumVisitor> {
    return new ChromiumVisitor(await openPage(await launchChromium(), options));
  }

  async open(address: string): Promise<void> {
    await this.page.goto(address);
  }

  add(item: string): Promise<void> {
    return press(this.page.getByRole('button', { name: `Add ${item} to the cart` }));
  }

  remove(item: string): Promise<void> {
    return press(this.page.getByRole('button', { name: `One ${item} less` }));
  }

  more(item: string): Promise<void> {
    return press(this.page.getByRole('button', { name: `One ${item} more` }));
  }

  async signIn(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await press(this.page.getByRole('button', { name: 'Sign in' }));
  }

  signOut(): Promise<void> {
    return press(this.page.getByRole('button', { name: 'Sign out' }));
  }

  async read(testId: string): Promise<string | undefined> {
    const place = this.page.getByTestId(testId);
    return (await place.count()) > 0 ? place.innerText() : undefined;
  }

  async cookie(): Promise<string | undefined> {
    return (await this.page.context().cookies()).find(({ name }) => name === 'sid')?.value;
  }
}
