import { Controller, Post } from '@nestjs/common';
import { defineSessionEntity, Session, SessionLock, SessionModule, SessionOptionsError } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { signIn } from '../support/lock-apps.js';
import { startApp } from '../support/nest-app.js';

describe.each(['wait', 'maxHold'])('@SessionLock() with a wrong `%s`', (name) => {
  it.each(['abc', '', '10', '10 s', '-1s', '0s', '25d', 0, -1, 0.4, NaN, Infinity, null, {}])(
    '%o is refused where it is written',
    (value) => {
      const decorate = () => SessionLock({ [name]: value });
      expect(decorate).toThrow(SessionOptionsError);
      expect(decorate).toThrow(new RegExp(`\`${name}\` of @SessionLock .* a duration of more than 0`));
    },
  );

  it.each(['10s', '200ms', '1.5s', '1m', '24d', 1, 10_000, undefined])('and not with %o', (value) => {
    expect(SessionLock({ [name]: value })).toBeInstanceOf(Function);
    expect(SessionLock()).toBeInstanceOf(Function);
  });
});

it('@SessionLock() refuses an option that it does not know', () => {
  const decorate = () => SessionLock({ waits: '5s' } as object);
  expect(decorate).toThrow(SessionOptionsError);
  expect(decorate).toThrow('There is no option `waits` of @SessionLock. Remove it, or use one of: wait, maxHold.');
});

it.each([
  [5, '5'],
  ['5s', '"5s"'],
  [null, 'null'],
  [[], 'an array'],
  [new Map([['wait', '5s']]), 'an object of the class Map'],
])('@SessionLock(%o) is refused', (given, shown) => {
  const decorate = () => SessionLock(given as never);
  expect(decorate).toThrow(SessionOptionsError);
  expect(decorate).toThrow(`@SessionLock was given ${shown}. Give it nothing, or an object with any of: wait, maxHold.`);
});

describeEachAdapter('@SessionLock() on a controller', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  async function start() {
    let barrier = new Barrier();

    @Controller()
    class LoginController {
      @Post('login')
      login(@Session() session: Session) {
        session.views = 0;
      }
    }

    @SessionLock({ wait: '300ms' })
    @Controller('locked')
    class LockedController {
      @Post('hold')
      hold() {
        return barrier.wait();
      }

      @Post('count')
      count(@Session() session: Session) {
        return { views: (session.views = (session.views ?? 0) + 1) };
      }

      @SessionLock({ wait: '5s' })
      @Post('patient')
      patient(@Session() session: Session) {
        return this.count(session);
      }
    }

    const imports = [SessionModule.forRoot({ secret: 'secret', entity, dataSource: dataSource() })];
    const { address } = await startApp({ imports, controllers: [LoginController, LockedController] }, undefined, adapter);
    return { browser: await signIn(address), newBarrier: () => (barrier = new Barrier()) };
  }

  it('locks all of its handlers', async () => {
    const { browser, newBarrier } = await start();
    const barrier = newBarrier();
    const held = browser.clone().post('/locked/hold');
    await barrier.reached;
    expect((await browser.clone().post('/locked/count')).status).toBe(409);
    barrier.open();
    expect((await held).status).toBe(201);
    await expect(browser.json('/locked/count', { method: 'POST' })).resolves.toEqual({ views: 1 });
  });

  it('waits as long as a handler of it says for itself', async () => {
    const { browser, newBarrier } = await start();
    const barrier = newBarrier();
    const held = browser.clone().post('/locked/hold');
    await barrier.reached;
    const patient = browser.clone().post('/locked/patient');
    expect((await browser.clone().post('/locked/count')).status).toBe(409);
    barrier.open();
    expect([(await held).status, (await patient).status]).toEqual([201, 201]);
  });

  it('and on a handler of it as well is one lock', async () => {
    const { browser } = await start();
    await expect(browser.json('/locked/patient', { method: 'POST' })).resolves.toEqual({ views: 1 });
    await expect(browser.json('/locked/count', { method: 'POST' })).resolves.toEqual({ views: 2 });
  });
});
