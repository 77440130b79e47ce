import { Controller, Get, Injectable, Module, Post, Req, UnauthorizedException, UseGuards, type ExecutionContext } from '@nestjs/common';
import type { MiddlewareConsumer } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { defineSessionEntity, Session, SessionModule, SessionStore } from 'nestjs-typeorm-session';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { listen } from '../support/store-events.js';

// The recipe of docs/integrations/passport.md.

@Injectable()
class LocalStrategy extends PassportStrategy(Strategy) {
  validate(username: string, password: string) {
    if (password !== `${username}’s password`) throw new UnauthorizedException();
    return { id: username };
  }
}

@Injectable()
class UserSerializer extends PassportSerializer {
  serializeUser(user: { id: string }, done: (error: unknown, id?: string) => void) {
    done(null, user.id);
  }

  deserializeUser(id: string, done: (error: unknown, user?: { id: string }) => void) {
    done(null, { id });
  }
}

@Injectable()
class LoginGuard extends AuthGuard('local') {
  override async canActivate(context: ExecutionContext) {
    await super.canActivate(context);
    await super.logIn(context.switchToHttp().getRequest<Request>());
    return true;
  }
}

@Controller()
class AccountController {
  @Post('view')
  view(@Session() session: Session) {
    return { views: (session.views = (session.views ?? 0) + 1) };
  }

  @Post('passport/login')
  @UseGuards(LoginGuard)
  passportLogin(@Req() req: Request) {
    return { user: req.user };
  }

  @Post('passport/logout')
  async passportLogout(@Req() req: Request) {
    await new Promise<void>((resolve, reject) => req.logout((error?: unknown) => (error ? reject(error) : resolve())));
  }

  @Post('own/login')
  @UseGuards(AuthGuard('local'))
  async ownLogin(@Req() req: Request, @Session() session: Session) {
    await session.login((req.user as { id: string }).id);
    return { user: req.user };
  }

  @Post('own/logout')
  async ownLogout(@Session() session: Session) {
    await session.logout();
  }

  @Get('me')
  me(@Req() req: Request, @Session() session: Session) {
    return { user: req.user, userId: session.userId, views: session.views, level: session.level };
  }
}

describeEachDatabase('@nestjs/passport with `session: true`', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  async function start() {
    await dataSource().getRepository(entity).clear();
    @Module({
      imports: [SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource() }), PassportModule.register({ session: true })],
      controllers: [AccountController],
      providers: [LocalStrategy, UserSerializer],
    })
    class AppModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(passport.session()).forRoutes('{*splat}');
      }
    }
    const { address, app } = await startApp(AppModule);
    const browser = new Browser(address);
    await browser.json('/view', { method: 'POST' });
    const store = app.get(SessionStore, { strict: false });
    return { browser, store, events: listen(store), before: browser.clone() };
  }

  const signIn = (browser: Browser, path: string, username: string, password = `${username}’s password`) =>
    browser.post(path, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username, password }) });
  const signs = (names: string[]) => names.filter((name) => name.startsWith('signed'));

  it('signs in and out by Passport’s own logIn and logout', async () => {
    const { browser, store, events, before } = await start();
    expect((await signIn(browser, '/passport/login', 'ada', 'wrong')).status).toBe(401);
    await expect(browser.json('/me')).resolves.toEqual({ views: 1 });

    expect((await signIn(browser, '/passport/login', 'ada')).status).toBe(201);
    expect(browser.id).not.toBe(before.id);
    await expect(browser.json('/me')).resolves.toEqual({ user: { id: 'ada' } });
    await expect(before.json('/me')).resolves.toEqual({});
    await expect(store.count({ userId: 'ada' })).resolves.toBe(1);

    const within = browser.clone();
    expect((await browser.post('/passport/logout')).status).toBe(201);
    await expect(within.json('/me')).resolves.toEqual({});
    expect(signs(events.names())).toEqual(['signedIn', 'signedOut']);
  });

  it('lets Passport check the password, and signs in by session.login, which keeps the visitor’s data', async () => {
    const { browser, store, events, before } = await start();
    expect((await signIn(browser, '/own/login', 'ada')).status).toBe(201);
    await expect(browser.json('/me')).resolves.toEqual({ userId: 'ada', views: 1, level: 1 });
    await expect(before.json('/me')).resolves.toEqual({});
    await expect(store.count({ userId: 'ada' })).resolves.toBe(1);
    expect((await browser.post('/own/logout')).status).toBe(201);
    expect(signs(events.names())).toEqual(['signedIn', 'signedOut']);
  });

  it('signs in by one way after the other', async () => {
    const { browser } = await start();
    await signIn(browser, '/passport/login', 'ada');
    await signIn(browser, '/own/login', 'bob');
    await expect(browser.json('/me')).resolves.toEqual({ userId: 'bob', level: 1 });
    await signIn(browser, '/passport/login', 'eve');
    await expect(browser.json('/me')).resolves.toEqual({ user: { id: 'eve' } });
  });
});
