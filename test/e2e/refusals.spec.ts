import session from 'express-session';
import { SessionModule } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore, type SessionStore } from 'nestjs-typeorm-session/express';
import type { NextFunction, Request, RequestHandler, Response as ExpressResponse } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { OutageController } from '../support/outage-routes.js';
import { GOOD_USERS, REFUSED_USERS, useRefusingTable } from '../support/refusing-table.js';
import { listen } from '../support/store-events.js';

const users = Object.values(REFUSED_USERS).map(([user]) => user);

describeEachDatabase('a sign-in that the database refuses', (database) => {
  const { entity, dataSource } = useRefusingTable(database);

  const viaExpress = async (middleware: RequestHandler) => {
    const errors: unknown[] = [];
    const address = await startExpress((app) => {
      app.use(middleware);
      app.post('/user/:userId', (req, res) => {
        (req.session as { userId?: string }).userId = req.params.userId;
        res.status(201).end();
      });
      app.use((error: { code: string; status: number }, _req: Request, res: ExpressResponse, _next: NextFunction) => {
        errors.push(error.code);
        if (!res.headersSent) res.status(error.status).end();
      });
    });
    return { address, errors };
  };
  const options = { entity, onUnavailable: 'anonymous' } as const;
  const doors: Record<string, () => Promise<{ address: string; store: SessionStore; errors?: unknown[] }>> = {
    async 'the Nest module'() {
      const module = SessionModule.forRoot({ secret: 'secret', dataSource: dataSource(), ...options });
      return startApp({ imports: [module], controllers: [OutageController] });
    },
    async createSessionMiddleware() {
      const middleware = createSessionMiddleware({ secret: 'secret', dataSource: dataSource(), ...options });
      onTestFinished(() => middleware.store.close());
      return { store: middleware.store, ...(await viaExpress(middleware)) };
    },
  };

  describe.each(Object.entries(doors))('through %s', (_, open) => {
    it.each(users)('is a 500 for %s, also where an outage is passed over, and no outage', async (user) => {
      const { address, store, errors } = await open();
      const events = listen(store);
      const browser = new Browser(address);
      const good = GOOD_USERS.map((each) => new Browser(address).post(`/user/${each}`));
      const answer = await browser.post(`/user/${user}`);
      expect([answer.status, setCookies(answer)]).toEqual([500, []]);
      expect((await Promise.all(good)).map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(events.names().toSorted()).toEqual([...Array<string>(3).fill('created'), ...Array<string>(3).fill('signedIn')]);
      if (errors) expect(errors).toEqual(['SESSION_REFUSED']);
    });
  });

  it('reaches the error handler through createSessionStore, too', async () => {
    const store = createSessionStore({ dataSource: dataSource(), entity });
    onTestFinished(() => store.close());
    const events = listen(store);
    const middleware = session({ store, secret: 'secret', resave: false, saveUninitialized: false });
    const { address, errors } = await viaExpress(middleware);
    await new Browser(address).post('/user/deleted').catch(() => undefined);
    await expect.poll(() => errors).toEqual(['SESSION_REFUSED']);
    expect(events.names()).toEqual([]);
  });
});
