import { defineSessionEntity, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { DataSource } from 'typeorm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Browser, setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { OutageController } from '../support/outage-routes.js';
import { listen } from '../support/store-events.js';
import { failStatements } from '../support/store-gate.js';
import { SECRET } from '../support/secret.js';
import { nextMillisecond } from '../support/next-millisecond.js';

describeEachAdapter('a database that is away', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () =>
    dataSource()
      .getRepository(entity)
      .find({ order: { id: 'ASC' } });

  /** An application with one session that has a theme. */
  async function start(options: Partial<SessionModuleOptions> = {}) {
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
    const app = await startApp({ imports: [module], controllers: [OutageController] }, undefined, adapter);
    const browser = new Browser(app.address);
    await browser.post('/theme/dark');
    return { ...app, browser, events: listen(app.store) };
  }
  const fail = (pattern = /./) => failStatements(dataSource(), pattern);

  describe("under onUnavailable: 'error'", () => {
    it('S46: is a 503, told once, and over when it is back', async () => {
      const { browser, events } = await start();
      const restore = fail();
      const answers = await Promise.all(Array.from({ length: 5 }, () => browser.get('/theme')));
      expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(503));
      restore();
      await expect(browser.json('/theme')).resolves.toMatchObject({ theme: 'dark' });
      await browser.json('/theme');
      expect(events.names()).toEqual(['unavailable', 'recovered']);
    });
  });

  describe("under onUnavailable: 'anonymous'", () => {
    const onUnavailable = 'anonymous';

    it.each([{}, { unset: 'destroy' }, { rolling: true, resave: true, saveUninitialized: true, cookie: { maxAge: 60_000 } }] as const)(
      'lets requests pass with an empty session and leaves everything as it was, with %o',
      async (options) => {
        const { browser, events } = await start({ onUnavailable, ...options });
        const { cookie } = browser;
        const stored = await rows();
        const restore = fail();
        const answers = [
          await browser.get('/theme'),
          await browser.post('/theme/light'),
          await browser.post('/null'),
          await browser.post('/user/ann'),
        ];
        expect(answers.map(({ status }) => status)).toEqual([200, 201, 201, 201]);
        await expect(answers[0]!.json()).resolves.toEqual({});
        expect(answers.flatMap(setCookies)).toEqual([]);
        restore();
        expect(await rows()).toEqual(stored);
        expect(browser.cookie).toBe(cookie);
        await expect(browser.json('/theme')).resolves.toMatchObject({ theme: 'dark' });
        expect(events.names().filter((name) => name !== 'saved')).toEqual(['unavailable', 'recovered']);
      },
    );

    it.each(['save', 'destroy', 'regenerate', 'rotate'])(
      'does not take %s by hand for a success, though the database be back',
      async (method) => {
        const { browser } = await start({ onUnavailable });
        const { cookie } = browser;
        const stored = await rows();
        const restore = fail(/^SELECT/i);
        const answer = await browser.post(`/by-hand/${method}`);
        expect(answer.status).toBe(503);
        expect(setCookies(answer)).toEqual([]);
        restore();
        expect(await rows()).toEqual(stored);
        expect(browser.cookie).toBe(cookie);
      },
    );

    it('drops what cannot be stored at the end, with an event', async () => {
      const { browser, events } = await start({ onUnavailable });
      const stored = await rows();
      const { handle } = await browser.json<{ handle: string }>('/theme');
      const restore = fail(/^(UPDATE|INSERT)/i);
      expect((await browser.post('/theme/light')).status).toBe(201);
      expect(events.told.find(([name]) => name === 'interrupted')?.[1]).toMatchObject({ handle, reason: 'unavailable' });
      restore();
      expect(await rows()).toEqual(stored);
      await expect(browser.json('/theme')).resolves.toMatchObject({ theme: 'dark' });
    });

    it('gives no cookie to who would have got a new session', async () => {
      const { address } = await start({ onUnavailable });
      const stored = await rows();
      fail(/^INSERT/i);
      const answer = await new Browser(address).post('/theme/light');
      expect([answer.status, setCookies(answer)]).toEqual([201, []]);
      expect(await rows()).toEqual(stored);
    });

    it('passes over a touch that fails, without a word', async () => {
      const { browser, events } = await start({ onUnavailable, touchInterval: 0 });
      await nextMillisecond();
      fail(/^UPDATE/i);
      await expect(browser.json('/theme')).resolves.toMatchObject({ theme: 'dark' });
      expect(events.names()).toEqual(['unavailable']);
    });

    it('does not answer a logout that failed with a success', async () => {
      const { browser } = await start({ onUnavailable, unset: 'destroy' });
      fail(/^DELETE/i);
      for (const path of ['/null', '/by-hand/destroy', '/by-hand/regenerate']) {
        const answer = await browser.post(path);
        expect([answer.status, setCookies(answer)]).toEqual([503, []]);
      }
    });

    it('serves Express without Nest, too', async () => {
      const middleware = createSessionMiddleware({ secret: SECRET, entity, dataSource: dataSource(), onUnavailable });
      const address = await startExpress((app) => {
        app.use(middleware);
        app.post('/theme', (req, res) => void res.send({ theme: (req.session.theme = 'dark') }));
        app.get('/theme', (req, res) => void res.send({ theme: req.session.theme }));
      });
      const browser = new Browser(address);
      await browser.post('/theme');
      const restore = fail();
      await expect(browser.json('/theme')).resolves.toEqual({});
      restore();
      await expect(browser.json('/theme')).resolves.toEqual({ theme: 'dark' });
      await middleware.store.close();
    });

    it('is not told of a table that is missing: that is a 500 with one clear error, until the table is there', async () => {
      const other = defineSessionEntity({ tableName: uniqueTableName() });
      const bare = await new DataSource({ ...database.options, entities: [other] }).initialize();
      onTestFinished(async () => {
        await bare.query(`DROP TABLE ${other.options.tableName}`);
        await bare.destroy();
      });
      const module = SessionModule.forRoot({ secret: SECRET, entity: other, dataSource: bare, onUnavailable });
      const { address, log } = await startApp({ imports: [module], controllers: [OutageController] }, undefined, adapter);
      const browser = new Browser(address);
      expect((await browser.post('/theme/light')).status).toBe(500);
      expect(log.errors).toEqual([expect.stringMatching(/session table .* is missing.*migration/s)]);
      await bare.synchronize();
      await browser.post('/theme/light');
      await expect(browser.json('/theme')).resolves.toMatchObject({ theme: 'light' });
    });
  });

  it.each(['error', 'anonymous'] as const)('is not what a value is that the database refuses, under %s', async (onUnavailable) => {
    const { browser, events } = await start({ onUnavailable });
    const answer = await browser.post('/user/a%00b');
    expect(answer.status).toBe(database.name === 'postgres' ? 413 : 201);
    expect(setCookies(answer)).toEqual([]);
    await expect(browser.json('/theme')).resolves.toMatchObject({ theme: 'dark' });
    expect(events.names()).not.toContain('unavailable');
  });
});
