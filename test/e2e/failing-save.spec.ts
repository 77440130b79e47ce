import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Response as ExpressResponse } from 'express';
import { defineSessionEntity, SessionModule, SessionUnavailableError, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { AnswersController } from '../support/answers.controller.js';
import { answersOn, AT_ONCE, nameOf, STREAMED, type Answer } from '../support/answers.js';
import { Browser, setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { failWrites } from '../support/held-store.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { nextMillisecond } from '../support/next-millisecond.js';

const named = (answers: readonly Answer[]) => answers.map((answer) => [nameOf(answer), answer] as const);
const failure = () => new SessionUnavailableError('The database of this test is away.');

@Catch()
class RecordingFilter implements ExceptionFilter {
  static readonly seen: unknown[] = [];

  catch(error: unknown, host: ArgumentsHost) {
    RecordingFilter.seen.push(error);
    host.switchToHttp().getResponse<ExpressResponse>().status(503).send({ filtered: true });
  }
}

describeEachAdapterInBrief('a session that cannot be stored', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).count();

  async function start(
    options: Partial<SessionModuleOptions> = {},
    providers: { provide: symbol | string; useClass: typeof RecordingFilter }[] = [],
  ) {
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
    const root = { imports: [module], controllers: [AnswersController], providers };
    const app = await startApp(
      root,
      (nest) => {
        nest.use((_: unknown, res: ExpressResponse, next: () => void) => {
          res.setHeader('x-app', 'as before');
          next();
        });
      },
      adapter,
    );
    return { ...app, browser: new Browser(app.address), before: await rows() };
  }

  it.each(named(answersOn(adapter, [...AT_ONCE, ...STREAMED])))('makes a 503 of what else would be %s', async (_, expected) => {
    const { browser, store, log, before } = await start();
    failWrites(store, failure());
    const response = await browser.get(expected.path, expected.init);
    expect([response.status, response.statusText]).toEqual([503, 'Service Unavailable']);
    expect(setCookies(response)).toEqual([]);
    for (const name of ['location', 'x-form', 'x-before', 'x-many']) expect(response.headers.get(name)).toBeNull();
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('x-app')).toBe('as before');
    const body = await response.text();
    if (expected.init?.method !== 'HEAD') {
      expect(JSON.parse(body)).toEqual({ statusCode: 503, message: expect.not.stringContaining('of this test') });
    }
    expect(log.warnings).toEqual([]);
    expect(browser.cookie).toBeUndefined();
    await expect(rows()).resolves.toBe(before);
  });

  it('gives back the headers that its answer had replaced', async () => {
    const { browser, store } = await start();
    failWrites(store, failure());
    const response = await browser.get('/cached');
    expect(response.status).toBe(503);
    expect(response.headers.get('x-app')).toBe('as before');
  });

  it('goes through the exception filters of the application', async () => {
    const { browser, store } = await start({}, [{ provide: APP_FILTER, useClass: RecordingFilter }]);
    const error = failure();
    failWrites(store, error);
    RecordingFilter.seen.length = 0;
    const response = await browser.get('/text');
    expect(response.status).toBe(503);
    await expect(response.json()).resolves.toEqual({ filtered: true });
    expect(RecordingFilter.seen).toEqual([error]);
    expect(setCookies(response)).toEqual([]);
  });

  it('stays as it was stored before, and its cookie with it', async () => {
    const { browser, store } = await start({ unset: 'destroy', rolling: true, cookie: { maxAge: 60_000 } });
    await browser.get('/text');
    const { cookie } = browser;
    const stored = (await store.get(browser.id!))!;
    stored.theme = 'light';
    await store.set(browser.id!, stored);
    failWrites(store, failure());
    const response = await browser.get('/json');
    expect(response.status).toBe(503);
    expect(setCookies(response)).toEqual([]);
    expect(browser.cookie).toBe(cookie);
    await expect(store.get(browser.id!)).resolves.toMatchObject({ theme: 'light' });
  });

  it('is a 503 where only its touch fails, too', async () => {
    const { browser, store } = await start({ touchInterval: 0 });
    await browser.get('/text');
    store.touch = ((_sid: string, _session: unknown, done: (error?: unknown) => void) => {
      process.nextTick(done, failure());
    }) as typeof store.touch;
    await nextMillisecond();
    expect((await browser.get('/ping')).status).toBe(503);
  });

  it('keeps the status of an error that has one of its own', async () => {
    const { browser } = await start({ maxDataBytes: 100 });
    const response = await browser.get('/text');
    expect(response.status).toBe(413);
    expect(setCookies(response)).toEqual([]);
  });
});
