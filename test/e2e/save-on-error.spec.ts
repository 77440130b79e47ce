import { Controller, Get, HttpException, Param } from '@nestjs/common';
import { defineSessionEntity, Session, SessionModule } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Browser, setCookies } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { ViewsController } from '../support/views.js';

@Controller()
class FailingController {
  @Get('theme')
  theme(@Session('theme') theme: string | undefined) {
    return { theme };
  }

  @Get('fail/:status/:theme')
  fail(@Session() session: Session, @Param('status') status: string, @Param('theme') theme: string) {
    session.theme = theme;
    throw new HttpException('as the test wants it', Number(status));
  }
}

describeEachAdapter('the session of a request that fails', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).count();

  const start = async (saveOnError?: boolean) => {
    const options = { secret: 'secret', entity, dataSource: dataSource(), ...(saveOnError !== undefined && { saveOnError }) };
    const root = { imports: [SessionModule.forRoot(options)], controllers: [FailingController, ViewsController] };
    return new Browser((await startApp(root, undefined, adapter)).address);
  };

  it.each([
    ['stored by default', undefined, 500, true],
    ['stored with saveOnError: true', true, 503, true],
    ['dropped with saveOnError: false', false, 500, false],
    ['dropped with saveOnError: false', false, 503, false],
    ['stored with saveOnError: false, where the client was wrong', false, 404, true],
  ])('is %s (%s, %i)', async (_, saveOnError, status, isStored) => {
    const newcomer = await start(saveOnError);
    const before = await rows();
    const first = await newcomer.get(`/fail/${status}/dark`);
    expect(first.status).toBe(status);
    expect(setCookies(first)).toHaveLength(isStored ? 1 : 0);
    await expect(rows()).resolves.toBe(before + (isStored ? 1 : 0));

    const regular = new Browser(newcomer.address);
    await regular.json('/views');
    const second = await regular.get(`/fail/${status}/dark`);
    expect(second.status).toBe(status);
    expect(setCookies(second)).toEqual([]);
    await expect(regular.json('/theme')).resolves.toEqual(isStored ? { theme: 'dark' } : {});
    await expect(regular.json('/views')).resolves.toMatchObject({ views: 2 });
  });
});
