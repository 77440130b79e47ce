import { Controller, DefaultValuePipe, Get, type PipeTransform, Post } from '@nestjs/common';
import { defineSessionEntity, Session, SessionHandle, SessionModule, SessionOptionsError } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { describeEachAdapterInBrief } from '../support/adapters.js';
import { Browser, idIn } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import '../support/session-data.js';

class DoublePipe implements PipeTransform<number> {
  transform(value: number) {
    return value * 2;
  }
}

@Controller()
class DecoratedController {
  @Post('begin')
  begin(@Session() session: Session, @SessionHandle() handle: string | undefined) {
    session.views = 21;
    session.userId = 'ada';
    return { handle };
  }

  @Post('begin-and-save')
  async beginAndSave(@Session() session: Session) {
    session.views = 21;
    await session.save();
    return { handle: session.handle };
  }

  @Get('whole')
  whole(@Session() session: Session) {
    return { views: session.views, type: typeof session.save };
  }

  @Get('keys')
  keys(
    @Session('views') views: number | undefined,
    @Session('views', DoublePipe) twice: number,
    @Session('views', new DoublePipe(), new DoublePipe()) four: number,
    @Session('theme', new DefaultValuePipe('light')) theme: string,
    @Session('cookie') cookie: { path: string },
  ) {
    return { views, twice, four, theme, path: cookie.path };
  }

  @Get('handle')
  handle(@SessionHandle() handle: string | undefined, @Session() session: Session) {
    return { handle, same: session.handle === handle };
  }

  @Get('outside')
  outside(
    @Session({ required: false }) session: Session | undefined,
    @Session('views') views: number | undefined,
    @SessionHandle() handle: string | undefined,
  ) {
    return { session: typeof session, views: typeof views, handle: typeof handle };
  }
}

describeEachAdapterInBrief('the decorators', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  const start = async () => {
    await dataSource().getRepository(entity).clear();
    const module = SessionModule.forRoot({ secret: 'secret', entity, dataSource: dataSource(), exclude: ['outside'] });
    const { address, store } = await startApp({ imports: [module], controllers: [DecoratedController] }, undefined, adapter);
    return { browser: new Browser(address), store };
  };

  it('give the session, or a key of it through pipes', async () => {
    const { browser } = await start();
    await browser.post('/begin');
    await expect(browser.json('/whole')).resolves.toEqual({ views: 21, type: 'function' });
    await expect(browser.json('/keys')).resolves.toMatchObject({ views: 21, twice: 42, four: 84, theme: 'light', path: '/' });
  });

  it('give undefined on routes without a session, where that is asked for', async () => {
    const { browser } = await start();
    await browser.post('/begin');
    await expect(browser.json('/outside')).resolves.toEqual({ session: 'undefined', views: 'undefined', handle: 'undefined' });
  });

  it('give as @SessionHandle() the public handle, and nothing before there is a row', async () => {
    const { browser, store } = await start();
    await expect(browser.json('/handle')).resolves.toEqual({ same: true });
    await expect(browser.json('/begin', { method: 'POST' })).resolves.toEqual({});
    const [info] = await store.list({ userId: 'ada' });
    await expect(browser.json('/handle')).resolves.toEqual({ handle: info!.handle, same: true });
    expect(info!.handle).toMatch(/^[0-9a-f]{32}$/);
    expect(idIn(browser.cookie!)).not.toContain(info!.handle);
    expect(info!.handle).not.toContain(browser.id);
  });

  it('know the handle from the first save on', async () => {
    const { browser, store } = await start();
    const { handle } = await browser.json<{ handle: string }>('/begin-and-save', { method: 'POST' });
    await expect(store.list()).resolves.toEqual([expect.objectContaining({ handle })]);
  });
});

describe('@Session() refuses where it is written', () => {
  const decorate = Session as (...given: unknown[]) => ParameterDecorator;

  it.each([
    [[5], /@Session was given 5\. Give it nothing, the name of a key/],
    [[true], /was given true/],
    [[null], /was given null/],
    [[''], /was given ""/],
    [[[]], /was given an array/],
    [[Symbol('views')], /was given a value of type symbol/],
    [[new Map()], /was given an object of the class Map/],
    [[{ requird: false }], /no option `requird` of @Session\. .*required/],
    [[{ required: 'false' }], /`required` of @Session is "false"\. It must be true or false/],
    [[{ required: null }], /`required` of @Session is null/],
    [['views', 5], /@Session was given 5 where only pipes stand/],
    [['views', { required: false }], /@Session was given an object where only pipes stand/],
    [['views', null], /@Session was given null where only pipes stand/],
  ])('%o', (given, message) => {
    expect(() => decorate(...given)).toThrow(SessionOptionsError);
    expect(() => decorate(...given)).toThrow(message);
  });

  it.each([
    [[]],
    [[undefined]],
    [['views']],
    [['views', DoublePipe]],
    [[DoublePipe]],
    [[new DoublePipe(), undefined]],
    [[{}]],
    [[{ required: true }, DoublePipe]],
    [[{ required: undefined }]],
    [[{ schema: {}, pipes: [] }]],
  ])('and not %o', (given) => {
    expect(decorate(...given)).toBeInstanceOf(Function);
  });

  it('what is no pipe, as @SessionHandle() does', () => {
    const handle = SessionHandle as (...given: unknown[]) => ParameterDecorator;
    expect(() => handle('handle')).toThrow(/@SessionHandle was given "handle" where only pipes stand/);
    expect(handle(DoublePipe)).toBeInstanceOf(Function);
  });
});
