import { defineSessionEntity, SessionModule, type SessionModuleOptions, type SessionStore } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Browser, setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { COPIES, holdSessions } from '../support/held-session.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { nextMillisecond } from '../support/next-millisecond.js';

describeEachAdapter('a session that is ended while a request holds it', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).count();

  /** Two applications over one table, somebody signed in at both, and a request of his to be held at the first. */
  async function start(options: Partial<SessionModuleOptions> = {}) {
    await dataSource().getRepository(entity).clear();
    const { controller, newBarrier } = holdSessions();
    const launch = () => {
      const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
      return startApp({ imports: [module], controllers: [controller] }, undefined, adapter);
    };
    const [here, there] = [await launch(), await launch()];
    const interruptions: unknown[] = [];
    here.store.on('interrupted', (event) => interruptions.push(event));
    const browser = new Browser(here.address);
    await browser.post('/login');
    const elsewhere = new Browser(there.address);
    elsewhere.cookie = browser.cookie;

    /** Holds one request, does something elsewhere meanwhile, and returns the answer of the first. */
    const during = async (method: string, path: string, meanwhile: () => Promise<unknown>) => {
      const barrier = newBarrier();
      const answer = browser.clone().get(path, { method });
      await barrier.reached;
      await meanwhile();
      await nextMillisecond();
      barrier.open();
      return answer;
    };
    return { here, browser, elsewhere, interruptions, during };
  }

  const logout = (browser: Browser) => async () => expect((await browser.clone().post('/logout')).ok).toBe(true);

  it('S17: stays ended, and its request is answered as if nothing were', async () => {
    const { here, browser, elsewhere, interruptions, during } = await start();
    const handle = (await here.store.list())[0]?.handle;
    const answer = await during('POST', '/hold/dark', logout(elsewhere));
    expect(answer.status).toBe(201);
    await expect(answer.json()).resolves.toEqual({ userId: 'ada' });
    expect(setCookies(answer)).toEqual([]);
    expect(interruptions).toEqual([{ handle, userId: 'ada', at: expect.any(Date) }]);
    await expect(rows()).resolves.toBe(0);
    await expect(browser.json('/me')).resolves.toEqual({});
    expect(here.log.errors).toEqual([]);
  });

  it('stays ended when its request only wanted to touch it', async () => {
    const { browser, elsewhere, interruptions, during } = await start({ touchInterval: 0 });
    const answer = await during('GET', '/hold', logout(elsewhere));
    expect(answer.status).toBe(200);
    expect(setCookies(answer)).toEqual([]);
    expect(interruptions).toHaveLength(1);
    await expect(rows()).resolves.toBe(0);
    await expect(browser.json('/me')).resolves.toEqual({});
  });

  it('sends no cookie after it, even with `rolling`', async () => {
    const { elsewhere, during } = await start({ rolling: true, cookie: { maxAge: 60_000 } });
    const answer = await during('POST', '/hold/dark', logout(elsewhere));
    expect(answer.status).toBe(201);
    expect(setCookies(answer)).toEqual([]);
  });

  it('makes an explicit save fail, which is answered with 409', async () => {
    const { elsewhere, interruptions, during } = await start();
    const answer = await during('POST', '/save/dark', logout(elsewhere));
    expect(answer.status).toBe(409);
    await expect(answer.json()).resolves.toMatchObject({
      statusCode: 409,
      message: expect.stringMatching(/session was ended/),
    });
    expect(setCookies(answer)).toEqual([]);
    expect(interruptions).toHaveLength(1);
    await expect(rows()).resolves.toBe(0);
  });

  it("fails its request with 409 under onInterrupted: 'error'", async () => {
    const { here, elsewhere, interruptions, during } = await start({ onInterrupted: 'error' });
    const answer = await during('POST', '/hold/dark', logout(elsewhere));
    expect(answer.status).toBe(409);
    await expect(answer.json()).resolves.toMatchObject({ statusCode: 409 });
    expect(setCookies(answer)).toEqual([]);
    expect(interruptions).toHaveLength(1);
    expect(here.log.warnings).toEqual([]);
    await expect(rows()).resolves.toBe(0);
  });

  it("leaves the cookie of the session that replaced it alone, under onInterrupted: 'error' too", async () => {
    const { elsewhere, during } = await start({ onInterrupted: 'error' });
    const answer = await during('POST', '/hold/dark', () => elsewhere.post('/regenerate/de'));
    expect(answer.status).toBe(409);
    expect(setCookies(answer)).toEqual([]);
    await expect(elsewhere.json('/me')).resolves.toEqual({ locale: 'de' });
  });

  it('carries nothing into the session that replaced it', async () => {
    const { browser, elsewhere, interruptions, during } = await start();
    const answer = await during('POST', '/hold/dark', () => elsewhere.post('/regenerate/de'));
    expect(answer.status).toBe(201);
    expect(setCookies(answer)).toEqual([]);
    expect(interruptions).toHaveLength(1);
    expect(elsewhere.id).not.toBe(browser.id);
    await expect(elsewhere.json('/me')).resolves.toEqual({ locale: 'de' });
    await expect(browser.json('/me')).resolves.toEqual({});
    await expect(rows()).resolves.toBe(1);
  });

  describe.each(Object.keys(COPIES))('whose place on the request a copy has taken (%s)', (how) => {
    it.each<[string, (elsewhere: Browser, store: SessionStore) => Promise<unknown>]>([
      ['a logout', (elsewhere) => elsewhere.clone().post('/logout')],
      ['a revocation', (_, store) => store.revokeUser('ada')],
      ['another sign-in', (elsewhere) => elsewhere.clone().post('/regenerate/de')],
    ])('stays ended after %s', async (_, end) => {
      const { here, browser, elsewhere, interruptions, during } = await start();
      const answer = await during('POST', `/replace/${how}`, () => end(elsewhere, here.store));
      expect(answer.status).toBe(201);
      expect(setCookies(answer)).toEqual([]);
      expect(interruptions).toHaveLength(1);
      await expect(browser.json('/me')).resolves.toEqual({});
    });

    it('loses no change of another request, and stays that of its row', async () => {
      const { here, browser, elsewhere, interruptions, during } = await start();
      const [before] = await here.store.list();
      const answer = await during('POST', `/replace/${how}`, () => elsewhere.clone().post('/locale/de'));
      expect(answer.status).toBe(201);
      expect(interruptions).toEqual([]);
      await expect(browser.json('/me')).resolves.toEqual({ userId: 'ada', views: 1, locale: 'de', theme: 'dark' });
      expect(await here.store.list()).toEqual([{ ...before, lastSeenAt: expect.any(Date), expiresAt: expect.any(Date) }]);
    });
  });

  it('is not ended at all when both requests only change it', async () => {
    const { browser, elsewhere, interruptions, during } = await start();
    const answer = await during('POST', '/hold/dark', async () => {
      const other = await elsewhere.json<object>('/me');
      expect(other).toEqual({ userId: 'ada', views: 1 });
    });
    expect(answer.status).toBe(201);
    expect(interruptions).toEqual([]);
    await expect(browser.json('/me')).resolves.toEqual({ userId: 'ada', views: 1, theme: 'dark' });
  });
});
