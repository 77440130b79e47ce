import { Controller, Get } from '@nestjs/common';
import { defineSessionEntity, Session, SessionModule } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Browser, setCookies, signedCookie } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { startApp } from '../support/nest-app.js';
import { StatementLog } from '../support/statement-log.js';

const secret = 'a secret of the tests';

@Controller()
class ViewsController {
  @Get('nothing')
  nothing(@Session() session: Session) {
    return { isThere: session !== undefined };
  }

  @Get('views')
  views(@Session('views') views: number | undefined) {
    return { views };
  }

  @Get('view')
  view(@Session() session: Session) {
    return { views: (session.views = (session.views ?? 0) + 1) };
  }
}

describeEachAdapter('the statements of a request', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });
  const rows = () => dataSource().getRepository(entity).count();

  /** The application, and somebody whom it has not seen. */
  async function start() {
    const imports = [SessionModule.forRoot({ secret, entity, dataSource: dataSource() })];
    const { address } = await startApp({ imports, controllers: [ViewsController] }, undefined, adapter);
    statements.take();
    return new Browser(address);
  }

  it('S25: are none where nobody has a session, however often', async () => {
    const browser = await start();
    const before = await rows();
    statements.take();
    for (let hit = 0; hit < 1_000; hit += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => browser.get('/nothing')));
      for (const answer of answers) {
        expect(setCookies(answer)).toEqual([]);
        await expect(answer.json()).resolves.toEqual({ isThere: true });
      }
    }
    expect(statements.take()).toEqual([]);
    await expect(rows()).resolves.toBe(before);
  });

  it('are one INSERT where a session begins', async () => {
    const browser = await start();
    await browser.json('/view');
    expect(statements.take()).toEqual(['INSERT']);
  });

  it('are one SELECT where a session is only read', async () => {
    const browser = await start();
    await browser.json('/view');
    statements.take();
    await expect(browser.json('/views')).resolves.toEqual({ views: 1 });
    expect(statements.take()).toEqual(['SELECT']);
    await browser.json('/nothing');
    expect(statements.take()).toEqual(['SELECT']);
  });

  it('are one SELECT and one UPDATE where a session is changed', async () => {
    const browser = await start();
    await browser.json('/view');
    statements.take();
    await expect(browser.json('/view')).resolves.toEqual({ views: 2 });
    expect(statements.take()).toEqual(['SELECT', 'UPDATE']);
  });

  it('S26: are one SELECT, and no row, for an id that was signed but never stored', async () => {
    const browser = await start();
    const before = await rows();
    statements.take();
    browser.cookie = signedCookie('an-id-of-nobody', secret);
    await expect(browser.json('/views')).resolves.toEqual({});
    expect(statements.take()).toEqual(['SELECT']);
    await expect(rows()).resolves.toBe(before);
  });

  it.each([
    ['a tampered signature', `${signedCookie('an-id-of-nobody', secret)}x`],
    ['the signature of another secret', signedCookie('an-id-of-nobody', 'another secret')],
    ['no signature', 'an-id-of-nobody'],
    ['a signed empty id', signedCookie('', secret)],
    ['a signed id of 257 characters', signedCookie('x'.repeat(257), secret)],
    ['a signed id with a NUL', signedCookie('a\0b', secret)],
  ])('are none for %s', async (_, cookie) => {
    const browser = await start();
    browser.cookie = cookie;
    await expect(browser.json('/views')).resolves.toEqual({});
    expect(statements.take()).toEqual([]);
  });
});
