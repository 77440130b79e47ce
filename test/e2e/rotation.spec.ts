import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { defineSessionEntity, type Session, type SessionModuleOptions, type SessionStore } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { Browser, setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { at, signIn, startHandlers } from '../support/lock-apps.js';
import type { Handler } from '../support/lock-routes.js';
import { StatementLog } from '../support/statement-log.js';

const post = { method: 'POST' };
const storeOf = (req: Request) => req.sessionStore as unknown as SessionStore;
const keyOf = (id: string) => createHash('sha256').update(id).digest('hex');

/** The two ways to ask for it. */
const WAYS: [string, (session: Session, req: Request) => Promise<void>][] = [
  ['session.rotate()', (session) => session.rotate()],
  ['store.rotate(req)', (_, req) => storeOf(req).rotate(req)],
];

describeEachAdapterInBrief('A new id', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });
  const rows = async () => (await dataSource().getRepository(entity).find()) as unknown as Record<string, unknown>[];

  const login: Handler = (session) => void Object.assign(session, { userId: 'ada', views: 1 });
  const me: Handler = ({ userId, views, theme, handle }) => ({ userId, views, theme, handle });

  /** An application with these handlers, and somebody signed in. */
  async function start(handlers: Readonly<Record<string, Handler>>, options: Partial<SessionModuleOptions> = {}) {
    await dataSource().getRepository(entity).clear();
    const app = await startHandlers({ entity, dataSource: dataSource(), ...options }, { login, me, ...handlers }, adapter);
    return { ...app, browser: await signIn(app.address) };
  }

  describe.each(WAYS)('by %s', (_, rotate) => {
    it('S10: goes on the same row in one statement, and nothing else there changes', async () => {
      let cost: string[] = [];
      const handlers: Record<string, Handler> = {
        async rotate(session, req) {
          statements.take();
          await rotate(session, req);
          cost = statements.take();
        },
      };
      const { browser } = await start(handlers);
      const [before] = await rows();
      expect(before?.id).toBe(keyOf(browser.id!));
      expect((await browser.post('/rotate')).status).toBe(201);
      expect(cost).toEqual(['UPDATE']);
      expect(statements.take()).toEqual([]);
      expect(browser.id).not.toBe(browser.ids[0]);
      await expect(rows()).resolves.toEqual([{ ...before, id: keyOf(browser.id!) }]);
    });

    it('stands on the same object, on the request and in the cookie, and keeps what is in the session', async () => {
      const handlers: Record<string, Handler> = {
        async rotate(session, req) {
          const { handle } = session;
          await rotate(session, req);
          return { ids: [session.id, req.sessionID, req.session.id], isSame: req.session === session, handle, views: session.views };
        },
      };
      const { browser, store } = await start(handlers);
      const { handle } = (await store.list())[0]!;
      const answer = await browser.json<{ ids: string[] }>('/rotate', post);
      expect(answer).toEqual({ ids: Array(3).fill(browser.id), isSame: true, handle, views: 1 });
      await expect(browser.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1, handle });
    });

    it('S9: leaves the old one dead at once, before the answer', async () => {
      const handlers: Record<string, Handler> = {
        async rotate(session, req) {
          await rotate(session, req);
          const found = await at(address, browser).json('/me', post);
          return { found, live: (await store.get(session.id))?.views };
        },
      };
      const { address, browser, store } = await start(handlers);
      await expect(browser.clone().json('/rotate', post)).resolves.toEqual({ found: {}, live: 1 });
      await expect(browser.json('/me', post)).resolves.toEqual({});
      await expect(rows()).resolves.toHaveLength(1);
    });

    it('saves no change by itself; the end of the request does', async () => {
      let between: unknown;
      const handlers: Record<string, Handler> = {
        async rotate(session, req) {
          session.theme = 'dark';
          statements.take();
          await rotate(session, req);
          between = (await rows())[0]?.data;
          session.views = 2;
          statements.take();
        },
      };
      const { browser } = await start(handlers);
      const [before] = await rows();
      await browser.post('/rotate');
      expect(statements.take()).toEqual(['UPDATE']);
      expect(between).toBe(before?.data);
      await expect(browser.json('/me', post)).resolves.toMatchObject({ views: 2, theme: 'dark' });
      await expect(rows()).resolves.toMatchObject([{ version: 2 }]);
    });

    it('of a session without a row costs no statement and makes none', async () => {
      const { address, log } = await start({ rotate: (session, req) => rotate(session, req) });
      const stranger = new Browser(address);
      statements.take();
      const answer = await stranger.post('/rotate');
      expect([answer.status, setCookies(answer)]).toEqual([201, []]);
      expect(statements.take()).toEqual([]);
      expect(log.errors).toEqual([]);
    });

    it('of a session that gets its first data is the one that it is stored under', async () => {
      const handlers: Record<string, Handler> = {
        async rotate(session, req) {
          const first = session.id;
          session.theme = 'dark';
          await rotate(session, req);
          return { isNew: first !== session.id, id: session.id };
        },
      };
      const { address } = await start(handlers);
      const stranger = new Browser(address);
      statements.take();
      const answer = await stranger.json('/rotate', post);
      expect(answer).toEqual({ isNew: true, id: stranger.id });
      expect(statements.take()).toEqual(['INSERT']);
      await expect(stranger.json('/me', post)).resolves.toMatchObject({ theme: 'dark' });
    });

    it('may come twice in a request', async () => {
      const handlers: Record<string, Handler> = {
        async rotate(session, req) {
          const ids = [session.id];
          for (let round = 0; round < 2; round++) ids.push((await rotate(session, req), session.id));
          return { ids };
        },
      };
      const { browser, store } = await start(handlers);
      const [before] = await rows();
      const { ids } = await browser.json<{ ids: string[] }>('/rotate', post);
      expect(new Set(ids).size).toBe(3);
      expect(browser.id).toBe(ids.at(-1));
      for (const id of ids.slice(0, -1)) await expect(store.get(id)).resolves.toBeUndefined();
      await expect(rows()).resolves.toEqual([{ ...before, id: keyOf(browser.id!) }]);
    });

    it('may be followed by a save, and that by the end of the session', async () => {
      const handlers: Record<string, Handler> = {
        async rotate(session, req) {
          await rotate(session, req);
          session.theme = 'dark';
          await session.save();
          const saved = (await storeOf(req).get(session.id))?.theme;
          await session.destroy();
          return { saved };
        },
      };
      const { browser } = await start(handlers);
      await expect(browser.json('/rotate', post)).resolves.toEqual({ saved: 'dark' });
      expect(browser.cookie).toBeUndefined();
      await expect(rows()).resolves.toEqual([]);
    });

    it('S43: is told once, by the handle', async () => {
      const events: unknown[] = [];
      const { browser, store } = await start({ rotate: (session, req) => rotate(session, req) });
      for (const name of ['rotated', 'saved', 'destroyed', 'created', 'interrupted'] as const) {
        store.on(name, (event) => events.push([name, event]));
      }
      const [{ handle } = {}] = await store.list();
      await browser.post('/rotate');
      expect(events).toEqual([['rotated', { handle, userId: 'ada', at: expect.any(Date) }]]);
      expect(JSON.stringify(events)).not.toContain(browser.id);
    });

    it('goes out with the attributes that the cookie had', async () => {
      const cookie = { maxAge: 3_600_000, path: '/', sameSite: 'strict' } as const;
      const { browser } = await start({ rotate: (session, req) => rotate(session, req) }, { cookie });
      const [line] = setCookies(await browser.post('/rotate'));
      expect(line).toMatch(/^sid=s%3A[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
    });
  });

  it('is worth nothing to who held the session for another request of it', async () => {
    const { browser, address } = await start({ rotate: (session) => session.rotate() });
    const thief = at(address, browser);
    await browser.post('/rotate');
    expect((await thief.post('/rotate')).status).toBe(201);
    await expect(thief.json('/me', post)).resolves.toEqual({});
    await expect(browser.json('/me', post)).resolves.toMatchObject({ userId: 'ada' });
  });
});
