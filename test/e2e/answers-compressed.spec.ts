import { type MiddlewareConsumer, Module } from '@nestjs/common';
import compression from 'compression';
import { SESSION_MIDDLEWARE, SessionModule, SessionUnavailableError } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { AnswersController } from '../support/answers.controller.js';
import { AT_ONCE, bodyOf, nameOf, STREAMED, type Answer } from '../support/answers.js';
import { Browser, setCookies } from '../support/browser.js';
import { failWrites, holdWrites } from '../support/held-store.js';
import { startApp, type TestApp } from '../support/nest-app.js';
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

/** Asks, and finds the session stored before the head of the answer. */
async function expectStored({ address, store }: Pick<TestApp, 'address' | 'store'>, expected: Answer): Promise<void> {
  const browser = new Browser(address);
  const held = holdWrites(store);
  let hasHead = false;
  const pending = browser.get(expected.path, expected.init).finally(() => (hasHead = true));
  await held.barrier.reached;
  await new Browser(address).get('/ping');
  expect([held.isHeadGone, hasHead]).toEqual([false, false]);
  held.barrier.open();

  const response = await pending;
  expect(response.status).toBe(expected.status);
  expectHeaders(response, expected);
  expect(setCookies(response)).toHaveLength(1);
  await expect(store.get(browser.id!)).resolves.toMatchObject({ theme: 'dark' });
  await expect(bodyOf(response)).resolves.toBe(expected.body);
}

/** Asks where nothing can be stored, and gets an error instead of the answer. */
async function expectRefused({ address, store }: Pick<TestApp, 'address' | 'store'>, { path, init }: Answer): Promise<void> {
  failWrites(store, new SessionUnavailableError('The database of this test is away.'));
  const browser = new Browser(address);
  const response = await browser.get(path, init);
  expect([response.status, setCookies(response)]).toEqual([503, []]);
  expect(response.headers.get('x-form')).toBeNull();
  const text = await response.text();
  if (init?.method !== 'HEAD') expect(JSON.parse(text)).toMatchObject({ statusCode: 503 });
  await expect(browser.get('/ping').then((next) => next.text())).resolves.toBe('pong');
}

describe('an answer that is compressed by a middleware before the sessions', () => {
  const start = async () => {
    const module = SessionModule.forRoot({ secret: 'secret', connection, autoMount: false });
    const root = { imports: [module], controllers: [AnswersController] };
    return startApp(root, (nest) => void nest.use(compression({ threshold: 0 }), nest.get(SESSION_MIDDLEWARE)));
  };

  it.each(named([...atOnce, ...STREAMED]))('has no head before its session is stored: %s', async (_, expected) => {
    await expectStored(await start(), expected);
  });

  it.each(named([...atOnce, ...STREAMED]))('is a 503 where its session cannot be stored: %s', async (_, expected) => {
    await expectRefused(await start(), expected);
  });
});

describe('an answer that is compressed by a middleware behind the sessions', () => {
  @Module({ imports: [SessionModule.forRoot({ secret: 'secret', connection })], controllers: [AnswersController] })
  class CompressedModule {
    configure(consumer: MiddlewareConsumer) {
      consumer.apply(compression({ threshold: 0 })).forRoutes('{*splat}');
    }
  }

  it.each(named([...atOnce, ...STREAMED]))('has no head before its session is stored: %s', async (_, expected) => {
    await expectStored(await startApp(CompressedModule), expected);
  });

  it.each(named([...atOnce, ...STREAMED]))('is a 503 where its session cannot be stored: %s', async (_, expected) => {
    await expectRefused(await startApp(CompressedModule), expected);
  });
});
