import { Controller, Get, Post, Query, Redirect, Req, Res } from '@nestjs/common';
import type { Request, Response as ExpressResponse } from 'express';
import { defineSessionEntity, Session, SessionModule, SessionUnavailableError, type SessionStore } from 'nestjs-typeorm-session';
import type { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { ROUNDS, rounds } from '../support/race-rounds.js';

/** How many requests the database is slower than. */
const SLOWNESS = 10;

@Controller()
class LoginController {
  @Post('login')
  @Redirect('/me')
  async login(@Req() req: Request & { session: Session }, @Query('as') userId: string) {
    await req.session.regenerate();
    Object.assign(req.session, { userId });
  }

  @Post('login-as-json')
  loginAsJson(@Session() session: Session, @Query('as') userId: string) {
    Object.assign(session, { userId });
    return { isIn: true };
  }

  @Post('login-as-stream')
  loginAsStream(@Session() session: Session, @Res() res: ExpressResponse, @Query('as') userId: string) {
    Object.assign(session, { userId });
    res.write('begun, ');
    res.end('ended');
  }

  @Post('login-behind-the-head')
  loginBehindTheHead(@Session() session: Session, @Res() res: ExpressResponse, @Query('as') userId: string) {
    res.write('begun, ', () => {
      Object.assign(session, { userId });
      res.end('ended');
    });
  }

  @Get('me')
  me(@Session() session: Session) {
    return { userId: (session as Partial<{ userId: string }>).userId };
  }

  @Get('other')
  other() {
    return 'served';
  }
}

/** Does something before each session is stored, as an application may: methods can be replaced on the instance. */
function beforeEachSet(store: SessionStore, work: (userId: string) => Promise<void>): void {
  const set = store.set.bind(store);
  store.set = ((sid, session, callback) => {
    work((session as unknown as { userId: string }).userId).then(
      () => set(sid, session, callback),
      (error: unknown) => callback?.(error),
    );
  }) as SessionStore['set'];
}

describeEachDatabase('a login', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const [first, second] = [useDataSource(database, [entity], { poolSize: 5 }), useDataSource(database, [entity], { poolSize: 5 })];

  const start = (dataSource: DataSource) =>
    startApp({ imports: [SessionModule.forRoot({ secret: 'secret', entity, dataSource })], controllers: [LoginController] });
  const startTwo = async () => [await start(first()), await start(database.isShared ? second() : first())] as const;

  /** Follows the redirect at another instance, as soon as its head is there. */
  async function follow(browser: Browser, login: Promise<Response>, address: string): Promise<unknown> {
    const { status, headers } = await login;
    expect([status, headers.get('location')]).toEqual([302, '/me']);
    const elsewhere = new Browser(address);
    elsewhere.cookie = browser.cookie;
    return elsewhere.json('/me');
  }

  it('is stored before its redirect leaves', async () => {
    const [here, there] = await startTwo();
    const barriers = new Map<string, Barrier>();
    beforeEachSet(here.store, (userId) => barriers.get(userId)!.wait());
    await rounds(async (userId) => {
      const barrier = new Barrier();
      barriers.set(userId, barrier);
      const browser = new Browser(here.address);
      let isAnswered = false;
      const login = browser.post(`/login?as=${userId}`).finally(() => (isAnswered = true));
      await barrier.reached;
      // Whatever had left the server before this answer would have arrived.
      await new Browser(here.address).get('/other');
      expect(isAnswered).toBe(false);
      barrier.open();
      expect(await follow(browser, login, there.address)).toEqual({ userId });
    });
  });

  it(`is stored before its redirect leaves, with a database that needs as long as ${SLOWNESS} other requests`, async () => {
    const [here, there] = await startTwo();
    beforeEachSet(here.store, async () => {
      for (let request = 0; request < SLOWNESS; request++) await new Browser(here.address).get('/other');
    });
    await rounds(async (userId) => {
      const browser = new Browser(here.address);
      expect(await follow(browser, browser.post(`/login?as=${userId}`), there.address)).toEqual({ userId });
    });
  });

  it.each(['/login', '/login-as-json', '/login-as-stream'])('at %s whose save fails is answered with 503 and no cookie', async (path) => {
    const here = await start(first());
    await here.store.clear();
    beforeEachSet(here.store, () => Promise.reject(new SessionUnavailableError('The database is away.')));
    await rounds(async (userId) => {
      const answer = await new Browser(here.address).post(`${path}?as=${userId}`);
      expect([answer.status, setCookies(answer), answer.headers.get('location')]).toEqual([503, [], null]);
      expect(await answer.json()).toMatchObject({ statusCode: 503 });
    });
    expect(await here.store.count()).toBe(0);
  });

  it('whose save fails after its head has left is one line in the log', async () => {
    const here = await start(first());
    await here.store.clear();
    beforeEachSet(here.store, () => Promise.reject(new SessionUnavailableError('The database is away.')));
    await rounds(async (userId) => {
      const answer = await new Browser(here.address).post(`/login-behind-the-head?as=${userId}`);
      expect([answer.status, await answer.text()]).toEqual([201, 'begun, ended']);
    });
    expect(here.log.warnings.filter((line) => line.includes('The database is away.'))).toHaveLength(ROUNDS);
    expect(here.log.errors).toEqual([]);
  });
});
