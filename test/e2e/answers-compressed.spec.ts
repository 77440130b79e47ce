import { type MiddlewareConsumer, Module } from '@nestjs/common';
import compression from 'compression';
import { SessionModule, type SessionStore } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { AnswersController } from '../support/answers.controller.js';
import { AT_ONCE, bodyOf, nameOf, STREAMED, type Answer } from '../support/answers.js';
import { Browser, setCookies } from '../support/browser.js';
import { holdWrites } from '../support/held-store.js';
import { startApp } from '../support/nest-app.js';
import { embedded } from '../support/embedded.js';

const connection = embedded;
const named = (answers: readonly Answer[]) => answers.map((answer) => [nameOf(answer), answer] as const);
const isCompressed = ({ path, init }: Answer) => /^.(json|text|refused|file)$/.test(path) && !init;
/** compression's own `end` takes no callback in the place of the chunk. */
const atOnce = AT_ONCE.filter(({ path }) => path !== '/end-callback-only');

function expectHeaders(response: Response, answer: Answer) {
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    if (name !== 'content-length') expect([name, response.headers.get(name)]).toEqual([name, value]);
  }
  if (isCompressed(answer)) expect(response.headers.get('content-encoding')).toMatch(/^(gzip|br)$/);
}

/** Asks, and finds the session stored with the whole answer. */
async function expectStored(browser: Browser, store: SessionStore, expected: Answer): Promise<void> {
  const response = await browser.get(expected.path, expected.init);
  expect(response.status).toBe(expected.status);
  expectHeaders(response, expected);
  expect(setCookies(response)).toHaveLength(1);
  await expect(bodyOf(response)).resolves.toBe(expected.body);
  await expect(store.get(browser.id!)).resolves.toMatchObject({ theme: 'dark' });
}

describe('an answer that is compressed by a middleware before the sessions', () => {
  const start = async () => {
    const module = SessionModule.forRoot({ secret: 'secret', connection });
    const root = { imports: [module], controllers: [AnswersController] };
    const app = await startApp(root, (nest) => void nest.use(compression({ threshold: 0 })));
    return { store: app.store, browser: new Browser(app.address) };
  };

  it.each(named(atOnce))('has no head before its session is stored: %s', async (_, expected) => {
    const { browser, store } = await start();
    const held = holdWrites(store);
    let hasHead = false;
    const pending = browser.get(expected.path, expected.init).finally(() => (hasHead = true));
    await held.barrier.reached;
    await new Browser(browser.address).get('/ping');
    expect([held.isHeadGone, hasHead]).toEqual([false, false]);
    held.barrier.open();

    const response = await pending;
    expect(response.status).toBe(expected.status);
    expectHeaders(response, expected);
    expect(setCookies(response)).toHaveLength(1);
    await expect(store.get(browser.id!)).resolves.toMatchObject({ theme: 'dark' });
    await expect(bodyOf(response)).resolves.toBe(expected.body);
  });

  it.each(named(STREAMED))('that is streamed has no end before its session is stored: %s', async (_, expected) => {
    const { browser, store } = await start();
    await expectStored(browser, store, expected);
  });
});

describe('an answer that is compressed by a middleware behind the sessions', () => {
  @Module({ imports: [SessionModule.forRoot({ secret: 'secret', connection })], controllers: [AnswersController] })
  class CompressedModule {
    configure(consumer: MiddlewareConsumer) {
      consumer.apply(compression({ threshold: 0 })).forRoutes('{*splat}');
    }
  }

  it.each(named([...atOnce, ...STREAMED]))('has no end before its session is stored: %s', async (_, expected) => {
    const { address, store } = await startApp(CompressedModule);
    const browser = new Browser(address);
    await expectStored(browser, store, expected);
  });
});
