import { Controller, Get, Post, Res } from '@nestjs/common';
import type { Response as ExpressResponse } from 'express';
import session, { type Session as HttpSession } from 'express-session';
import { defineSessionEntity, Session, SessionModule } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore, type SessionModuleOptions } from 'nestjs-typeorm-session/express';
import { describe, expect, it } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';

const HOUR = 3_600_000;
const OWN = 'the application’s own session()';

/** What handlers do to the cookie of their session, by path. */
const ENDS: Readonly<Record<string, (session: HttpSession) => void>> = {
  '/max-age-0': ({ cookie }) => void (cookie.maxAge = 0),
  '/max-age-negative': ({ cookie }) => void (cookie.maxAge = -1),
  '/expires': ({ cookie }) => void (cookie.expires = new Date(0)),
  // As in code without types.
  '/expires-number': ({ cookie }) => void (cookie.expires = 1 as unknown as Date),
  '/expires-number-0': ({ cookie }) => void (cookie.expires = 0 as unknown as Date),
  '/expires-text': ({ cookie }) => void (cookie.expires = '2001-01-01T00:00:00Z' as unknown as Date),
  '/expires-and-changes': (live) => void (Object.assign(live, { theme: 'dark' }).cookie.expires = new Date(0)),
};

/** Old ways to ask for a cookie of the browser's session, as in code without types. */
const FORGETS: Readonly<Record<string, (session: HttpSession) => void>> = {
  '/expires-false': ({ cookie }) => void (cookie.expires = false as unknown as Date),
  '/expires-undefined': ({ cookie }) => void (cookie.expires = undefined),
  '/max-age-false': ({ cookie }) => void (cookie.maxAge = false as unknown as number),
  '/max-age-undefined': ({ cookie }) => void (cookie.maxAge = undefined),
};
const CHANGES = { ...ENDS, ...FORGETS };

@Controller()
class EndController {
  @Post('login')
  login(@Session() live: Session) {
    live.views = 1;
  }

  @Get('me')
  me(@Session() live: Session) {
    return { views: live.views };
  }

  @Get(Object.keys(CHANGES).map((path) => path.slice(1)))
  change(@Session() live: Session, @Res({ passthrough: true }) res: ExpressResponse) {
    live.views ??= 1;
    CHANGES[res.req.path]!(live);
    return {};
  }

  @Get('shorten')
  shorten(@Session() live: Session) {
    live.cookie.maxAge = HOUR;
  }

  @Get('stream')
  stream(@Session() live: Session, @Res() res: ExpressResponse) {
    res.write('begun');
    live.cookie.maxAge = 0;
    res.end();
  }

  @Get('invalid')
  invalid(@Session() live: Session) {
    live.cookie.expires = new Date('tomorrow');
  }
}

