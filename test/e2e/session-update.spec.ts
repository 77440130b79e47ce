import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import express from 'express';
import expressSession from 'express-session';
import { defineSessionEntity, Session, SessionModule } from 'nestjs-typeorm-session';
import { createSessionMiddleware, createSessionStore } from 'nestjs-typeorm-session/express';
import { describe, expect, it } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { StatementLog } from '../support/statement-log.js';

const secret = SECRET;
type Cart = { cart?: string[]; theme?: string };

const add = (item: string) => (session: object) => {
  const held = session as Cart;
  held.cart = [...(held.cart ?? []), item];
};

@Controller()
class CartController {
  @Get('cart')
  cart(@Session() session: Session) {
    return session;
  }

  @Post('add')
  async add(@Session() session: Session, @Body('item') item: string) {
    session.theme = item;
    await session.update(add(item));
    return session;
  }

  @Post('fail')
  async fail(@Session() session: Session) {
    await session.update((given) => {
      add('lost')(given);
      throw new Error('a mistake of the application');
    });
  }
}

const post = (browser: Browser, item: string) =>
  browser.json<Cart>('/add', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ item }) });
const items = (count: number) => Array.from({ length: count }, (_, index) => `item ${index}`);

/** What is promised of `req.session.update`, whatever it stands under. */
async function expectNothingLost(browser: Browser): Promise<void> {
  await expect(post(browser, 'first')).resolves.toMatchObject({ cart: ['first'] });
  const adds = items(20).map((item) => post(browser.clone(), item));
  for (const { cart } of await Promise.all(adds)) expect(cart?.[0]).toBe('first');
  const { cart } = await browser.json<Cart>('/cart');
  expect(cart?.toSorted()).toEqual(['first', ...items(20)].toSorted());
}

describeEachAdapter('session.update over HTTP', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });

  const start = async () => {
    @Module({ imports: [SessionModule.forRoot({ secret, entity, dataSource: dataSource() })], controllers: [CartController] })
    class CartModule {}
    const { address } = await startApp(CartModule, undefined, adapter);
    return new Browser(address);
  };

  it('loses nothing', async () => {
    await expectNothingLost(await start());
  });

  it('costs as many statements as a change', async () => {
    const browser = await start();
    statements.take();
    await post(browser, 'first');
    expect(statements.take()).toEqual(['INSERT']);
    await post(browser, 'second');
    expect(statements.take()).toEqual(['SELECT', 'UPDATE']);
  });

  it('that fails changes nothing, and is the error of its request', async () => {
    const browser = await start();
    await post(browser, 'first');
    expect((await browser.post('/fail')).status).toBe(500);
    await expect(browser.json<Cart>('/cart')).resolves.toMatchObject({ cart: ['first'] });
  });
});

describeEachDatabase('session.update without Nest', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });

  const middlewares = {
    createSessionMiddleware: () => createSessionMiddleware({ secret, entity, dataSource: dataSource() }),
    'createSessionStore under session()': () =>
      expressSession({
        secret,
        name: 'sid',
        resave: false,
        saveUninitialized: false,
        store: createSessionStore({ entity, dataSource: dataSource() }),
      }),
  };

  describe.each(Object.entries(middlewares))('by %s', (_, middleware) => {
    const start = async () => {
      const address = await startExpress((app) => {
        app.use(middleware(), express.json());
        app.get('/cart', (req, res) => void res.json(req.session));
        app.post('/add', async (req, res) => {
          await req.session.update(add((req.body as { item: string }).item));
          res.json(req.session);
        });
      });
      return new Browser(address);
    };

    it('loses nothing', async () => {
      await expectNothingLost(await start());
    });

    it('stores nothing again at the end', async () => {
      const browser = await start();
      statements.take();
      await post(browser, 'first');
      expect(statements.take()).toEqual(['INSERT']);
      await post(browser, 'second');
      expect(statements.take()).toEqual(['SELECT', 'UPDATE']);
    });
  });
});
