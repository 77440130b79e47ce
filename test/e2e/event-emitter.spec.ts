import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { SessionModule, type SessionEvent } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { Browser } from '../support/browser.js';
import { embedded } from '../support/embedded.js';
import { holdSessions } from '../support/held-session.js';
import { startApp } from '../support/nest-app.js';
import { SECRET } from '../support/secret.js';

@Injectable()
class Audit {
  readonly told: [string, SessionEvent][] = [];

  @OnEvent('session.created')
  onCreated(event: SessionEvent) {
    this.told.push(['created', event]);
  }

  @OnEvent('session.destroyed')
  onDestroyed(event: SessionEvent) {
    this.told.push(['destroyed', event]);
  }
}

describe.each([false, true])('events on @nestjs/event-emitter, with wildcards: %s', (wildcard) => {
  async function start() {
    const imports = [EventEmitterModule.forRoot({ wildcard }), SessionModule.forRoot({ secret: SECRET, connection: embedded })];
    const { controller } = holdSessions();
    const { app, address, log } = await startApp({ imports, controllers: [controller], providers: [Audit] });
    return { browser: new Browser(address), emitter: app.get(EventEmitter2), audit: app.get(Audit), log };
  }

  it('are those of the store, as session.<name>', async () => {
    const { browser, audit } = await start();
    await browser.post('/login');
    await browser.post('/logout');
    const facts = { handle: expect.stringMatching(/^[0-9a-f]{32}$/), userId: 'ada', at: expect.any(Date) };
    expect(audit.told).toEqual([
      ['created', facts],
      ['destroyed', { ...facts, reason: 'logout' }],
    ]);
  });

  it('reach those who listen to all', async () => {
    const { browser, emitter } = await start();
    const names: unknown[] = [];
    emitter.onAny((name) => void names.push(name));
    await browser.post('/login');
    await browser.post('/login');
    expect(names.map(String)).toEqual(['session.created', 'session.signedIn']);
  });

  it('harm no request where a listener throws or rejects, which is a warning', async () => {
    const { browser, emitter, log } = await start();
    emitter.on('session.created', () => {
      throw new Error('a mistake of the application');
    });
    expect((await browser.post('/login')).status).toBe(201);
    emitter.on('session.destroyed', () => Promise.reject(new Error('another mistake')) as unknown as void);
    expect((await browser.post('/logout')).status).toBe(201);
    expect(log.warnings).toEqual([
      expect.stringMatching(/"created" failed: Error: a mistake of the application/),
      expect.stringMatching(/"destroyed" failed: Error: another mistake/),
    ]);
  });
});

it('An application without @nestjs/event-emitter gets its events from the store alone', async () => {
  const { controller } = holdSessions();
  const sessions = SessionModule.forRoot({ secret: SECRET, connection: embedded });
  const { address, store } = await startApp({ imports: [sessions], controllers: [controller] });
  const told: SessionEvent[] = [];
  store.on('created', (event) => void told.push(event));
  await new Browser(address).post('/login');
  expect(told).toHaveLength(1);
});
