import type { Request, RequestHandler, Response as ExpressResponse } from 'express';
import session, { MemoryStore, type SessionData } from 'express-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { defineSessionEntity } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { Browser, setCookies, signedCookie } from '../support/browser.js';
import { CASES, type Case, type Outcome } from '../support/comparison.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { SECRET } from '../support/secret.js';

/** What both stores have. */
interface AnyStore {
  all(done: (error: unknown, sessions?: SessionData[] | Record<string, SessionData> | null) => void): void;
}

// The original loses a millisecond now and then.
const toSeconds = (ms: number | null | undefined) => (typeof ms === 'number' ? Math.round(ms / 1_000) : ms);

/** Runs one case against a middleware, on a bare Express application. */
async function outcomeOf(
  { act, isLoaded, cookie, options, headers, trustProxy, signedWith }: Case,
  middleware: RequestHandler,
  store: AnyStore,
): Promise<Outcome> {
  const address = await startExpress((app) => {
    if (trustProxy) app.set('trust proxy', true);
    app.use(middleware);
    app.get('/load', (req, res) => {
      req.session.views = 1;
      res.send('loaded');
    });
    app.get('/act', async (req: Request, res: ExpressResponse) => {
      await act(req);
      res.send('done');
    });
  });
  const browser = new Browser(address, options?.name);
  if (isLoaded) await browser.get('/load');
  if (signedWith) browser.cookie = signedCookie(browser.id!, signedWith);
  if (cookie) browser.cookie = signedCookie('nobody', SECRET) + (cookie === 'tampered' ? 'x' : '');
  const before = browser.cookie;
  const response = await browser.get('/act', headers && { headers });
  const [line] = setCookies(response);
  const sessions = await new Promise<SessionData[]>((resolve, reject) => {
    store.all((error, found) => (error ? reject(error) : resolve(Object.values(found ?? {}))));
  });
  const rows = sessions.map((data) => Object.fromEntries(Object.entries(data).filter(([key]) => key !== 'cookie')));
  return {
    status: response.status,
    cookie: line === undefined ? 'kept' : browser.cookie === undefined ? 'dropped' : /; Expires=/.test(line) ? 'set with expiry' : 'set',
    attributes: (browser.cookie === undefined ? '' : (line ?? '')).split('; ').filter((part) => /^(?!Expires=|SameSite=)[A-Z]/.test(part)),
    id: browser.cookie === undefined ? 'none' : browser.cookie === before ? 'same' : 'other',
    // In whatever order the stores give them.
    rows: rows.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    maxAge: toSeconds(sessions[0]?.cookie.originalMaxAge),
  };
}

describeEachDatabase('our middleware decides as express-session does', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  it.each(CASES.map((one) => [one.differs ? `${one.name}, but ${one.differs.because}` : one.name, one] as const))('%s', async (_, one) => {
    const options = { secret: SECRET, name: 'sid', resave: false, saveUninitialized: false, ...one.options };
    const memory = new MemoryStore();
    const theirs = await outcomeOf(one, session({ ...options, store: memory }), memory);

    const middleware = createSessionMiddleware({ ...options, entity, dataSource: dataSource() } as Parameters<
      typeof createSessionMiddleware
    >[0]);
    await middleware.store.clear();
    const ours = await outcomeOf(one, middleware, middleware.store);

    const { because: _because, ...differs } = one.differs ?? {};
    expect(ours).toEqual({ ...theirs, ...differs });
    // A difference that is none has no place in the table.
    if (one.differs) expect(ours).not.toEqual(theirs);
  });
});
