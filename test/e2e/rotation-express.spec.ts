import type { Express, Request, RequestHandler } from 'express';
import session from 'express-session';
import { createSessionMiddleware, createSessionStore, defineSessionEntity, type SessionStore } from 'nestjs-typeorm-session/express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { failStatements } from '../support/store-gate.js';

const post = { method: 'POST' };

describeEachDatabase('A new id without Nest', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).find();

  /** The two ways to mount sessions: the application's own express-session over our store, and our middleware. */
  const MOUNTS: [string, () => { store: SessionStore; handler: RequestHandler }][] = [
    [
      'the application’s own session({ store })',
      () => {
        const store = createSessionStore({ dataSource: dataSource(), entity });
        return { store, handler: session({ store, secret: 'secret', name: 'sid', resave: false, saveUninitialized: false }) };
      },
    ],
    [
      'createSessionMiddleware',
      () => {
        const handler = createSessionMiddleware({ secret: 'secret', dataSource: dataSource(), entity });
        return { store: handler.store, handler };
      },
    ],
  ];
  const WAYS: [string, (req: Request, store: SessionStore) => Promise<void>][] = [
    ['store.rotate(req)', (req, store) => store.rotate(req)],
    ['session.rotate()', (req) => req.session.rotate()],
  ];

  describe.each(MOUNTS)('under %s', (_, mount) => {
    describe.each(WAYS)('by %s', (_name, rotate) => {
      async function start() {
        await dataSource().getRepository(entity).clear();
        const { store, handler } = mount();
        onTestFinished(() => store.close());
        const configure = (app: Express) => {
          app.use(handler);
          app.post('/login', (req, res) => {
            req.session.views = 1;
            res.json({});
          });
          app.post('/rotate', async (req, res) => {
            const before = req.session;
            await rotate(req, store);
            res.json({ ids: [req.session.id, req.sessionID], isSame: req.session === before });
          });
          app.post('/change', async (req, res) => {
            await rotate(req, store);
            req.session.theme = 'dark';
            res.json({});
          });
          app.post('/survive', async (req, res) => {
            const failed = await rotate(req, store).then(
              () => false,
              () => true,
            );
            res.json({ failed });
          });
          app.post('/me', (req, res) => void res.json({ views: req.session.views, theme: req.session.theme }));
        };
        const browser = new Browser(await startExpress(configure));
        // express-session sends the head first; the session is stored when the answer has ended.
        await browser.json('/login', post);
        return { browser, store };
      }
      it('stands on the same object and in the cookie, and the old one is dead', async () => {
        const { browser, store } = await start();
        const [before] = await rows();
        const old = browser.clone();
        const answer = await browser.json<{ ids: string[] }>('/rotate', post);
        expect(answer).toEqual({ ids: [browser.id, browser.id], isSame: true });
        expect(browser.id).not.toBe(old.id);
        await expect(old.json('/me', post)).resolves.toEqual({});
        await expect(browser.json('/me', post)).resolves.toEqual({ views: 1 });
        await expect(store.get(old.id!)).resolves.toBeUndefined();
        const { id: _id, handle, createdAt } = before!;
        await expect(rows()).resolves.toMatchObject([{ handle, createdAt }]);
      });

      it('is the one that later changes of the request are stored under', async () => {
        const { browser } = await start();
        await browser.json('/change', post);
        await expect(browser.json('/me', post)).resolves.toEqual({ views: 1, theme: 'dark' });
        await expect(rows()).resolves.toHaveLength(1);
      });

      it('that cannot be stored leaves the old one valid, and sends no cookie', async () => {
        const { browser } = await start();
        const restore = failStatements(dataSource(), /^UPDATE/i);
        const answer = await browser.post('/survive');
        restore();
        await expect(answer.json()).resolves.toEqual({ failed: true });
        expect(setCookies(answer)).toEqual([]);
        await expect(browser.json('/me', post)).resolves.toEqual({ views: 1 });
      });
    });
  });
});
