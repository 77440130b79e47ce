import type { Request } from 'express';
import { defineSessionEntity, type Session, type SessionModuleOptions, type SessionStore } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { signIn, startHandlers } from '../support/lock-apps.js';
import type { Handler } from '../support/lock-routes.js';
import { StatementLog } from '../support/statement-log.js';
import { failStatements } from '../support/store-gate.js';

const post = { method: 'POST' };
const METHODS = ['save', 'reload', 'regenerate', 'destroy'] as const;
type Method = (typeof METHODS)[number];
type WithCallback = (callback: (...args: unknown[]) => void) => unknown;

/** What the database has to do for each. */
const COSTS: Record<Method | 'rotate', string[]> = {
  save: ['UPDATE'],
  reload: ['SELECT'],
  regenerate: ['DELETE'],
  destroy: ['DELETE'],
  rotate: ['UPDATE'],
};

describeEachDatabase('A method of the session', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });

  /** An application whose `/do` is this handler, and somebody with a session. */
  async function start(work: Handler, options: Partial<SessionModuleOptions> = {}) {
    await dataSource().getRepository(entity).clear();
    const login: Handler = (session) => void Object.assign(session, { userId: 'ada', views: 1 });
    const me: Handler = ({ views, theme }) => ({ views, theme });
    const app = await startHandlers({ entity, dataSource: dataSource(), ...options }, { login, me, do: work });
    const browser = await signIn(app.address);
    statements.take();
    return { ...app, browser };
  }

  describe('without a callback', () => {
    it.each([...METHODS, 'rotate'] as const)(
      '%s returns a promise of nothing, or of the new session, which waits for the database',
      async (method) => {
        const { browser } = await start(async (session) => {
          session.theme = 'dark';
          statements.take();
          const promise: unknown = session[method]();
          const isPromise = promise instanceof Promise;
          const value = await (promise as Promise<unknown>);
          const expected = method === 'regenerate' ? (session as unknown as { req: { session: Session } }).req.session : undefined;
          return { isPromise, isExpected: value === expected, cost: statements.take() };
        });
        await expect(browser.json('/do', post)).resolves.toEqual({ isPromise: true, isExpected: true, cost: COSTS[method] });
      },
    );

    it.each([...METHODS, 'rotate'] as const)('%s rejects where the database does not answer', async (method) => {
      const { browser } = await start(async (session) => {
        session.theme = 'dark';
        const restore = failStatements(dataSource(), /./);
        const error = await session[method]().then(
          () => undefined,
          (reason: unknown) => reason as { code: string },
        );
        restore();
        return { code: error?.code };
      });
      await expect(browser.json('/do', post)).resolves.toEqual({ code: 'SESSION_UNAVAILABLE' });
    });
  });

  describe('with a callback', () => {
    it.each(METHODS)('%s returns the session, and calls back once, later, without an error', async (method) => {
      const { browser } = await start(async (session) => {
        session.theme = 'dark';
        statements.take();
        const calls: unknown[][] = [];
        let [returned, isLater]: [unknown, boolean] = [undefined, false];
        await new Promise<void>((resolve) => {
          returned = (session[method] as WithCallback).call(session, (...args) => {
            calls.push(args.map((arg) => arg ?? null));
            resolve();
          });
          isLater = calls.length === 0;
        });
        return { isSame: returned === session, isLater, errors: calls.map(([error]) => error), cost: statements.take() };
      });
      const answer = await browser.json('/do', post);
      expect(answer).toEqual({ isSame: true, isLater: true, errors: [null], cost: COSTS[method] });
    });

    it.each(METHODS)('%s gives it the error, once', async (method) => {
      const { browser } = await start(async (session) => {
        session.theme = 'dark';
        const restore = failStatements(dataSource(), /./);
        const codes: unknown[] = [];
        await new Promise<void>((resolve) => {
          (session[method] as WithCallback).call(session, (error) => {
            codes.push((error as { code: string } | undefined)?.code);
            resolve();
          });
        });
        restore();
        await session.save().catch(() => undefined);
        return { codes };
      });
      await expect(browser.json('/do', post)).resolves.toEqual({ codes: ['SESSION_UNAVAILABLE'] });
    });
  });

  describe('save() that nobody waits for', () => {
    it('is done before the answer, and the end of the request does not repeat it', async () => {
      const { browser } = await start((session) => {
        session.theme = 'dark';
        void session.save();
      });
      expect((await browser.post('/do')).status).toBe(201);
      expect(statements.take()).toEqual(['SELECT', 'UPDATE']);
      await expect(browser.json('/me', post)).resolves.toEqual({ views: 1, theme: 'dark' });
    });

    it('loses nothing that is changed after it', async () => {
      const { browser } = await start((session) => {
        session.theme = 'dark';
        void session.save();
        session.views = 2;
      });
      expect((await browser.post('/do')).status).toBe(201);
      await expect(browser.json('/me', post)).resolves.toEqual({ views: 2, theme: 'dark' });
    });

    it('and fails, fails its request', async () => {
      const restores: (() => void)[] = [];
      const { browser } = await start((session) => {
        session.theme = 'dark';
        restores.push(failStatements(dataSource(), /^UPDATE/i));
        void session.save();
      });
      const answer = await browser.post('/do');
      expect([answer.status, setCookies(answer)]).toEqual([503, []]);
      restores[0]!();
      await expect(browser.json('/me', post)).resolves.toEqual({ views: 1 });
    });
  });

  it('destroy() that nobody waits for is done before the answer, which drops the cookie', async () => {
    const { browser, store } = await start((session, _req, res) => {
      void session.destroy();
      res.redirect('/me');
    });
    const answer = await browser.post('/do');
    expect([answer.status, browser.cookie]).toEqual([302, undefined]);
    await expect(store.count()).resolves.toBe(0);
  });

  describe('rotate() that nobody waits for', () => {
    it('is done before the answer, whose cookie names the new id', async () => {
      const { browser } = await start((session) => void session.rotate());
      expect((await browser.post('/do')).status).toBe(201);
      expect(browser.id).not.toBe(browser.ids[0]);
      await expect(browser.json('/me', post)).resolves.toEqual({ views: 1 });
    });

    it('and fails, leaves the old id valid', async () => {
      const restores: (() => void)[] = [];
      const { browser } = await start((session) => {
        restores.push(failStatements(dataSource(), /^UPDATE/i));
        void session.rotate();
      });
      const answer = await browser.post('/do');
      expect([answer.status, setCookies(answer)]).toEqual([201, []]);
      restores[0]!();
      await expect(browser.json('/me', post)).resolves.toEqual({ views: 1 });
    });
  });

  describe('reload()', () => {
    it('puts a new object with fresh data on the request, without what was not saved', async () => {
      const { browser } = await start(async (session, req) => {
        const other = await loadAgain(req);
        other.views = 7;
        await other.save();
        session.theme = 'dark';
        await session.reload();
        const { views, theme, id, handle } = req.session;
        req.session.locale = 'de';
        return { isNew: req.session !== session, views, theme, isSameId: id === session.id, isSameHandle: handle === session.handle };
      });
      const answer = await browser.json('/do', post);
      expect(answer).toEqual({ isNew: true, views: 7, isSameId: true, isSameHandle: true });
      await expect(browser.json('/me', post)).resolves.toEqual({ views: 7 });
    });

    it('of a session that is gone rejects, and nothing comes back', async () => {
      const { browser, store } = await start(async (session, req) => {
        await store.clear();
        session.theme = 'dark';
        const error = await session.reload().catch((reason: unknown) => reason as { code: string });
        return { code: error?.code, isSame: req.session === session };
      });
      const answer = await browser.post('/do');
      await expect(answer.json()).resolves.toEqual({ code: 'SESSION_INTERRUPTED', isSame: true });
      expect(setCookies(answer)).toEqual([]);
      await expect(store.count()).resolves.toBe(0);
    });

    it('leaves the browser to be told of the end of the session', async () => {
      const { browser, store } = await start(async (session, req) => {
        await session.reload();
        await req.session.destroy();
      });
      expect((await browser.post('/do')).status).toBe(201);
      await expect(store.count()).resolves.toBe(0);
      expect(browser.cookie).toBeUndefined();
    });

    it('and rotate() of the object that it replaced is interrupted, and of the new one is not', async () => {
      const { browser } = await start(async (session, req) => {
        await session.reload();
        const error = await session.rotate().catch((reason: unknown) => reason as { code: string });
        const before = req.sessionID;
        await req.session.rotate();
        return { code: error?.code, isNew: req.sessionID !== before };
      });
      await expect(browser.json('/do', post)).resolves.toEqual({ code: 'SESSION_INTERRUPTED', isNew: true });
      await expect(browser.json('/me', post)).resolves.toEqual({ views: 1 });
    });
  });

  it('regenerate() puts a new, empty session on the request, and ends the one before', async () => {
    const { browser, store } = await start(async (session, req) => {
      const { id, handle } = session;
      await session.regenerate();
      const fresh = req.session;
      fresh.theme = 'dark';
      const keys = Object.keys(fresh).filter((key) => key !== 'cookie');
      return { isNew: fresh !== session, isNewId: fresh.id !== id, isId: fresh.id === req.sessionID, keys, had: handle !== undefined };
    });
    const { id } = browser;
    const answer = await browser.json('/do', post);
    expect(answer).toEqual({ isNew: true, isNewId: true, isId: true, keys: ['theme'], had: true });
    await expect(browser.json('/me', post)).resolves.toEqual({ theme: 'dark' });
    await expect(store.get(id!)).resolves.toBeUndefined();
    await expect(store.count()).resolves.toBe(1);
  });
});

/** The session of a request as another request has it. */
async function loadAgain(req: Request): Promise<Session> {
  const { sessionID, sessionStore } = req;
  const data = await (sessionStore as unknown as SessionStore).get(sessionID);
  return sessionStore.createSession({ sessionID, sessionStore } as unknown as Request, data!);
}
