import { inspect } from 'node:util';
import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response as ExpressResponse } from 'express';
import { defineSessionEntity, Session, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { describeEachAdapterInBrief, nodeResponse } from '../support/adapters.js';
import { Browser, setCookies, signedCookie } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { expectSessions, ViewsController } from '../support/views.js';

@Controller()
class CookieController {
  @Post('renew')
  async renew(@Session() session: Session) {
    await session.regenerate();
  }

  @Post('leave')
  async leave(@Session() session: Session) {
    await session.destroy();
  }

  @Get('stream/:begin')
  stream(@Req() req: Request, @Res() res: ExpressResponse, @Param('begin') begin: 'write' | 'flushHeaders') {
    req.session.views = (req.session.views ?? 0) + 1;
    const response = nodeResponse(res);
    if (begin === 'write') response.write('begun');
    else response.flushHeaders();
    response.end();
  }

  @Post('spoil/:name/:value')
  spoil(@Session() session: Session, @Param('name') name: string, @Param('value') value: string) {
    session.views = 1;
    Object.assign(session.cookie, { [name]: value });
  }

  @Get('shown')
  shown(@Session() session: Session) {
    return { shown: inspect(session, { showHidden: true, depth: 10 }) };
  }

  @Get('remember')
  remember(@Session() session: Session) {
    session.views = 1;
    session.cookie.maxAge = 60_000;
  }
}

describeEachAdapterInBrief('the cookie of a session', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).count();

  async function start(options: Partial<SessionModuleOptions> = {}, trustProxy = false) {
    const module = SessionModule.forRoot({ secret: 'secret', entity, dataSource: dataSource(), ...options });
    const app = await startApp({ imports: [module], controllers: [ViewsController, CookieController] }, undefined, adapter, { trustProxy });
    /** The attributes of the cookie that a new session is given, without its name and value. */
    const attributes = async (headers: Record<string, string> = {}) => {
      const [line, ...more] = setCookies(await new Browser(app.address).get('/views', { headers }));
      expect(more).toEqual([]);
      return line?.split('; ').slice(1);
    };
    return { ...app, browser: new Browser(app.address), attributes };
  }

  const https = { 'x-forwarded-proto': 'https' };

  it('S28, S30, S31: is called sid, and out of reach for scripts and other sites', async () => {
    const { browser, attributes } = await start();
    const [line] = setCookies(await browser.get('/views'));
    expect(line).toMatch(/^sid=s%3A[\w-]{32}\.[^;]{43,}; Path=\/; HttpOnly; SameSite=Lax$/);
    await expect(attributes()).resolves.toEqual(['Path=/', 'HttpOnly', 'SameSite=Lax']);
  });

  it('keeps the other defaults where the application sets some attributes', async () => {
    const { attributes } = await start({ cookie: { sameSite: 'strict', domain: 'example.org' } });
    await expect(attributes()).resolves.toEqual(['Domain=example.org', 'Path=/', 'HttpOnly', 'SameSite=Strict']);
  });

  it.each([
    ['an object', {}],
    ['a function', () => ({})],
    ['a function that leaves the rest to the defaults', () => ({ sameSite: 'lax' as const })],
  ])('is secure over https and not over http, given as %s', async (_, cookie) => {
    const { attributes } = await start({ cookie }, true);
    await expect(attributes(https)).resolves.toEqual(['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']);
    await expect(attributes()).resolves.toEqual(['Path=/', 'HttpOnly', 'SameSite=Lax']);
  });

  it.each([
    ['an object', { sameSite: 'auto' as const }],
    ['a function', () => ({ sameSite: 'auto' as const })],
  ])('with `sameSite: auto` is for other sites over https and not over http, given as %s', async (_, cookie) => {
    const { attributes } = await start({ cookie }, true);
    await expect(attributes(https)).resolves.toEqual(['Path=/', 'HttpOnly', 'Secure', 'SameSite=None']);
    await expect(attributes()).resolves.toEqual(['Path=/', 'HttpOnly', 'SameSite=Lax']);
  });

  it.each([
    ['is not believed without `trust proxy`', {}, false, false],
    ['is believed with `proxy: true`', { proxy: true }, false, true],
    ['is not believed with `proxy: false`', { proxy: false }, true, false],
  ])('x-forwarded-proto %s', async (_, options, trustProxy, isSecure) => {
    for (const cookie of [{}, () => ({})]) {
      const { attributes } = await start({ ...options, cookie }, trustProxy);
      expect((await attributes(https))?.includes('Secure')).toBe(isSecure);
    }
  });

  it('is not sent over http where it has to be secure', async () => {
    const { attributes } = await start({ cookie: { secure: true } }, true);
    await expect(attributes()).resolves.toBeUndefined();
    await expect(attributes(https)).resolves.toContain('Secure');
  });

  it('may differ by request', async () => {
    const cookie: SessionModuleOptions['cookie'] = ({ headers }) => (headers['x-remember'] ? { maxAge: 3_600_000 } : {});
    const { attributes } = await start({ cookie });
    await expect(attributes()).resolves.toEqual(['Path=/', 'HttpOnly', 'SameSite=Lax']);
    await expect(attributes({ 'x-remember': '1' })).resolves.toEqual([
      'Path=/',
      expect.stringMatching(/^Expires=/),
      'HttpOnly',
      'SameSite=Lax',
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    ['an age from the environment', { maxAge: '86400000' }, /`cookie\.maxAge` is "86400000"/],
    ['secure from the environment', { secure: 'false' }, /`cookie\.secure` is "false"/],
    ['a misspelt attribute', { samesite: 'lax' }, /"cookie\.samesite".*`cookie\.sameSite`/],
    ['what browsers drop', { sameSite: 'none', secure: false }, /Set `secure: true`/],
    ['an age beyond the absolute timeout', { maxAge: '31d' }, /`absoluteTimeout`/],
    ['nothing', undefined, /`cookie` is missing/],
    ['a promise', Promise.resolve({}), /`cookie` returned a promise/],
  ])('is checked at the request where a function gives %s, which fails only that', async (_, answer, message) => {
    let isBroken = true;
    const { browser, log } = await start({ cookie: () => (isBroken ? answer : {}) as object });
    const before = await rows();
    const failed = await browser.get('/views');
    expect([failed.status, setCookies(failed)]).toEqual([500, []]);
    expect(log.errors.join()).toMatch(message);
    await expect(rows()).resolves.toBe(before);
    isBroken = false;
    await expectSessions(browser.address);
  });

  it('takes a duration as its age', async () => {
    for (const cookie of [{ maxAge: '2h' as const }, () => ({ maxAge: '2h' as const })]) {
      const { browser } = await start({ cookie });
      const before = Date.now();
      const [line] = setCookies(await browser.get('/views'));
      const expires = Date.parse(/Expires=([^;]+)/.exec(line!)![1]!);
      expect(expires).toBeGreaterThanOrEqual(before + 7_199_000);
      expect(expires).toBeLessThanOrEqual(Date.now() + 7_200_000);
    }
  });

  it('lives as long as session.cookie.maxAge says', async () => {
    const { browser } = await start();
    const before = Date.now();
    const [line] = setCookies(await browser.get('/remember'));
    const expires = Date.parse(/Expires=([^;]+)/.exec(line!)![1]!);
    // A cookie counts whole seconds.
    expect(expires).toBeGreaterThanOrEqual(before + 59_000);
    expect(expires).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('S16: is dropped, under its own path and domain, when the session is destroyed', async () => {
    const { browser } = await start({ name: 'app', cookie: { path: '/', domain: 'example.org', sameSite: 'strict' } });
    const visitor = new Browser(browser.address, 'app');
    await visitor.get('/views');
    const [line] = setCookies(await visitor.post('/leave'));
    expect(line).toMatch(/^app=; Domain=example\.org; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Strict$/);
    expect(setCookies(await visitor.post('/leave'))).toEqual([]);
  });

  it('S35: is signed with the first of several secrets, and verified with any', async () => {
    const old = await start({ secret: 'old' });
    const browser = await expectSessions(old.address);
    const rotated = await start({ secret: ['new', 'old'] });
    const visitor = new Browser(rotated.address);
    visitor.cookie = browser.cookie;
    await expect(visitor.json('/views')).resolves.toMatchObject({ views: 3 });

    const newcomer = await expectSessions(rotated.address);
    expect(newcomer.cookie).toBe(signedCookie(newcomer.id!, 'new'));
    expect(browser.cookie).toBe(signedCookie(browser.id!, 'old'));
    const strangerAtOld = new Browser(old.address);
    strangerAtOld.cookie = newcomer.cookie;
    await expect(strangerAtOld.json('/views')).resolves.toMatchObject({ views: 1 });
  });

  it('S32: is the only way to name a session: not the query, not a header, not a second cookie', async () => {
    const { browser, address } = await start();
    await browser.get('/views');
    const cookie = browser.cookie!;
    for (const name of ['sid', 'id', 'sessionID', 'connect.sid']) {
      const thief = new Browser(address);
      const answer = await thief.get(`/views?${name}=${cookie}&${name}=${browser.id}`, { headers: { [name]: cookie } });
      await expect(answer.json()).resolves.toEqual({ views: 1 });
      expect(thief.id).not.toBe(browser.id);
    }
    const thief = new Browser(address, 'connect.sid');
    thief.cookie = cookie;
    await expect(thief.json('/views')).resolves.toEqual({ views: 1 });
  });

  it('S3: gets another id for an id that the server did not give', async () => {
    const { browser } = await start();
    browser.cookie = signedCookie('chosen-by-an-attacker', 'secret');
    await browser.get('/views');
    expect(browser.id).not.toBe('chosen-by-an-attacker');
  });

  it('has the id that `genid` makes', async () => {
    let count = 0;
    const { browser } = await start({ genid: ({ method }) => `${method}/${uniqueTableName()}/${++count}` });
    await browser.get('/views');
    expect(browser.id).toMatch(/^GET\/sessions_\w+\/1$/);
    await expect(browser.json('/views')).resolves.toMatchObject({ views: 2 });
  });

  it.each([
    ['an empty text', ''],
    ['nothing', undefined],
    ['a number', 42],
    ['an object', { toString: () => 'id' }],
    ['a promise', Promise.resolve('id')],
    ['a text of 257 characters', 'x'.repeat(257)],
    ['a text of 15 characters, which is easy to guess', 'x'.repeat(15)],
    ['a text with a line break', 'a\r\nSet-Cookie: b=c'],
  ])('is not made of what is no id: %s from `genid` fails the request', async (_, id) => {
    const { browser, log } = await start({ genid: () => id as string });
    const before = await rows();
    const answer = await browser.get('/views');
    expect(answer.status).toBe(500);
    expect(setCookies(answer)).toEqual([]);
    expect(log.errors.join()).toMatch(/`genid`/);
    await expect(rows()).resolves.toBe(before);
  });

  it('stays as it was when `genid` fails later, in regenerate()', async () => {
    let isBroken = false;
    const { browser } = await start({ genid: () => (isBroken ? '' : uniqueTableName()) });
    await browser.get('/views');
    isBroken = true;
    const answer = await browser.post('/renew');
    expect(answer.status).toBe(500);
    expect(setCookies(answer).filter((line) => !line.startsWith('sid=;'))).toEqual([]);
  });

  describe('of several of one name', () => {
    /** Signs somebody in, and returns what a browser with these other cookies gets at the next view. */
    const views = async (cookies: (own: string) => string[]) => {
      const { address } = await start();
      const browser = new Browser(address);
      await browser.get('/views');
      const header = cookies(browser.cookie!).map((cookie) => `sid=${cookie}`);
      const answer = await fetch(`${address}/views`, { headers: { cookie: header.join('; ') } });
      return { ...((await answer.json()) as object), cookies: setCookies(answer).length };
    };
    const stale = (id: string) => signedCookie(id, 'secret');

    it.each([
      ['a stale one stands first', (own: string) => [stale('stale'), own]],
      ['a forged one stands first', (own: string) => [`${own}x`, own]],
      ['one that is none stands first', (own: string) => ['%', '', 'x', own]],
      ['a stale one stands last', (own: string) => [own, stale('stale')]],
      ['many forged ones stand first', (own: string) => [...Array.from({ length: 180 }, (_, n) => `s:forged${n}.x`), own]],
      ['seven stale ones stand first', (own: string) => [...Array.from({ length: 7 }, (_, n) => stale(`stale${n}`)), own]],
    ])('is that which names a live session, where %s', async (_, cookies) => {
      await expect(views(cookies)).resolves.toMatchObject({ views: 2, cookies: 0 });
    });

    it('is none where more come than any browser sends', async () => {
      const many = (own: string) => [...Array.from({ length: 8 }, (_, n) => stale(`stale${n}`)), own];
      await expect(views(many)).resolves.toMatchObject({ views: 1, cookies: 1 });
    });

    it('is the first where several are live', async () => {
      const { address } = await start();
      const [ann, bob] = [new Browser(address), new Browser(address)];
      await ann.get('/views');
      await bob.get('/views');
      await bob.get('/views');
      const answer = await fetch(`${address}/views`, { headers: { cookie: `sid=${bob.cookie}; sid=${ann.cookie}` } });
      await expect(answer.json()).resolves.toMatchObject({ views: 3 });
    });
  });

  it('is dropped with `Partitioned` and `Priority`, too', async () => {
    const { browser } = await start({ cookie: { secure: true, sameSite: 'none', partitioned: true, priority: 'high' }, proxy: true });
    const headers = { 'x-forwarded-proto': 'https' };
    const [set] = setCookies(await browser.get('/views', { headers }));
    expect(set).toMatch(/; Path=\/; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None$/);
    const [dropped] = setCookies(await browser.post('/leave', { headers }));
    expect(dropped).toBe(
      'sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None',
    );
  });

  it.each(['write', 'flushHeaders'])(
    'goes with the head of a stream that begins with %s, where it has an age and the session was changed',
    async (begin) => {
      const { browser } = await start({ cookie: { maxAge: 600_000 } });
      await browser.get(`/stream/${begin}`);
      const [line] = setCookies(await browser.get(`/stream/${begin}`));
      expect(line).toMatch(/^sid=s%3A.*; Expires=/);
    },
  );

  it.each([
    ['a name', 'path', 'a;b', /invalid/],
    ['a domain', 'domain', 'a b', /invalid/],
    ['a date', 'expires', 'x', /`cookie\.expires` of the session is not a valid date\. Set it/],
  ])('that cannot be written is an error of its request: %s', async (_, name, value, message) => {
    const { browser, log } = await start();
    const before = await rows();
    const answer = await browser.post(`/spoil/${name}/${encodeURIComponent(value)}`);
    expect([answer.status, setCookies(answer)]).toEqual([500, []]);
    expect(log.errors.join()).toMatch(message);
    await expect(browser.json('/views')).resolves.toMatchObject({ views: 1 });
    // A row without a cookie would be nobody's.
    await expect(rows()).resolves.toBe(before + 1);
  });

  it('and its id are in no log of the session', async () => {
    const { browser } = await start();
    await browser.get('/views');
    const { shown } = await browser.json<{ shown: string }>('/shown');
    expect(shown).toContain('views: 1');
    expect(shown).not.toContain(browser.id);
  });
});
