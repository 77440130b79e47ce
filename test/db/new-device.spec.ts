import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { SessionStore } from '../../lib/store/session-store.js';
import { isNewDevice } from '../../lib/store/owner/new-device.js';
import { describeEachDatabase, useDataSource } from '../support/databases.js';
import { newSession } from '../support/store-data.js';
import { kindsOf, useStores } from '../support/store-fixture.js';
import { openTable, ownSessionEntity } from '../support/table-open.js';
import { newRow, NOW } from '../support/table-rows.js';

describeEachDatabase('a device', (database) => {
  const entity = ownSessionEntity(database);
  const dataSource = useDataSource(database, [entity]);
  const key = createHash('sha256').update('own').digest('hex');
  const agent = 'Browser/1.0';

  async function start(client: { ipAddress: string | null; userAgent: string | null }, more = {}) {
    const table = openTable(dataSource(), entity);
    await table.clear();
    await table.insert([newRow(key, { userId: 'ann', ...client, ...more })]);
    return (ipAddress: string | null, userAgent: string | null, exceptId?: string, userId = 'ann') =>
      isNewDevice({ table }, { userId, client: { ipAddress, userAgent }, exceptId });
  }

  it('is known by its agent and its network', async () => {
    const isNew = await start({ ipAddress: '192.0.2.7', userAgent: agent });
    expect(await isNew('192.0.2.7', agent)).toBe(false);
    expect(await isNew('192.0.2.99', agent)).toBe(false);
    expect(await isNew('192.0.3.7', agent)).toBe(true);
    expect(await isNew('192.0.2.7', 'Browser/1.1')).toBe(true);
    expect(await isNew('192.0.2.7', agent, undefined, 'bob')).toBe(true);
    expect(await isNew(null, agent)).toBe(true);
  });

  it('is known where only networks are kept, and where there is no address', async () => {
    const ofNetwork = await start({ ipAddress: '2001:db8:1::/48', userAgent: agent });
    expect(await ofNetwork('2001:db8:1:2::3', agent)).toBe(false);
    const ofNothing = await start({ ipAddress: null, userAgent: null });
    expect(await ofNothing(null, null)).toBe(false);
  });

  it('is known by a session that has expired, and not by the new session itself', async () => {
    const isNew = await start({ ipAddress: '192.0.2.7', userAgent: agent }, { expiresAt: NOW - 1 });
    expect(await isNew('192.0.2.7', agent)).toBe(false);
    expect(await isNew('192.0.2.7', agent, key)).toBe(true);
  });

  it('is nothing to tell of without a client', async () => {
    const table = openTable(dataSource(), entity);
    expect(await isNewDevice({ table }, { userId: 'ann', client: undefined })).toBeUndefined();
  });
});

describeEachDatabase('signedIn', (database) => {
  const { statements, open } = useStores(database);
  const FIRST = { ip: '192.0.2.7', headers: { 'user-agent': 'Browser/1.0' } };
  const SECOND = { ip: '198.51.100.9', headers: { 'user-agent': 'Browser/1.0' } };

  async function signInFrom(store: SessionStore, client: object, sid: string) {
    const session = newSession(store, sid);
    Object.assign((session as unknown as { req: object }).req, client);
    await (session as unknown as { login(userId: string): Promise<void> }).login('ann');
    return session as unknown as { login(userId: string): Promise<void>; save(): Promise<void>; userId?: unknown };
  }

  it('S44: says whether the device is new, and remembers it', async () => {
    const store = open({ metadata: true });
    const told: unknown[] = [];
    store.on('signedIn', ({ userId, isNewDevice: isNew, ipAddress }) => void told.push([userId, isNew, ipAddress]));
    const session = await signInFrom(store, FIRST, 'first');
    await signInFrom(store, FIRST, 'second');
    await signInFrom(store, SECOND, 'third');
    await session.login('ann');
    await Object.assign(session, { userId: 'bob' }).save();
    expect(told).toEqual([
      ['ann', true, '192.0.2.7'],
      ['ann', false, '192.0.2.7'],
      ['ann', true, '198.51.100.9'],
      ['ann', false, '192.0.2.7'],
      ['bob', true, '192.0.2.7'],
    ]);
  });

  it('costs nothing where nobody listens, and says nothing without metadata', async () => {
    const silent = open({ metadata: true });
    await silent.ping();
    statements.length = 0;
    await signInFrom(silent, FIRST, 'first');
    expect(kindsOf(statements)).toEqual(['INSERT']);
    const store = open();
    const told: unknown[] = [];
    store.on('signedIn', ({ isNewDevice: isNew }) => void told.push(isNew));
    await signInFrom(store, FIRST, 'second');
    expect(told).toEqual([undefined]);
  });
});