describeEachDatabase('a session that a handler ends by its cookie', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const repository = () => dataSource().getRepository(entity);
  const lifeOf = async () => Number((await repository().find())[0]?.expiresAt) - Date.now();
  const routes = (app: Parameters<Parameters<typeof startExpress>[0]>[0]) => {
    app.post('/login', (req, res) => res.json({ views: (req.session.views = 1) }));
    app.get('/me', (req, res) => res.json({ views: req.session.views }));
    app.get('/shorten', (req, res) => res.json({ maxAge: (req.session.cookie.maxAge = HOUR) }));
    for (const [path, change] of Object.entries(CHANGES)) {
      app.get(path, (req, res) => {
        req.session.views ??= 1;
        change(req.session);
        res.json({});
      });
    }
  };

  const STARTS: Record<string, (options: Partial<SessionModuleOptions>) => Promise<string>> = {
    'the Nest module': async (options) => {
      const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
      return (await startApp({ imports: [module], controllers: [EndController] })).address;
    },
    'the middleware without Nest': (options) =>
      startExpress((app) => {
        app.use(createSessionMiddleware({ secret: SECRET, entity, dataSource: dataSource(), ...options }));
        routes(app);
      }),
    [OWN]: ({ cookie, rolling, ...options }) =>
      startExpress((app) => {
        const store = createSessionStore({ entity, dataSource: dataSource(), ...options });
        const own = { secret: SECRET, name: 'sid', resave: false, saveUninitialized: false, rolling: rolling ?? false };
        app.use(session({ store, ...own, cookie: cookie as session.CookieOptions }));
        routes(app);
      }),
  };

  /** Until the end of the answer: express-session itself stores after the head has left. */
  async function statusOf(browser: Browser, path: string, method = 'GET') {
    const answer = await browser.get(path, { method });
    await answer.text();
    return answer.status;
  }

  async function login(start: (typeof STARTS)[string], options: Partial<SessionModuleOptions>) {
    await repository().clear();
    const browser = new Browser(await start(options));
    await statusOf(browser, '/login', 'POST');
    expect(await browser.json('/me')).toEqual({ views: 1 });
    return { browser, thief: browser.clone() };
  }

  describe.each(Object.entries(STARTS))('under %s', (title, start) => {
    describe.each<[string, Partial<SessionModuleOptions>]>([
      ['of the browser’s session', {}],
      ['of a day', { cookie: { maxAge: 24 * HOUR } }],
      ['with an idle timeout', { idleTimeout: '1d', touchInterval: 0 }],
      ['that goes out each time', { rolling: true, cookie: { maxAge: 24 * HOUR } }],
    ])('with a cookie %s', (_, options) => {
      // express-session itself sends no cookie with an `expires` that is no Date.
      const ends = Object.keys(ENDS).filter((path) => title !== OWN || !/number|text/.test(path));
      it.each(ends)('is over at once: %s', async (path) => {
        const { browser, thief } = await login(start, options);
        expect(await statusOf(browser, path)).toBe(200);
        expect(await repository().count()).toBe(0);
        expect(await thief.json('/me')).toEqual({});
        expect(await repository().count()).toBe(0);
        if (title !== OWN) expect(browser.cookie).toBeUndefined();
      });
    });

    it.each(Object.keys(FORGETS))('lives on with a cookie of the browser’s session: %s', async (path) => {
      await repository().clear();
      const browser = new Browser(await start({ cookie: { maxAge: 24 * HOUR } }));
      const answer = await browser.get(path);
      expect([answer.status, await answer.text()]).toEqual([200, '{}']);
      expect(setCookies(answer)).toEqual([expect.not.stringContaining('Expires')]);
      for (const _ of ['first', 'second']) expect(await browser.json('/me')).toEqual({ views: 1 });
      // And so does one that was loaded.
      expect(await statusOf(browser, path)).toBe(200);
      expect(await browser.json('/me')).toEqual({ views: 1 });
    });

    it('lives for as long as a shortened age says', async () => {
      const { browser } = await login(start, { cookie: { maxAge: 24 * HOUR } });
      expect(await statusOf(browser, '/shorten')).toBe(200);
      expect(await lifeOf()).toBeLessThanOrEqual(HOUR);
      expect(await lifeOf()).toBeGreaterThan(HOUR - 60_000);
      expect(await browser.json('/me')).toEqual({ views: 1 });
      expect(await lifeOf()).toBeLessThanOrEqual(HOUR);
    });
  });

  it('is over at the end of a stream, too', async () => {
    const { browser, thief } = await login(STARTS['the Nest module']!, {});
    expect(await (await browser.get('/stream')).text()).toBe('begun');
    expect(await repository().count()).toBe(0);
    expect(await thief.json('/me')).toEqual({});
  });

  it('never had a row where it was new', async () => {
    const browser = new Browser(await STARTS['the Nest module']!({}));
    await repository().clear();
    const answer = await browser.get('/expires-and-changes');
    expect([answer.status, setCookies(answer), await repository().count()]).toEqual([200, [], 0]);
  });

  it('fails its request where the end is no date', async () => {
    const { browser } = await login(STARTS['the Nest module']!, {});
    expect(await statusOf(browser, '/invalid')).toBe(500);
    expect(await browser.json('/me')).toEqual({ views: 1 });
  });
});
