import { Controller, Get, Module, Param, Post } from '@nestjs/common';
import type { Express, Request } from 'express';
import expressSession from 'express-session';
import { defineSessionEntity, Session, SessionModule } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore } from 'nestjs-typeorm-session/express';
import { expect, it } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { failStatements } from '../support/store-gate.js';
import { StatementLog } from '../support/statement-log.js';

const secret = SECRET;

const shown = (session: Session) => ({
  userId: session.userId,
  views: session.views,
  level: session.level,
  isFresh: session.authenticatedAt !== undefined && Date.now() - session.authenticatedAt.getTime() < 60_000,
});

@Controller()
class AccountController {
  @Get('me')
  me(@Session() session: Session) {
    return shown(session);
  }

  @Post('view')
  view(@Session() session: Session) {
    session.views = (session.views ?? 0) + 1;
    return shown(session);
  }

  @Post('login/:user')
  async login(@Session() session: Session, @Param('user') user: string) {
    await session.login(user, { level: 2 });
    session.theme = 'dark';
    return shown(session);
  }

  @Post('logout')
  async logout(@Session() session: Session) {
    await session.logout();
  }

  @Post('logout-and-clear')
  async logoutAndClear(@Session() session: Session) {
    await session.logout({ clearSiteData: true });
  }

  @Post('logout-wrongly')
  async logoutWrongly(@Session() session: Session) {
    await session.logout({ clearSiteData: 'all' as never });
  }
}

const post = { method: 'POST' };
const ada = { userId: 'ada', views: 1, level: 2, isFresh: true };

/** What is promised of `login` and `logout`, whatever they stand under. */
async function expectSignInAndOut(browser: Browser): Promise<void> {
  await browser.json('/view', post);
  const before = browser.clone();
  await expect(browser.json('/login/ada', post)).resolves.toEqual(ada);
  expect(browser.id).not.toBe(before.id);
  await expect(browser.json('/me')).resolves.toEqual(ada);
  await expect(before.json('/me')).resolves.toEqual({ isFresh: false });

  const within = browser.clone();
  await expect(browser.json('/login/bob', post)).resolves.toEqual({ userId: 'bob', level: 2, isFresh: true });
  await expect(within.json('/me')).resolves.toEqual({ isFresh: false });

  const thief = browser.clone();
  const answer = await browser.post('/logout');
  expect(answer.ok).toBe(true);
  expect(answer.headers.has('clear-site-data')).toBe(false);
  await expect(thief.json('/me')).resolves.toEqual({ isFresh: false });

  await browser.json('/login/ada', post);
  const cleared = await browser.post('/logout-and-clear');
  expect(cleared.headers.get('clear-site-data')).toBe('"cache", "cookies", "storage"');
}

describeEachAdapter('session.login and session.logout', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });
  const rows = () => dataSource().getRepository(entity).count();

  const start = async () => {
    await dataSource().getRepository(entity).clear();
    @Module({ imports: [SessionModule.forRoot({ secret, entity, dataSource: dataSource() })], controllers: [AccountController] })
    class AccountModule {}
    const { address } = await startApp(AccountModule, undefined, adapter);
    return { browser: new Browser(address) };
  };

  it('S34: sign in and out, and clear what the browser keeps only if asked', async () => {
    const { browser } = await start();
    await expectSignInAndOut(browser);
    expect(browser.cookie).toBeUndefined();
    await expect(rows()).resolves.toBe(0);
  });

  it('send one cookie, and drop it with its own attributes', async () => {
    const { browser } = await start();
    expect(setCookies(await browser.post('/login/ada'))).toEqual([expect.stringMatching(/^sid=s%3A.*; Path=\/; HttpOnly; SameSite=Lax$/)]);
    expect(setCookies(await browser.post('/logout'))).toEqual([
      expect.stringMatching(/^sid=; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax$/),
    ]);
  });

  it('that fail are errors, and leave the visitor a visitor under the id from before', async () => {
    const { browser } = await start();
    await browser.json('/view', post);
    const { id } = browser;
    const restore = failStatements(dataSource(), /^INSERT/i);
    const failed = await browser.post('/login/ada');
    restore();
    expect(failed.status).toBe(503);
    expect(setCookies(failed)).toEqual([]);
    expect(browser.id).toBe(id);
    await expect(browser.json('/me')).resolves.toEqual({ views: 1, isFresh: false });
    const wrong = await browser.post('/logout-wrongly');
    expect([wrong.status, wrong.headers.get('clear-site-data')]).toEqual([500, null]);
    await expect(browser.json('/me')).resolves.toEqual({ views: 1, isFresh: false });
  });

  it('cost at most two statements more than a save', async () => {
    const { browser } = await start();
    await browser.json('/view', post);
    statements.take();
    // With one for what the handler changes after it.
    await browser.json('/login/ada', post);
    expect(statements.take()).toEqual(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'UPDATE']);
    await browser.post('/logout');
    expect(statements.take()).toEqual(['SELECT', 'DELETE']);
  });
});

describeEachDatabase('session.login and session.logout without Nest', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  const own = { secret, name: 'sid', resave: false, saveUninitialized: false };
  const middlewares = {
    createSessionMiddleware: () => createSessionMiddleware({ secret, entity, dataSource: dataSource() }),
    'createSessionStore under session()': () => expressSession({ ...own, store: createSessionStore({ entity, dataSource: dataSource() }) }),
  };
  const account = new AccountController();
  const routes = (app: Express) => {
    app.get('/me', ({ session }: Request, res) => void res.json(account.me(session)));
    app.post('/view', ({ session }: Request, res) => void res.json(account.view(session)));
    app.post('/login/:user', async ({ session, params }, res) => void res.json(await account.login(session, params.user)));
    app.post('/logout', async ({ session }, res) => void res.json(await account.logout(session)));
    app.post('/logout-and-clear', async ({ session }, res) => void res.json(await account.logoutAndClear(session)));
  };

  it.each(Object.entries(middlewares))('sign in and out by %s', async (_, middleware) => {
    await dataSource().getRepository(entity).clear();
    const address = await startExpress((app) => {
      app.use(middleware());
      routes(app);
    });
    await expectSignInAndOut(new Browser(address));
    await expect(dataSource().getRepository(entity).count()).resolves.toBe(0);
  });
});
