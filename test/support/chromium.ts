import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, onTestFinished } from 'vitest';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** A missing Chromium is a skip, but not where everything has to be there. */
export const skipsChromium = !existsSync(executablePath) && !process.env.REQUIRE_DATABASES && !process.env.CI;

const quietly =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
  '--disable-component-update --disable-sync';

let launched: Promise<Browser> | undefined;
afterAll(async () => (await launched)?.close());

/** The Chromium of this spec file: its start costs more than most tests. */
export function launchChromium(): Promise<Browser> {
  return (launched ??= chromium.launch({ executablePath, args: quietly.split(' ') }));
}

export interface OpenPage {
  readonly page: Page;
  /** What the page complained about, in its console or by an uncaught error. */
  readonly complaints: string[];
}

/** A page in a context of its own until the end of the test, which is what another browser would be: no cookie is shared. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  return { page, complaints };
}

/** Presses a button that leads to a new page, and waits for that. */
export async function press(button: Locator): Promise<void> {
  const loaded = button.page().waitForEvent('load');
  await button.click();
  await loaded;
}
