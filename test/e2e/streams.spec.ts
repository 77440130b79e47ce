import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Request, Response } from 'express';
import { defineSessionEntity } from 'nestjs-typeorm-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMiddleware } from '../../lib/http/session-middleware.js';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { Barrier } from '../support/barrier.js';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { embedded } from '../support/embedded.js';
import { startExpress } from '../support/express-app.js';
import { failWrites, holdWrites } from '../support/held-store.js';
import { SECOND, START } from '../support/store-fixture.js';

const LONG = 'x'.repeat(200_000);

describeEachDatabase('a stream', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const dataSource = useDataSource(database, [entity]);

  /** An application whose one handler changes the session and then does this. */
  async function start(handle: (req: Request, res: Response) => unknown) {
    const clock = { now: START };
    const warnings: string[] = [];
    const resolved = resolveOptions({ secret: 'secret', entity, prune: false, idleTimeout: '10m', touchInterval: '1m' });
    const store = composeStore(resolved, { dataSource: dataSource(), now: () => clock.now });
    onTestFinished(() => store.close());
    const address = await startExpress((app) => {
      app.use(createMiddleware(store, resolved, (warning) => warnings.push(warning)));
      app.get('/theme', ({ session }, res) => void res.json({ theme: session.theme, views: session.views }));
      app.use(async (req, res) => {
        req.session.theme = 'dark';
        await handle(req, res);
      });
    });
    return { store, clock, warnings, browser: new Browser(address), address };
  }

  it('is held with back-pressure, in order, and goes on with `drain`', async () => {
    const flow: unknown[] = [];
    const { browser, store } = await start((_req, res) => {
      res.on('drain', () => flow.push('drain'));
      flow.push(
        res.write('a', () => flow.push('a is written')),
        res.write(LONG),
        res.write('b'),
      );
      flow.push(res.headersSent);
      res.once('drain', () => res.end('c'));
    });
    const held = holdWrites(store);
    const pending = browser.get('/');
    await held.barrier.reached;
    expect(held.isHeadGone).toBe(false);
    expect(flow).toEqual([true, false, false, true]);
    held.barrier.open();
    const response = await pending;
    expect(setCookies(response)).toHaveLength(1);
    await expect(response.text()).resolves.toBe(`a${LONG}bc`);
    expect(flow.filter((each) => each === 'drain')).toHaveLength(1);
    expect(flow).toContain('a is written');
  });

  it('gets no `drain` where it was held below the high-water mark', async () => {
    const flow: unknown[] = [];
    let end: () => unknown;
    const { browser } = await start((_req, res) => {
      res.on('drain', () => flow.push('drain'));
      flow.push(res.write('a'));
      end = () => res.end('b');
    });
    const response = await browser.get('/');
    end!();
    await expect(response.text()).resolves.toBe('ab');
    expect(flow).toEqual([true]);
  });

  it('is read no further than that while it is held', async () => {
    let read = 0;
    const { browser, store } = await start((_req, res) => {
      const source = new Readable({
        highWaterMark: 16_384,
        read() {
          read += 16_384;
          this.push(read > 3_000_000 ? null : Buffer.alloc(16_384));
        },
      });
      source.pipe(res);
    });
    const held = holdWrites(store);
    const pending = browser.get('/');
    await held.barrier.reached;
    await new Browser(browser.address).get('/theme');
    expect(read).toBeLessThan(300_000);
    held.barrier.open();
    const body = await (await pending).arrayBuffer();
    expect(body.byteLength).toBe(3_000_000 - (3_000_000 % 16_384));
  });

  it('has a session that is changed after its head stored at its end', async () => {
    const barrier = new Barrier();
    const { browser } = await start(async (req, res) => {
      res.write('begun');
      await barrier.wait();
      req.session.views = 7;
      res.end();
    });
    const response = await browser.get('/');
    await expect(browser.json('/theme')).resolves.toEqual({ theme: 'dark' });
    barrier.open();
    await response.text();
    await expect(browser.json('/theme')).resolves.toEqual({ theme: 'dark', views: 7 });
  });

  it('touches its session while it lasts, at the interval', async () => {
    const source = new PassThrough();
    const { browser, store, clock } = await start((_req, res) => source.pipe(res));
    let touches = 0;
    const { touch } = store;
    const touched = new Promise<void>((resolve) => {
      store.touch = ((sid: string, session: never, done: (error?: unknown) => void) => {
        touches++;
        touch.call(store, sid, session, (error?: unknown) => {
          done(error);
          resolve();
        });
      }) as typeof store.touch;
    });
    source.write('begun');
    const response = await browser.get('/');
    const reader = response.body!.getReader();
    await reader.read();
    const say = async (word: string) => {
      source.write(word);
      await reader.read();
    };
    clock.now += 59 * SECOND;
    await say('soon');
    expect(touches).toBe(0);
    clock.now += SECOND;
    await say('now');
    await touched;
    await say('not again');
    expect(touches).toBe(1);
    clock.now += 9 * 60 * SECOND + 59 * SECOND;
    await expect(browser.json('/theme')).resolves.toEqual({ theme: 'dark' });
    source.end();
    await reader.read();
  });

  it.each(['write', 'flushHeaders', 'pipe'])(
    'whose session cannot be stored is one error response, and its rest is dropped: %s',
    async (way) => {
      const late: unknown[] = [];
      const { browser, store, warnings } = await start((_req, res) => {
        res.on('error', (error) => late.push(error));
        if (way === 'pipe') {
          Readable.from(['a', 'b', 'c']).pipe(res);
          return;
        }
        if (way === 'write') res.write('a');
        else res.flushHeaders();
        setImmediate(() => {
          res.write('b');
          res.end();
        });
      });
      failWrites(store, new Error('The database of this test is away.'));
      const response = await browser.get('/');
      expect([response.status, setCookies(response)]).toEqual([500, []]);
      expect(response.headers.get('content-type')).toMatch(/html/);
      await expect(response.text()).resolves.toMatch(/^<!DOCTYPE html>/);
      expect([late, warnings]).toEqual([[], []]);
    },
  );

  it('is not held by what is sent before any head', async () => {
    const { address, store } = await start((_req, res) => {
      res.writeContinue();
      res.writeEarlyHints({ link: '</style.css>; rel=preload' });
      res.end('done');
    });
    const held = holdWrites(store);
    const req = request(`${address}/`);
    const informed: number[] = [];
    req.on('information', ({ statusCode }) => informed.push(statusCode)).end();
    const response = once(req, 'response') as Promise<[IncomingMessage]>;
    await held.barrier.reached;
    if (informed.length < 2) await once(req, 'information');
    if (informed.length < 2) await once(req, 'information');
    expect(informed).toEqual([100, 103]);
    held.barrier.open();
    await expect(text((await response)[0])).resolves.toBe('done');
  });

  it('may have trailers, and serves HTTP/1.0 and pipelines', async () => {
    const { address } = await start((req, res) => {
      const hasTrailers = req.httpVersion === '1.1';
      if (hasTrailers) res.setHeader('trailer', 'x-sum');
      res.write('a');
      if (hasTrailers) res.addTrailers({ 'x-sum': '1' });
      res.end('b');
    });
    const { port } = new URL(address);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.0\r\n\r\n');
    const answer = await text(socket);
    expect(answer.match(/Set-Cookie: sid=/g)).toHaveLength(3);
    expect(answer.match(/x-sum: 1/g)).toHaveLength(2);
    expect(answer).toMatch(/ab$/);
  });

  it('that is destroyed while it is held harms nobody', async () => {
    const { browser, store, warnings } = await start((_req, res) => {
      res.write('a');
      res.destroy();
    });
    const held = holdWrites(store);
    await expect(browser.get('/')).rejects.toThrow(/fetch failed/);
    held.barrier.open();
    await expect(new Browser(browser.address).json('/theme')).resolves.toEqual({});
    expect(warnings).toEqual([]);
  });
});

describe('the response of a socket upgrade', () => {
  it('needs no more methods than those of Socket.IO', async () => {
    const resolved = resolveOptions({ secret: 'secret', connection: embedded, prune: false });
    const store = composeStore(resolved, {});
    onTestFinished(() => store.close());
    const headers: Record<string, unknown> = {};
    const sent: unknown[] = [];
    const res = {
      setHeader: (name: string, value: unknown) => void (headers[name] = value),
      getHeader: (name: string) => headers[name],
      removeHeader: (name: string) => void delete headers[name],
      write: () => undefined,
      writeHead: () => undefined,
      end: (...args: unknown[]) => void sent.push(...args),
    };
    const req = { headers: {}, url: '/socket.io/', socket: {} } as unknown as Request;
    await new Promise<void>((resolve, reject) => {
      void createMiddleware(store, resolved, () => undefined)(req, res as unknown as Response, (error) =>
        error ? reject(error as Error) : resolve(),
      );
    });
    expect(req.session.cookie).toBeDefined();
    (res.writeHead as () => void)();
    (res.end as (text: string) => void)('refused');
    expect(sent).toEqual(['refused']);
  });
});
