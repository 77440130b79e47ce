import { defineSessionEntity, type SessionModuleOptions, type SessionStore } from 'nestjs-typeorm-session';
import { expect, it, onTestFinished, vi } from 'vitest';
import { setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { signIn, startHandlers } from '../support/lock-apps.js';
import type { Handler } from '../support/lock-routes.js';
import { failStatements, gateStatements } from '../support/store-gate.js';

const [TAKEN, ADA] = ['an id that is taken', 'the id of ada lovelace'];

const post = { method: 'POST' };

describeEachDatabase('A rotation that fails', (database) => {
  const tableName = uniqueTableName();
  const entity = defineSessionEntity({ tableName });
  const dataSource = useDataSource(database, [entity]);
  const rows = () => dataSource().getRepository(entity).find();

  const login: Handler = (session) => void Object.assign(session, { userId: 'ada', views: 1 });
  const me: Handler = ({ userId, views, theme }) => ({ userId, views, theme });

  /** An application, and somebody signed in whose `/rotate` begins with a change. */
  async function start(options: Partial<SessionModuleOptions> = {}, handlers: Readonly<Record<string, Handler>> = {}) {
    await dataSource().getRepository(entity).clear();
    const rotate: Handler = (session) => session.rotate();
    /** Goes on after the failure, and tells what it was. */
    const survive: Handler = async (session, req) => {
      const error = await session.rotate().catch((reason: unknown) => reason as Error & { code?: string });
      session.theme = 'dark';
      return { code: error?.code ?? error?.message, ids: [session.id, req.sessionID, req.session.id], isSame: req.session === session };
    };
    const app = await startHandlers({ entity, dataSource: dataSource(), ...options }, { login, me, rotate, survive, ...handlers });
    const events: string[] = [];
    for (const name of ['rotated', 'interrupted', 'destroyed'] as const) app.store.on(name, () => events.push(name));
    return { ...app, browser: await signIn(app.address), events };
  }

  /** The table is away until the returned function is called. */
  async function renameTable(): Promise<() => Promise<void>> {
    const rename = (from: string, to: string) => dataSource().query(`ALTER TABLE ${from} RENAME TO ${to}`);
    await rename(tableName, `${tableName}_away`);
    let isAway = true;
    const restore = async () => {
      if (isAway) await rename(`${tableName}_away`, tableName);
      isAway = false;
    };
    onTestFinished(restore);
    return restore;
  }

  it('S11: because the database does not answer is a 503 without a cookie, and the old id works on', async () => {
    const { browser, events } = await start();
    const { id } = browser;
    const restore = failStatements(dataSource(), /^UPDATE/i);
    const answer = await browser.post('/rotate');
    expect([answer.status, setCookies(answer)]).toEqual([503, []]);
    restore();
    expect(browser.id).toBe(id);
    await expect(browser.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1 });
    expect(events).toEqual([]);
    expect((await browser.post('/rotate')).status).toBe(201);
    expect(browser.id).not.toBe(id);
    await expect(browser.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1 });
  });

  it('because the table is away is an error, and the old id works on when it is back', async () => {
    const restores: (() => Promise<void>)[] = [];
    const { browser, events } = await start(
      {},
      {
        async rotate(session) {
          restores.push(await renameTable());
          await session.rotate();
        },
      },
    );
    const answer = await browser.post('/rotate');
    expect([answer.status, setCookies(answer)]).toEqual([500, []]);
    await restores[0]!();
    await expect(browser.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1 });
    await expect(rows()).resolves.toHaveLength(1);
    expect(events).toEqual([]);
  });

  it.each<[string, string, () => unknown]>([
    ['gives an empty id', 'SESSION_OPTIONS', () => ''],
    ['gives an id of 257 characters', 'SESSION_OPTIONS', () => 'x'.repeat(257)],
    ['gives a number', 'SESSION_OPTIONS', () => 7],
    ['gives an id that somebody else has', 'SESSION_CONFLICT', () => TAKEN],
    ['gives the id that the session has', 'SESSION_CONFLICT', () => ADA],
    [
      'throws',
      'no more ids',
      () => {
        throw new Error('no more ids');
      },
    ],
  ])('because genid %s leaves the session as it was', async (_, code, genid) => {
    const makers: (() => unknown)[] = [() => TAKEN, () => ADA, genid];
    const { address, browser: other, store, events } = await start({ genid: () => makers.shift()!() as string });
    const browser = await signIn(address);
    expect([other.id, browser.id]).toEqual([TAKEN, ADA]);
    await expect(browser.json('/survive', post)).resolves.toEqual({ code, ids: Array(3).fill(ADA), isSame: true });
    expect(browser.ids).toEqual([ADA]);
    await expect(browser.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1, theme: 'dark' });
    await expect(other.json('/me', post)).resolves.toEqual({ userId: 'ada', views: 1 });
    await expect(store.count()).resolves.toBe(2);
    expect(events).toEqual([]);
  });

  it('because the session was ended meanwhile is a 409, and nothing comes back', async () => {
    const { browser, store, events } = await start(
      {},
      {
        async rotate(session) {
          await store.clear();
          session.theme = 'dark';
          await session.rotate();
        },
      },
    );
    const answer = await browser.post('/rotate');
    expect(answer.status).toBe(409);
    await expect(answer.json()).resolves.toMatchObject({ statusCode: 409, message: expect.stringMatching(/session was ended/) });
    expect(setCookies(answer)).toEqual([]);
    await expect(rows()).resolves.toEqual([]);
    expect(events).toEqual(['interrupted']);
  });

  it('because its request had ended the session is interrupted', async () => {
    const { browser, events } = await start(
      {},
      {
        async rotate(session) {
          await session.destroy();
          await session.rotate();
        },
      },
    );
    expect((await browser.post('/rotate')).status).toBe(409);
    await expect(rows()).resolves.toEqual([]);
    expect(events).toEqual(['destroyed']);
  });

  it('because the database answers too late is a 503, and there is one row, whichever id it has', async () => {
    const { browser } = await start({ operationTimeout: '1s' });
    const [before] = await rows();
    const gate = gateStatements(dataSource(), /^UPDATE/i);
    onTestFinished(() => gate.open());
    // No answer at all would be waited for as long as the database takes.
    const answer = await browser.post('/rotate', { signal: AbortSignal.timeout(20_000) });
    expect(answer.status).toBe(503);
    gate.open();
    await expect(rows()).resolves.toMatchObject([{ handle: before!.handle, version: 1 }]);
  });

  it('because the database answers too late revives no id by what is saved afterwards', async () => {
    let code: string | undefined;
    const { browser, store } = await start(
      { operationTimeout: '1s' },
      {
        async rotate(session) {
          const gate = gateStatements(dataSource(), /^UPDATE/i);
          const { id } = session;
          await session.rotate().catch((error: { code: string }) => ({ code } = error));
          gate.open();
          await hasMoved(store, id);
          session.theme = 'dark';
          await Promise.allSettled([session.save()]);
        },
      },
    );
    const [before] = await rows();
    await browser.post('/rotate');
    expect(code).toBe('SESSION_UNAVAILABLE');
    await expect(store.get(browser.ids[0]!)).resolves.toBeUndefined();
    await expect(rows()).resolves.toMatchObject([{ handle: before!.handle }]);
  });
});

/** Waits until the database has done what nobody waits for any more: the row has another id. */
const hasMoved = (store: SessionStore, id: string) => vi.waitFor(async () => expect(await store.get(id)).toBeUndefined(), 20_000);
