import type { NextFunction, Request, Response as ExpressResponse } from 'express';
import { defineSessionEntity } from 'nestjs-typeorm-session';
import { createSessionMiddleware, SessionUnavailableError, type SessionModuleOptions } from 'nestjs-typeorm-session/express';
import { DataSource } from 'typeorm';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { failWrites, holdWrites } from '../support/held-store.js';
import { expectSessions } from '../support/views.js';
import { SECRET } from '../support/secret.js';
import { embedded } from '../support/embedded.js';

const view = (req: Request, res: ExpressResponse) => res.json({ views: (req.session.views = (req.session.views ?? 0) + 1) });

describeEachDatabase('createSessionMiddleware', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  it('serves sessions without Nest', async () => {
    const middleware = createSessionMiddleware({ secret: SECRET, entity, dataSource: dataSource() });
    const address = await startExpress((app) => app.use(middleware).get('/views', view));
    const browser = await expectSessions(address);
    await expect(middleware.store.get(browser.id!)).resolves.toMatchObject({ views: 2 });
    await expect(middleware.store.list()).resolves.toEqual([expect.objectContaining({ handle: expect.any(String) })]);
  });

  it('may be made before its data source is initialised, which requests wait for', async () => {
    const late = new DataSource({ ...database.options, entities: [entity], synchronize: !database.isShared });
    onTestFinished(() => late.destroy());
    const middleware = createSessionMiddleware({ secret: SECRET, entity, dataSource: late });
    const address = await startExpress((app) => app.use(middleware).get('/views', view));
    const browser = new Browser(address);
    const [early] = await Promise.all([browser.get('/views'), late.initialize()]);
    expect(early.status).toBe(200);
    await expect(browser.json('/views')).resolves.toEqual({ views: 2 });
  });

  it('has promises on the session, and stores it before the head', async () => {
    const middleware = createSessionMiddleware({ secret: SECRET, entity, dataSource: dataSource() });
    const address = await startExpress((app) => {
      app.use(middleware);
      app.get('/renew', async (req, res) => {
        await req.session.regenerate();
        req.session.views = 7;
        await req.session.save();
        res.redirect('/views');
      });
      app.get('/leave', async (req, res) => {
        await req.session.destroy();
        res.status(204).end();
      });
      app.get('/views', view);
    });
    const browser = await expectSessions(address);
    const held = holdWrites(middleware.store);
    const answer = browser.get('/renew');
    await held.barrier.reached;
    expect(held.isHeadGone).toBe(false);
    held.barrier.open();
    expect((await answer).status).toBe(302);
    await expect(browser.json('/views')).resolves.toEqual({ views: 8 });
    await browser.get('/leave');
    expect(browser.cookie).toBeUndefined();
    await expect(browser.json('/views')).resolves.toEqual({ views: 1 });
  });

  it('has promises on a session that was loaded, and on one that was reloaded', async () => {
    const middleware = createSessionMiddleware({ secret: SECRET, entity, dataSource: dataSource() });
    const address = await startExpress((app) => {
      app.use(middleware).get('/views', view);
      app.get('/promises', async (req, res) => {
        const saved = req.session.save();
        const reloaded = saved.then(() => req.session.reload());
        await reloaded;
        const again = req.session.reload();
        await again;
        res.json([saved, again].map((work) => work instanceof Promise));
      });
    });
    const browser = await expectSessions(address);
    await expect(browser.json('/promises')).resolves.toEqual([true, true]);
  });

  it('gives a failed save to the error handlers of the application, as a 503', async () => {
    const middleware = createSessionMiddleware({ secret: SECRET, entity, dataSource: dataSource() });
    const error = new SessionUnavailableError('The database of this test is away.');
    const seen: unknown[] = [];
    const address = await startExpress((app) => {
      app.use(middleware).get('/views', view);
      app.use((caught: unknown, _req: Request, _res: ExpressResponse, next: NextFunction) => {
        seen.push(caught);
        next(caught);
      });
    });
    vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    failWrites(middleware.store, error);
    const answer = await new Browser(address).get('/views');
    expect(answer.status).toBe(503);
    expect(setCookies(answer)).toEqual([]);
    expect(seen).toEqual([error]);
  });
});

describe('what createSessionMiddleware refuses', () => {
  const connection = embedded;

  it.each<[keyof SessionModuleOptions, Partial<SessionModuleOptions>]>([
    ['forRoutes', { forRoutes: ['account'] }],
    ['exclude', { exclude: ['health'] }],
    ['autoMount', { autoMount: false }],
    ['dataSource', { dataSource: 'default' }],
    ['secret', { secret: undefined }],
  ])('is `%s` where it cannot mean anything', (name, options) => {
    const given = { secret: SECRET, ...(!options.dataSource && { connection }), ...options };
    expect(() => createSessionMiddleware(given)).toThrow(
      expect.objectContaining({ name: 'SessionOptionsError', message: expect.stringContaining(`\`${name}\``) }),
    );
  });

  it('is no data source in production', () => {
    vi.stubEnv('NODE_ENV', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(() => createSessionMiddleware({ secret: SECRET })).toThrow(/memory is refused in production/);
  });
});

describe('createSessionMiddleware without any data source', () => {
  it('warns, and keeps sessions in memory', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const middleware = createSessionMiddleware({ secret: SECRET });
    onTestFinished(() => middleware.store.close());
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/kept in memory.*`dataSource`.*`connection`/)]]);
    await expectSessions(await startExpress((app) => app.use(middleware).get('/views', view)));
  });
});
