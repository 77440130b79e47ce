import { Controller, Get, Req, Res } from '@nestjs/common';
import type { NextFunction, Request, Response as ExpressResponse } from 'express';
import { defineSessionEntity, SESSION_MIDDLEWARE, SessionModule } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { describeEachAdapter, nodeResponse } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { Browser } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { failWrites } from '../support/held-store.js';
import { startApp } from '../support/nest-app.js';
import { ViewsController } from '../support/views.js';
import { SECRET } from '../support/secret.js';

describeEachAdapter('the session of a client that goes away', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  /** An application whose handlers go on when `barrier` opens, and which tells when an answer was closed and ended. */
  async function start() {
    const barrier = new Barrier();
    const [closed, ended] = [new Barrier(), new Barrier()];
    @Controller()
    class AbandonedController {
      @Get('endless')
      endless(@Req() req: Request, @Res() res: ExpressResponse) {
        nodeResponse(res, { takeOver: true }).write('begun', () => {
          req.session.theme = 'dark';
        });
      }

      @Get('slow/stream')
      async slowStream(@Req() req: Request, @Res() reply: ExpressResponse) {
        const res = nodeResponse(reply, { takeOver: true });
        req.session.locale = 'de';
        res.write('begun');
        await barrier.wait();
        req.session.theme = 'dark';
        res.end('nobody listens');
      }

      @Get('slow')
      async slow(@Req() req: Request) {
        req.session.locale = 'de';
        await barrier.wait();
        req.session.theme = 'dark';
        return 'nobody listens';
      }
    }

    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), autoMount: false });
    const root = { imports: [module], controllers: [AbandonedController, ViewsController] };
    const app = await startApp(
      root,
      (nest) => {
        nest.use('/slow', (_: Request, res: ExpressResponse, next: NextFunction) => {
          const end = res.end.bind(res) as (...args: unknown[]) => ExpressResponse;
          res.end = ((...args: unknown[]) => {
            void ended.wait();
            return end(...args);
          }) as typeof res.end;
          res.once('close', () => void closed.wait());
          next();
        });
        nest.use(nest.get(SESSION_MIDDLEWARE));
      },
      adapter,
    );
    const browser = new Browser(app.address);
    await browser.json('/views');
    return { ...app, browser, barrier, closed, ended };
  }

  it('is stored when it goes in the middle of a stream', async () => {
    const { browser, store } = await start();
    const stored = new Promise((resolve) => store.once('saved', resolve));
    const abort = new AbortController();
    const response = await browser.get('/endless', { signal: abort.signal });
    expect(response.status).toBe(200);
    abort.abort();
    await stored;
    await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 1, theme: 'dark' });
  });

  it('that cannot be stored then is one warning', async () => {
    const { browser, store, log, app } = await start();
    const warned = new Promise<void>((resolve) => {
      const { warn } = log;
      log.warn = (message) => {
        warn.call(log, message);
        resolve();
      };
    });
    const abort = new AbortController();
    await browser.get('/endless', { signal: abort.signal });
    failWrites(store, new Error('The database of this test is away.'));
    abort.abort();
    await warned;
    // The client would keep its other connection for some seconds.
    app.getHttpServer().closeAllConnections();
    await app.close();
    expect(log.warnings).toEqual([expect.stringMatching(/could not be stored.*The database of this test is away/)]);
  });

  it('is stored as its handler leaves it, when it goes in the middle of a stream that goes on', async () => {
    const { browser, store, barrier, closed, ended } = await start();
    const stored = new Promise((resolve) => store.once('saved', resolve));
    const abort = new AbortController();
    expect((await browser.get('/slow/stream', { signal: abort.signal })).status).toBe(200);
    abort.abort();
    await closed.reached;
    await stored;
    await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 1, locale: 'de' });
    barrier.open();
    await ended.reached;
    await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 1, locale: 'de', theme: 'dark' });
  });

  it('is stored as its handler leaves it, when it goes before it was answered', async () => {
    const { browser, store, barrier, closed, ended } = await start();
    const abort = new AbortController();
    const response = browser.get('/slow', { signal: abort.signal });
    await barrier.reached;
    abort.abort();
    await expect(response).rejects.toThrow(/abort/);
    await closed.reached;
    barrier.open();
    await ended.reached;
    await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 1, locale: 'de', theme: 'dark' });
  });
});
