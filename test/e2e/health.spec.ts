import { Controller, Get, Injectable } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { defineSessionEntity, SessionHealthIndicator, SessionModule, SessionOptionsError } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { failStatements, gateStatements } from '../support/store-gate.js';

@Injectable()
class Patience {
  timeout: number | undefined;
}

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly sessions: SessionHealthIndicator,
    private readonly patience: Patience,
  ) {}

  @Get('health')
  @HealthCheck()
  check() {
    const { timeout } = this.patience;
    return this.health.check([() => this.sessions.pingCheck('sessions', timeout === undefined ? {} : { timeout })]);
  }
}

describeEachDatabase('SessionHealthIndicator under Terminus', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  async function start() {
    const sessions = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), operationTimeout: '1s' });
    const imports = [sessions, TerminusModule.forRoot({ logger: false })];
    const { address, app } = await startApp({ imports, controllers: [HealthController], providers: [Patience] });
    const check = async () => {
      const response = await new Browser(address).get('/health');
      return { code: response.status, ...((await response.json()) as object) };
    };
    return { app, check };
  }

  it('is up while the database answers, and up again', async () => {
    const { check } = await start();
    const up = { code: 200, status: 'ok', info: { sessions: { status: 'up', responseTime: expect.any(Number) } } };
    expect(await check()).toMatchObject(up);
    const restore = failStatements(dataSource(), /./);
    expect(await check()).toMatchObject({
      code: 503,
      status: 'error',
      error: { sessions: { status: 'down', message: 'The ping of the database failed (SESSION_UNAVAILABLE).' } },
    });
    restore();
    expect(await check()).toMatchObject(up);
  });

  it('is down where the answer takes longer than `timeout`', async () => {
    const { app, check } = await start();
    app.get(Patience).timeout = 20;
    const gate = gateStatements(dataSource(), /^SELECT/);
    expect(await check()).toMatchObject({
      code: 503,
      error: { sessions: { status: 'down', message: 'There was no answer within 20 ms.' } },
    });
    gate.open();
  });

  it('refuses a timeout that is no duration', async () => {
    const { app } = await start();
    const indicator = app.get(SessionHealthIndicator);
    await expect(indicator.pingCheck('sessions', { timeout: 'soon' as never })).rejects.toThrow(SessionOptionsError);
    await expect(indicator.pingCheck('sessions', { timeout: 'soon' as never })).rejects.toThrow(/`timeout`.*soon/);
  });
});
