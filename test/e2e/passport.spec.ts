import { defineSessionEntity } from 'nestjs-typeorm-session';
import { expect, it } from 'vitest';
import { Browser, setCookies } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { failWrites, holdWrites } from '../support/held-store.js';
import { startPassport } from '../support/passport-app.js';
import { StatementLog } from '../support/statement-log.js';

describeEachDatabase('passport', (database) => {
  const entity = defineSessionEntity({ tableName: uniqueTableName() });
  const statements = new StatementLog();
  const dataSource = useDataSource(database, [entity], { logger: statements });

  const start = async (how: Parameters<typeof startPassport>[1] = {}) => {
    await dataSource().getRepository(entity).clear();
    const app = await startPassport({ entity, dataSource: dataSource() }, how);
    return { ...app, browser: new Browser(app.address) };
  };

  it('signs in under a new id, and ends the session from before', async () => {
    const { browser, store } = await start();
    await browser.json('/view');
    const before = browser.clone();
    expect((await browser.get('/me')).status).toBe(401);

    const answer = await browser.post('/login?user=ada');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/me']);
    expect(setCookies(answer)).toHaveLength(1);
    expect(browser.id).not.toBe(before.id);
    await expect(browser.json('/me')).resolves.toEqual({ user: { id: 'ada' } });
    expect((await before.get('/me')).status).toBe(401);
    await expect(store.list()).resolves.toEqual([expect.objectContaining({ userId: 'ada' })]);
  });

  it('signs in and out where main.ts mounts it', async () => {
    const { browser, store } = await start({ isInMain: true });
    await browser.json('/view');
    expect((await browser.get('/me')).status).toBe(401);
    expect((await browser.post('/login?user=ada')).status).toBe(302);
    await expect(browser.json('/me')).resolves.toEqual({ user: { id: 'ada' } });
    expect((await browser.post('/logout')).status).toBe(302);
    expect((await browser.get('/me')).status).toBe(401);
    await expect(store.count()).resolves.toBe(0);
  });

  it('signs in whoever has no session yet with one statement', async () => {
    const { browser } = await start();
    statements.take();
    await browser.post('/login?user=ada');
    expect(statements.take()).toEqual(['INSERT']);
  });

  it('keeps what the session held where it is told to, and drops it otherwise', async () => {
    for (const [keepSessionInfo, views] of [
      [true, 2],
      [false, 1],
    ] as const) {
      const { browser } = await start({ keepSessionInfo });
      await browser.json('/view');
      await browser.post('/login?user=ada');
      await expect(browser.json('/view')).resolves.toEqual({ views });
      await expect(browser.json('/me')).resolves.toEqual({ user: { id: 'ada' }, views });
    }
  });

  it('redirects not before the login is stored', async () => {
    const { browser, store } = await start();
    const held = holdWrites(store);
    let isRedirected = false;
    const answer = browser.post('/login?user=ada').finally(() => (isRedirected = true));
    await held.barrier.reached;
    expect((await new Browser(browser.address).get('/me')).status).toBe(401);
    expect([held.isHeadGone, isRedirected]).toEqual([false, false]);
    held.barrier.open();
    expect((await answer).status).toBe(302);
    await expect(browser.json('/me')).resolves.toEqual({ user: { id: 'ada' } });
  });

  it('does not sign in whom the store could not keep', async () => {
    const { browser, store } = await start();
    failWrites(store, new Error('The database of this test is away.'));
    const answer = await browser.post('/login?user=ada');
    expect(answer.status).toBe(500);
    expect(answer.headers.get('location')).toBeNull();
    expect(setCookies(answer)).toEqual([]);
  });

  it('signs out for good', async () => {
    const { browser, store } = await start();
    await browser.post('/login?user=ada');
    const thief = browser.clone();
    const answer = await browser.post('/logout');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/view']);
    expect((await browser.get('/me')).status).toBe(401);
    expect((await thief.get('/me')).status).toBe(401);
    await expect(store.count()).resolves.toBe(0);
  });

  it('refuses a stranger without a row', async () => {
    const { browser, store } = await start();
    expect((await browser.post('/login?user=eve')).status).toBe(401);
    await expect(store.count()).resolves.toBe(0);
    expect(browser.cookie).toBeUndefined();
  });
});
