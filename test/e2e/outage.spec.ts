import { defineSessionEntity, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { DataSource } from 'typeorm';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachServer, uniqueTableName } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { useLine } from '../support/outage.js';
import { OutageController } from '../support/outage-routes.js';
import { listen } from '../support/store-events.js';

const TIMEOUT_MS = 1_000;

// What has no server cannot lose the line to it.
describeEachServer('a server that goes away and comes back', (database) => {
  const line = useLine(database);
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  afterAll(async () => {
    const dataSource = await new DataSource(database.options).initialize();
    await dataSource.query(`DROP TABLE ${entity.options.tableName}`);
    await dataSource.destroy();
  });

  async function start(options: Partial<SessionModuleOptions> = {}) {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(async () => {
      process.off('unhandledRejection', note);
      await line.mend();
    });
    const connection = line.options();
    const module = SessionModule.forRoot({ secret: 'secret', entity, connection, operationTimeout: TIMEOUT_MS, ...options });
    const app = await startApp({ imports: [module], controllers: [OutageController] });
    return { ...app, browser: new Browser(app.address), events: listen(app.store), unhandled };
  }
  const changes = (names: readonly string[]) => names.filter((name) => name === 'unavailable' || name === 'recovered');

  /** The statuses of some requests at once, and how long the slowest took. */
  async function ask(browser: Browser, path = '/theme') {
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.get(path)));
    expect(answers.flatMap(setCookies)).toEqual([]);
    return { statuses: [...new Set(answers.map(({ status }) => status))], ms: performance.now() - begun };
  }

  describe.each([
    ['error', 503],
    ['anonymous', 200],
  ] as const)('under onUnavailable: %j', (onUnavailable, status) => {
    it('is away at the start: the application starts, and has sessions with the first request after the server is there', async () => {
      await line.cut();
      const { browser, events, unhandled } = await start({ onUnavailable });
      const answer = await browser.post('/theme/dark');
      expect([answer.status, setCookies(answer)]).toEqual([onUnavailable === 'error' ? 503 : 201, []]);
      await line.mend();
      expect((await browser.post('/theme/dark')).status).toBe(201);
      await expect(browser.json('/theme')).resolves.toMatchObject({ theme: 'dark' });
      expect(changes(events.names())).toEqual(['unavailable', 'recovered']);
      expect(unhandled).toEqual([]);
    });

    it.each(['cut', 'silence'] as const)(
      'is lost to a line that is %s: each request is answered in time, and the session stays',
      async (how) => {
        const { browser, events, unhandled } = await start({ onUnavailable });
        await browser.post('/theme/dark');
        const { cookie } = browser;
        await line[how]();
        for (let round = 0; round < 2; round++) {
          const { statuses, ms } = await ask(browser);
          expect(statuses).toEqual([status]);
          expect(ms).toBeLessThan(TIMEOUT_MS + 1_000);
        }
        await line.mend();
        await expect(browser.json('/theme')).resolves.toMatchObject({ theme: 'dark' });
        expect(browser.cookie).toBe(cookie);
        expect(changes(events.names())).toEqual(['unavailable', 'recovered']);
        expect(unhandled).toEqual([]);
      },
    );
  });
});
