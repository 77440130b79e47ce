import express, { type Express, type RequestHandler } from 'express';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSessionMiddleware } from '../../lib/express.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { SECRET } from '../support/secret.js';
import { embedded } from '../support/embedded.js';

type Handler = (req: express.Request & { session: Record<string, unknown> }) => unknown;

const open: SessionStore[] = [];
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(open.splice(0).map((store) => store.close()));
});

/** A bare Express application; each path runs its handler and answers when that is done. */
function serve(handlers: Record<string, Handler>): { app: Express; store: SessionStore } {
  const sessions = createSessionMiddleware({
    secret: SECRET,
    connection: embedded,
    touchInterval: 0,
    prune: false,
  });
  open.push(sessions.store);
  const app = express().use(sessions);
  for (const [path, handler] of Object.entries(handlers)) {
    const answer: RequestHandler = async (req, res) => {
      const body = await handler(req as never);
      res.json(body ?? null);
    };
    app.get(path, answer);
  }
  return { app, store: sessions.store };
}

describe('a method replaced on the store', () => {
  it('set is used by save() and by the end of a request', async () => {
    const { app, store } = serve({
      '/save': async ({ session }) => {
        session.step = 1;
        await (session as unknown as { save(): Promise<void> }).save();
      },
      '/end': ({ session }) => void (session.step = 2),
    });
    const set = vi.spyOn(store, 'set');
    await request(app).get('/save').expect(200);
    expect(set).toHaveBeenCalledTimes(1);
    await request(app).get('/end').expect(200);
    expect(set).toHaveBeenCalledTimes(2);
  });

  it('set that fails is the failure of the request', async () => {
    const { app, store } = serve({ '/': ({ session }) => void (session.step = 1) });
    app.use(((error: Error, _req, res, _next) => void res.status(418).end(error.message)) as express.ErrorRequestHandler);
    store.set = ((_sid: string, _session: unknown, done: (error: Error) => void) => done(new Error('mine'))) as typeof store.set;
    const response = await request(app).get('/').expect(418, 'mine');
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  it('generate is used for a new session, and may call the one that it replaces', async () => {
    const { app, store } = serve({ '/': ({ session }) => void (session.step = 1), '/read': ({ session }) => session });
    const { generate } = store;
    const made: string[] = [];
    store.generate = function (this: SessionStore, req) {
      generate.call(this, req);
      made.push(req.sessionID);
      Object.assign(req.session, { from: 'mine' });
    };
    const agent = request.agent(app);
    await agent.get('/').expect(200);
    expect(made).toEqual([expect.stringMatching(/./)]);
    const { body } = await agent.get('/read').expect(200);
    expect(body).toMatchObject({ step: 1, from: 'mine' });
    expect(made).toHaveLength(1);
  });

  it('get is used for a request with a cookie, and by reload()', async () => {
    const { app, store } = serve({
      '/write': ({ session }) => void (session.step = 1),
      '/reload': async ({ session }) => {
        await (session as unknown as { reload(): Promise<void> }).reload();
      },
    });
    const get = vi.spyOn(store, 'get');
    const agent = request.agent(app);
    await agent.get('/write').expect(200);
    expect(get).toHaveBeenCalledTimes(0);
    await agent.get('/reload').expect(200);
    expect(get).toHaveBeenCalledTimes(2);
  });

  it('touch is used at the end of a request that changed nothing', async () => {
    const { app, store } = serve({ '/write': ({ session }) => void (session.step = 1), '/read': () => undefined });
    const agent = request.agent(app);
    await agent.get('/write').expect(200);
    const touch = vi.spyOn(store, 'touch');
    const set = vi.spyOn(store, 'set');
    vi.setSystemTime(Date.now() + 1);
    await agent.get('/read').expect(200);
    expect(touch).toHaveBeenCalledTimes(1);
    expect(set).toHaveBeenCalledTimes(0);
  });

  it('destroy is used by destroy() and by regenerate()', async () => {
    const { app, store } = serve({
      '/write': ({ session }) => void (session.step = 1),
      '/destroy': async ({ session }) => {
        await (session as unknown as { destroy(): Promise<void> }).destroy();
      },
      '/regenerate': async ({ session }) => {
        await (session as unknown as { regenerate(): Promise<void> }).regenerate();
      },
    });
    const destroyed: string[] = [];
    const { destroy } = store;
    store.destroy = ((sid: string, ...rest: [never]) => {
      destroyed.push(sid);
      return destroy.call(store, sid, ...rest);
    }) as typeof store.destroy;
    const agent = request.agent(app);
    await agent.get('/write').expect(200);
    await agent.get('/regenerate').expect(200);
    expect(destroyed).toHaveLength(1);
    await agent.get('/write').expect(200);
    await agent.get('/destroy').expect(200);
    expect(destroyed).toHaveLength(2);
    expect(await store.length()).toBe(0);
  });

  it('regenerate is used by the session', async () => {
    const { app, store } = serve({
      '/': async ({ session }) => {
        await (session as unknown as { regenerate(): Promise<void> }).regenerate();
      },
    });
    const regenerate = vi.spyOn(store, 'regenerate');
    await request(app).get('/').expect(200);
    expect(regenerate).toHaveBeenCalledTimes(1);
  });
});
