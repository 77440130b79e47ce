import { Controller, Get, Post } from '@nestjs/common';
import { defineSessionEntity, Session, SessionModule, SessionUnavailableError, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Browser, setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import '../support/session-data.js';
import { SECRET } from '../support/secret.js';

describeEachAdapter('a session that cannot be read', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  async function start(options: Partial<SessionModuleOptions> = {}) {
    let calls = 0;
    @Controller()
    class ThemeController {
      @Get('theme')
      theme(@Session('theme') theme: string | undefined) {
        calls++;
        return { theme };
      }

      @Post('theme')
      setTheme(@Session() session: Session) {
        session.theme = 'dark';
      }
    }

    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
    const app = await startApp({ imports: [module], controllers: [ThemeController] }, undefined, adapter);
    const browser = new Browser(app.address);
    await browser.post('/theme');
    const { get } = app.store;
    const error = new SessionUnavailableError('The database of this test is away.');
    app.store.get = ((_: string, done: (error: Error) => void) => process.nextTick(done, error)) as typeof get;
    return { ...app, browser, calls: () => calls, repair: () => (app.store.get = get) };
  }

  it.each([{ unset: 'keep' }, { unset: 'destroy' }, { rolling: true, resave: true, saveUninitialized: true }] as const)(
    'is a 503 with %o, and nothing happens to it',
    async (options) => {
      const { browser, calls, repair, store } = await start(options);
      const { cookie } = browser;
      const ends: string[] = [];
      store.on('destroyed', () => ends.push('destroyed'));
      const answer = await browser.get('/theme');
      expect(answer.status).toBe(503);
      await expect(answer.json()).resolves.toEqual({ statusCode: 503, message: expect.not.stringContaining('this test') });
      expect(setCookies(answer)).toEqual([]);
      expect(calls()).toBe(0);

      repair();
      expect(browser.cookie).toBe(cookie);
      await expect(browser.json('/theme')).resolves.toEqual({ theme: 'dark' });
      expect(ends).toEqual([]);
    },
  );

  it('harms nobody who has none', async () => {
    const { address } = await start();
    await expect(new Browser(address).json('/theme')).resolves.toEqual({});
  });

  it("is a 500 where it is undecodable and onUndecodable is 'error', and no session otherwise", async () => {
    for (const [onUndecodable, status] of [
      ['error', 500],
      ['discard', 200],
    ] as const) {
      const { browser, repair, log, store } = await start({ onUndecodable });
      repair();
      const handle = (await store.list({ limit: 1 }))[0]!.handle;
      await dataSource().getRepository(entity).update({ handle }, { data: 'no JSON' });
      const answer = await browser.get('/theme');
      expect(answer.status).toBe(status);
      expect(setCookies(answer)).toEqual([]);
      expect(log.warnings).toEqual([expect.stringMatching(new RegExp(`cannot be read.*${handle}`))]);
    }
  });
});
