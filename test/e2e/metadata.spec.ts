import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Post } from '@nestjs/common';
import { defineSessionEntity, Session, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { createSessionMiddleware } from 'nestjs-typeorm-session/express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeEachAdapter } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { Browser } from '../support/browser.js';
import { uniqueTableName, useDataSource } from '../support/databases.js';
import { embedded } from '../support/embedded.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';
import { StatementLog } from '../support/statement-log.js';
import '../support/session-data.js';

@Controller()
class ViewsController {
  @Post('view')
  view(@Session() session: Session) {
    session.views = (session.views ?? 0) + 1;
  }

  @Get('nothing')
  nothing() {
    return {};
  }
}

const from = (ip: string, userAgent: string) => ({ headers: { 'x-forwarded-for': ip, 'user-agent': userAgent } });

describeEachAdapter('the client of a session', (database, adapter) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });

  async function start(options: Partial<SessionModuleOptions>, trustProxy = false) {
    await dataSource().getRepository(entity).clear();
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
    const app = await startApp({ imports: [module], controllers: [ViewsController] }, undefined, adapter, { trustProxy });
    const clients = async () => (await app.store.list()).map(({ ipAddress, userAgent }) => [ipAddress, userAgent]);
    statements.take();
    return { browser: new Browser(app.address), clients };
  }

  it('is the one that the proxy names where the application trusts it', async () => {
    const { browser, clients } = await start({ metadata: true }, true);
    await browser.post('/view', from('192.0.2.7', 'Browser/1.0'));
    expect(statements.take()).toEqual(['INSERT']);
    expect(await clients()).toEqual([['192.0.2.7', 'Browser/1.0']]);
  });

  it('is that of the connection where it does not, whatever a client says', async () => {
    const { browser, clients } = await start({ metadata: true });
    await browser.post('/view', from('192.0.2.7', 'Browser/1.0'));
    expect(await clients()).toEqual([['127.0.0.1', 'Browser/1.0']]);
  });

  it('is a network with `prefix`, and nobody by default', async () => {
    const known = await start({ metadata: { ip: 'prefix' } }, true);
    await known.browser.post('/view', from('2001:db8:abcd:1::7', 'Browser/1.0'));
    expect(await known.clients()).toEqual([['2001:db8:abcd::/48', 'Browser/1.0']]);
    const unknown = await start({}, true);
    await unknown.browser.post('/view', from('192.0.2.7', 'Browser/1.0'));
    expect(await unknown.clients()).toEqual([[undefined, undefined]]);
  });

  it('is followed to another address by the next write, and costs nothing else', async () => {
    const { browser, clients } = await start({ metadata: true }, true);
    await browser.post('/view', from('192.0.2.7', 'Browser/1.0'));
    statements.take();
    await browser.post('/view', from('192.0.2.7', 'Browser/1.0'));
    expect(statements.take()).toEqual(['SELECT', 'UPDATE']);
    await browser.get('/nothing', from('198.51.100.9', 'Browser/1.0'));
    expect(statements.take()).toEqual(['SELECT']);
    await browser.post('/view', from('198.51.100.9', 'Browser/1.1'));
    expect(statements.take()).toEqual(['SELECT', 'UPDATE', 'UPDATE']);
    expect(await clients()).toEqual([['198.51.100.9', 'Browser/1.1']]);
  });
});

describe('the client of a session without a framework', () => {
  type Handler = (session: Session, res: ServerResponse) => void;

  /** A server of Node.js whose handler gets the session. */
  async function serve(handle: Handler) {
    const sessions = createSessionMiddleware({ secret: SECRET, connection: embedded, metadata: true });
    const server = createServer((req, res) => {
      sessions(req as never, res as never, () => handle((req as unknown as { session: Session }).session, res));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await new Promise((resolve) => server.close(resolve));
      await sessions.store.close();
    });
    const { port } = server.address() as AddressInfo;
    return { browser: new Browser(`http://127.0.0.1:${port}`), store: sessions.store };
  }

  const known = [expect.objectContaining({ ipAddress: '127.0.0.1', userAgent: 'Browser/1.0' })];

  it('is that of the connection', async () => {
    const { browser, store } = await serve((session, res) => {
      session.views = 1;
      res.end();
    });
    await browser.get('/', from('192.0.2.7', 'Browser/1.0'));
    expect(await store.list()).toEqual(known);
  });

  it('is known when the client has gone before its session is stored', async () => {
    const saved = new Barrier();
    const { browser, store } = await serve((session, res) => {
      res.once('close', () => {
        session.views = 1;
        void session.save().then(() => saved.open());
      });
      res.destroy();
    });
    await expect(browser.get('/', from('192.0.2.7', 'Browser/1.0'))).rejects.toThrow();
    await saved.wait();
    expect(await store.list()).toEqual(known);
  });
});
