import { Controller, Module, Param, Post, Req, Res } from '@nestjs/common';
import type { Express, Request, Response } from 'express';
import expressSession from 'express-session';
import { defineSessionEntity, SessionHeadersSentError, SessionModule } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore } from 'nestjs-typeorm-session/express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeEachAdapter, nodeRequest, nodeResponse } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';

const secret = SECRET;
const post = { method: 'POST' };

/** What a handler calls when its response has begun. */
const CALLS: Readonly<Record<string, (req: Request) => Promise<unknown>>> = {
  login: (req) => req.session.login('ada'),
  rotate: (req) => req.session.rotate(),
  regenerate: (req) => req.session.regenerate(),
  'store.login': (req) => (req.sessionStore as unknown as { login(of: Request, userId: string): Promise<void> }).login(req, 'ada'),
  'store.rotate': (req) => (req.sessionStore as unknown as { rotate(of: Request): Promise<void> }).rotate(req),
};
const KEEPS_ALL = Object.keys(CALLS).filter((call) => call !== 'regenerate');

/** How a response begins, after a change that has to be stored before its head leaves, or without one. */
const BEGINNINGS: Readonly<Record<string, (req: Request, res: Response) => void>> = {
  end: (_req, res) => void res.end('{}'),
  'end that waits for the store': (req, res) => {
    req.session.theme = 'dark';
    res.end('{}');
  },
  stream: (_req, res) => void res.write('begun'),
};

/** What came of the call, once it is over. */
interface Outcome {
  readonly done: Promise<unknown>;
  readonly idStays: () => boolean;
  readonly userId: () => unknown;
}

let outcome: Outcome | undefined;

async function callLate(req: Request, res: Response, beginning: string, call: string): Promise<void> {
  BEGINNINGS[beginning]!(req, res);
  const { session, sessionID } = req;
  const done = CALLS[call]!(req).catch((error: unknown) => error);
  outcome = { done, idStays: () => req.sessionID === sessionID && session.id === sessionID, userId: () => session.userId };
  await done;
  if (!res.writableEnded) res.end();
}

/** A visitor, whose browser then calls too late. */
async function visitThenCall(browser: Browser, beginning: string, call: string): Promise<Outcome> {
  expect(await browser.json('/visit', post)).toEqual({ views: 1 });
  const answer = await browser.post(`/late/${encodeURIComponent(beginning)}/${call}`);
  expect(answer.status).toBeLessThan(300);
  await answer.text();
  return outcome!;
}

const rejects = expect.objectContaining({ constructor: SessionHeadersSentError, code: 'SESSION_HEADERS_SENT', status: 500 });

describeEachAdapter('a response that has begun', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).find();

  @Controller()
  class LateController {
    @Post('visit')
    visit(@Req() { session }: Request) {
      return { views: (session.views = (session.views ?? 0) + 1) };
    }

    @Post('late/:beginning/:call')
    async late(@Req() req: Request, @Res() res: Response, @Param('beginning') beginning: string, @Param('call') call: string) {
      await callLate(nodeRequest(req), nodeResponse(res, { takeOver: true }), beginning, call);
    }

    @Post('unawaited/:call')
    unawaited(@Req() req: Request, @Param('call') call: string) {
      void CALLS[call]!(req);
      return {};
    }
  }

  const start = async () => {
    await dataSource().getRepository(entity).clear();
    @Module({ imports: [SessionModule.forRoot({ secret, entity, dataSource: dataSource() })], controllers: [LateController] })
    class LateModule {}
    return new Browser((await startApp(LateModule, undefined, adapter)).address);
  };

  describe.each(Object.keys(BEGINNINGS))('by an %s', (beginning) => {
    it.each(KEEPS_ALL)('refuses %s, and nothing changes', async (call) => {
      const browser = await start();
      const { done, idStays, userId } = await visitThenCall(browser, beginning, call);
      await expect(done).resolves.toEqual(rejects);
      expect([idStays(), userId()]).toEqual([true, undefined]);
      expect(await rows()).toEqual([expect.objectContaining({ userId: null })]);
      await expect(browser.json('/visit', post)).resolves.toEqual({ views: 2 });
    });

    it('lets regenerate end the session, and begins no other', async () => {
      const browser = await start();
      const { done } = await visitThenCall(browser, beginning, 'regenerate');
      await expect(done).resolves.toEqual(rejects);
      expect(await rows()).toEqual([]);
      await expect(browser.json('/visit', post)).resolves.toEqual({ views: 1 });
    });
  });

  it.each(Object.keys(CALLS))('is none yet for %s that nobody waits for', async (call) => {
    const browser = await start();
    await browser.json('/visit', post);
    const old = browser.clone();
    await browser.json(`/unawaited/${call}`, post);
    expect(browser.id).not.toBe(call === 'regenerate' ? undefined : old.id);
    await expect(old.json('/visit', post)).resolves.toEqual({ views: 1 });
  });
});

describeEachDatabase('a response that has begun, without Nest', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).find();

  const MOUNTS = {
    'the application’s own session({ store })': () => {
      const store = createSessionStore({ dataSource: dataSource(), entity });
      return { store, handler: expressSession({ store, secret, name: 'sid', resave: false, saveUninitialized: false }) };
    },
    createSessionMiddleware: () => {
      const handler = createSessionMiddleware({ secret, dataSource: dataSource(), entity });
      return { store: handler.store, handler };
    },
  };

  describe.each(Object.entries(MOUNTS))('under %s', (_, mount) => {
    const start = async () => {
      await dataSource().getRepository(entity).clear();
      const { store, handler } = mount();
      onTestFinished(() => store.close());
      const configure = (app: Express) => {
        app.use(handler);
        app.post('/visit', async ({ session }, res) => {
          session.views = (session.views ?? 0) + 1;
          // A callback, which express-session waits for, too.
          await new Promise<void>((resolve, reject) => session.save((error) => (error ? reject(error) : resolve())));
          res.json({ views: session.views });
        });
        app.post('/late/:beginning/:call', (req, res) => callLate(req, res, req.params.beginning, req.params.call));
      };
      return new Browser(await startExpress(configure));
    };

    it.each(KEEPS_ALL)('refuses %s, and nothing changes', async (call) => {
      const browser = await start();
      const { done, idStays, userId } = await visitThenCall(browser, 'end', call);
      await expect(done).resolves.toEqual(rejects);
      expect([idStays(), userId()]).toEqual([true, undefined]);
      expect(await rows()).toEqual([expect.objectContaining({ userId: null })]);
      await expect(browser.json('/visit', post)).resolves.toEqual({ views: 2 });
    });

    it('lets regenerate end the session, and begins no other', async () => {
      const browser = await start();
      const { done } = await visitThenCall(browser, 'stream', 'regenerate');
      await expect(done).resolves.toEqual(rejects);
      expect(await rows()).toEqual([]);
    });
  });
});
