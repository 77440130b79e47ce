import { createHash, randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type { ModuleMetadata } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { defineSessionEntity, SessionHealthIndicator, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import { expect, it, onTestFinished, vi } from 'vitest';
import { EVENT_NAMES } from '../../lib/store/runtime/events.js';
import { Browser, signedCookie } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { holdSessions } from '../support/held-session.js';
import { startApp } from '../support/nest-app.js';
import { StatementLog } from '../support/statement-log.js';
import { SECRET } from '../support/secret.js';
import { failStatements } from '../support/store-gate.js';
import { useTelemetry } from '../support/telemetry.js';

const hash = (id: string) => createHash('sha256').update(id).digest('hex');
/** An id whose every form (raw, url-encoded) looks different. */
const genid = () => `${randomBytes(18).toString('base64')}+/=`;

describeEachDatabase('a session id', (database) => {
  const statements = new StatementLog();
  const tables = [uniqueTableName(), uniqueTableName()];
  const entity = defineSessionEntity({ tableName: tables[0]! });
  const dataSource = useDataSource(database, [entity], { logger: statements });

  /** Every column of every row, as the database gives it. */
  async function dump(): Promise<string> {
    const rows: unknown = await dataSource().query(`SELECT * FROM ${tables[0]}`);
    return JSON.stringify(rows, (_, value: unknown) => (value instanceof Uint8Array ? String(value) : value));
  }

  const rename = (from: string, to: string) => dataSource().query(`ALTER TABLE ${from} RENAME TO ${to}`);

  function expectNoneOf(ids: readonly string[], text: string) {
    for (const id of ids) {
      for (const form of [id, encodeURIComponent(id), JSON.stringify(id).slice(1, -1)]) expect(text).not.toContain(form);
    }
  }

  /** What an application would keep: its console, its log, TypeORM's log, and our events. */
  async function start(options: Partial<SessionModuleOptions> = {}, imports: ModuleMetadata['imports'] = []) {
    const output: string[] = [];
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      vi.spyOn(console, method).mockImplementation((...args: unknown[]) => void output.push(args.join(' ')));
    }
    for (const name of EVENT_NAMES) {
      const listener = (event: unknown) => void output.push(JSON.stringify(event));
      subscribe(`nestjs-typeorm-session:${name}`, listener);
      onTestFinished(() => void unsubscribe(`nestjs-typeorm-session:${name}`, listener));
    }
    onTestFinished(() => void vi.restoreAllMocks());
    const held = holdSessions();
    const module = SessionModule.forRoot({ secret: SECRET, entity, dataSource: dataSource(), ...options });
    const app = await startApp({ imports: [module, ...imports], controllers: [held.controller] });
    const said = () => [...output, ...app.log.warnings, ...app.log.errors].join('\n');
    return { ...app, newBarrier: held.newBarrier, said, browser: new Browser(app.address) };
  }

  it.each([
    ['as it is by default', {}],
    ['of the application', { genid }],
  ])('%s is in no column, its hash is', async (_, options) => {
    const { address, browser, newBarrier, said } = await start(options);
    const dumps: string[] = [];

    await browser.post('/login');
    dumps.push(await dump());
    await browser.post('/regenerate/de');
    await browser.post('/login');
    await browser.json('/me');
    const barrier = newBarrier();
    const held = browser.clone().post('/hold/dark');
    await barrier.reached;
    await browser.post('/login');
    barrier.open();
    expect((await held).ok).toBe(true);
    dumps.push(await dump());

    const stranger = new Browser(address);
    stranger.cookie = signedCookie('an id/that nobody+gave', SECRET);
    stranger.ids.push('an id/that nobody+gave');
    await stranger.post('/login');
    const visitor = new Browser(address);
    await visitor.post('/login');
    dumps.push(await dump());
    const live = [browser.id!, visitor.id!, stranger.id!];
    await visitor.post('/logout');
    dumps.push(await dump());

    const ids = [...browser.ids, ...stranger.ids, ...visitor.ids];
    expect(new Set(ids).size).toBe(5);
    for (const id of live) expect(dumps[2]).toContain(hash(id));
    expect(dumps[3]).not.toContain(hash(live[1]!));
    expectNoneOf(ids, dumps.join('\n'));
    expectNoneOf(ids, said());
    expectNoneOf(ids, statements.everything.join('\n'));
    // The capture sees what it should: keys are parameters of statements.
    expect(statements.everything.join('\n')).toContain(hash(live[0]!));
  });

  it('S42: is in no line that is said about trouble, nor is its hash or what the session holds', async () => {
    const { address, browser, newBarrier, said } = await start({ genid });
    await browser.post('/login');
    newBarrier().open();
    await browser.post('/hold/topsecret');
    const ids = [...browser.ids];

    // A row that cannot be decoded.
    await dataSource()
      .getRepository(entity)
      .update({ id: hash(browser.id!) }, { data: '{"theme":"topsecret",' });
    await expect(browser.json('/me')).resolves.toEqual({});

    // A session that cannot be stored: before the head of its answer, and after.
    const late = new Browser(address);
    await late.post('/login');
    ids.push(...late.ids);
    const barrier = newBarrier();
    const streamed = late.get('/stream/topsecret');
    await barrier.reached;
    await rename(tables[0]!, tables[1]!);
    expect((await new Browser(address).post('/login')).status).toBe(500);
    barrier.open();
    await expect((await streamed).text()).resolves.toBe('begun, ended');
    await rename(tables[1]!, tables[0]!);

    expect(said()).toMatch(/cannot be read/);
    expect(said()).toMatch(/missing/);
    expect(said()).toMatch(/after its response had begun/);
    expectNoneOf(ids, said());
    for (const id of ids) expect(said()).not.toContain(hash(id));
    expect(said()).not.toContain('topsecret');
  });

  it('is in no event, span, metric, health check, warning or error of a whole life, nor is its hash, cookie or data', async () => {
    const telemetry = useTelemetry();
    const { app, browser, newBarrier, said, store } = await start({ genid, metadata: true, touchInterval: 0 }, [
      EventEmitterModule.forRoot(),
    ]);
    const relayed: unknown[] = [];
    app.get(EventEmitter2).onAny((...event: unknown[]) => void relayed.push(event));
    const failures: unknown[] = [];
    const note = (error: unknown) => void failures.push(error);

    await browser.post('/login');
    newBarrier().open();
    await browser.post('/hold/topsecret');
    const cookies = [browser.cookie!];
    await browser.json('/me');
    await browser.post('/regenerate/topsecret');
    cookies.push(browser.cookie!);
    const [info] = await store.list();
    await store.count();
    await store.prune();

    const health = app.get(SessionHealthIndicator);
    const checks = [await health.pingCheck('sessions')];
    const restore = failStatements(dataSource(), /./);
    checks.push(await health.pingCheck('sessions'));
    const refused = await browser.get('/me');
    failures.push(await refused.text());
    await store.get(browser.id!).catch(note);
    await store.set(browser.id!, { cookie: { originalMaxAge: null }, theme: 'topsecret' } as never).catch(note);
    restore();
    await browser.post('/logout');

    const told = await telemetry.everything();
    const ids = browser.ids;
    expect(new Set(ids).size).toBe(2);
    expect(refused.status).toBe(503);
    expect(info?.userAgent).toBeTruthy();
    // Each of them has something to tell.
    expect(told).toContain('session set');
    expect(told).toContain('operation.duration');
    expect(JSON.stringify(relayed)).toContain('session.created');
    expect(JSON.stringify(checks)).toContain('down');
    expect(failures).toHaveLength(3);

    const everything = [told, inspect([relayed, checks, failures, info], { depth: 9 }), said()].join('\n');
    expectNoneOf(ids, everything);
    for (const id of ids) expect(everything).not.toContain(hash(id));
    for (const cookie of cookies) expect(everything).not.toContain(cookie);
    expect(everything).not.toContain('topsecret');
    // What TypeORM logs of its statements holds hashes and data, and never the id.
    const logged = statements.everything.join('\n');
    expect(logged).toContain(hash(ids[0]!));
    expect(logged).toContain('topsecret');
    expectNoneOf(ids, logged);
  });
});
