import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import type { Request, Response } from 'express';
import { defineSessionEntity } from 'nestjs-typeorm-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { expect, it, onTestFinished } from 'vitest';
import { shareShapes } from '../../lib/http/request-shape.js';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startExpress } from '../support/express-app.js';

setFlagsFromString('--allow-natives-syntax');
/** Whether an object has a hidden class with its names, and is no hash table. */
const isFast = runInThisContext('(object) => %HasFastProperties(object)') as (object: object) => boolean;
const makesClassesOfItsOwn = runInThisContext(`(() => {
  const prototype = {};
  const make = () => Object.assign(Object.setPrototypeOf({ a: 1 }, prototype), { b: 1 });
  return !%HaveSameMap(make(), make());
})()`) as boolean;

describeEachDatabase('The shape of a request and its response', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const middleware = () => createSessionMiddleware({ secret: 'secret', entity, dataSource: dataSource() });

  it('is one that V8 shares, after Express has changed the prototype', async () => {
    const address = await startExpress((app) => {
      app.use(middleware()).get('/', (req, res) => void res.json([isFast(req), isFast(res)]));
    });
    await expect(new Browser(address).json('/')).resolves.toEqual(makesClassesOfItsOwn ? [false, false] : [true, true]);
  });

  it('stays as it is without Express', async () => {
    const handler = middleware();
    const server = createServer((req, res) => {
      void handler(req as Request, res as Response, () => res.end(JSON.stringify([isFast(req), isFast(res)])));
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(new Browser(address).json('/')).resolves.toEqual([true, true]);
  });
});

it('Sharing a shape hides and changes nothing of what a request and a response carry', async () => {
  const states: object[] = [];
  const note = (...objects: object[]) => states.push(...objects.map((object) => Object.getOwnPropertyDescriptors(object)));
  const address = await startExpress((app) => {
    app.get('/', (req, res) => {
      note(req, res);
      shareShapes(req, res);
      note(req, res);
      res.json('seen');
    });
  });
  await new Browser(address).get('/');
  const [request, response, sameRequest, sameResponse] = states;
  expect(request).toHaveProperty('method.value', 'GET');
  expect(response).toHaveProperty('sendDate.value', true);
  expect(sameRequest).toEqual(request);
  expect(sameResponse).toEqual(response);
});

it('Sharing a shape adds nothing to a request and a response that are no objects of Node', () => {
  const req = { app: {} };
  const res = {};
  shareShapes(req as Request, res as Response);
  expect([req, res]).toEqual([{ app: {} }, {}]);
  expect([Object.keys(req), Object.keys(res)]).toEqual([['app'], []]);
});
