import { createSessionStore, defineSessionEntity, SessionUnavailableError } from 'nestjs-typeorm-session/express';
import { describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { Browser } from '../support/browser.js';
import { describeEachDatabase, uniqueTableName, useDataSource } from '../support/databases.js';
import { startSockets } from '../support/socket-app.js';
import { openSocket, SOCKET_KINDS } from '../support/socket-client.js';

const REASONS = { 'Socket.IO': 'io server disconnect', ws: '4401 The session has ended.' };
const KINDS = SOCKET_KINDS.flatMap((kind) => ADAPTERS.map((adapter) => [kind, adapter] as const));

describe.each(KINDS)('gateways of %s on %s', (kind, adapter) => {
  describeEachDatabase(
    'have sessions',
    (database) => {
      const entity = defineSessionEntity({ tableName: uniqueTableName() });
      const dataSource = useDataSource(database, [entity]);
      const start = async (heartbeat?: '1h') => {
        const app = await startSockets(kind, adapter, { entity, dataSource: dataSource() }, heartbeat);
        const browser = new Browser(app.address);
        await browser.post('/begin');
        return { ...app, browser };
      };

      it('that are read, changed, and stored', async () => {
        const { browser, store } = await start('1h');
        const socket = await openSocket(kind, browser);
        const [info] = await store.list();
        await expect(socket.send('read')).resolves.toEqual({ views: 1, handle: info!.handle, same: true });
        await expect(socket.send('count')).resolves.toEqual({ views: 2 });
        await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 2 });
        await expect(browser.json('/count', { method: 'POST' })).resolves.toEqual({ views: 3 });
        await expect(socket.send('read')).resolves.toMatchObject({ views: 2 });
        await socket.send('reload');
        await expect(socket.send('read')).resolves.toMatchObject({ views: 3, same: true });
        await expect(socket.send('count')).resolves.toEqual({ views: 4 });
        await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 4 });
      });

      it('that are locked: each of many messages counts, and is stored before its reply', async () => {
        const { browser, store } = await start('1h');
        const sockets = await Promise.all(Array.from({ length: 6 }, () => openSocket(kind, browser)));
        const counts = await Promise.all(sockets.map((socket) => socket.send<{ views: number }>('locked-count')));
        expect(counts.map(({ views }) => views).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7]);
        await expect(store.get(browser.id!)).resolves.toMatchObject({ views: 7 });
        // After its lock is over, a socket stores as if there had been none.
        await browser.post('/count');
        await sockets[0]!.send('reload');
        await expect(sockets[0]!.send('count')).resolves.toEqual({ views: 9 });
      });

      it('that begin without a cookie, and can be stored', async () => {
        const { address, store } = await start('1h');
        const before = await store.count();
        const socket = await openSocket(kind, new Browser(address));
        await expect(socket.send('read')).resolves.toMatchObject({ same: true });
        expect(await store.count()).toBe(before);
        await expect(socket.send('count')).resolves.toEqual({ views: 1 });
        expect(await store.count()).toBe(before + 1);
        socket.tell('leave');
        await expect(socket.closed).resolves.toBe(REASONS[kind]);
        expect(await store.count()).toBe(before);
      });

      it.each(kind === 'ws' ? ['websocket'] : ['websocket', 'polling'])('that get another id and a user over %s', async (transport) => {
        const { browser, store } = await start('1h');
        const socket = await openSocket(kind, browser, transport);
        await expect(socket.send('rotate')).resolves.toEqual({ hasNewId: true });
        await expect(socket.send('login')).resolves.toEqual({ userId: 'ada' });
        expect(await store.revokeUser('ada')).toBe(1);
        await expect(socket.closed).resolves.toBe(REASONS[kind]);
      });

      it('that cut their sockets at once when they end in this process', async () => {
        const { browser, address } = await start('1h');
        const other = new Browser(address);
        await other.post('/begin');
        const [one, two, others] = await Promise.all([browser, browser, other].map((each) => openSocket(kind, each)));
        await browser.post('/leave');
        await expect(Promise.all([one!.closed, two!.closed])).resolves.toEqual([REASONS[kind], REASONS[kind]]);
        await expect(others!.send('count')).resolves.toEqual({ views: 2 });
      });

      it('that cut their sockets at a heartbeat when they end in another process', async () => {
        const { browser } = await start();
        const elsewhere = createSessionStore({ entity, dataSource: dataSource() });
        const socket = await openSocket(kind, browser);
        await expect(socket.send('read')).resolves.toMatchObject({ views: 1 });
        await elsewhere.destroy(browser.id!);
        await expect(socket.closed).resolves.toBe(REASONS[kind]);
        await elsewhere.close();
      });

      it('that keep their sockets when their id changes, and while the database does not answer', async () => {
        const { browser, store } = await start();
        const socket = await openSocket(kind, browser);
        await browser.post('/rotate');
        const find = store.find.bind(store);
        const beats = [new Barrier(), new Barrier()] as const;
        let isAway = false;
        vi.spyOn(store, 'find').mockImplementation(async (handle) => {
          beats[isAway ? 1 : 0].open();
          if (isAway) throw new SessionUnavailableError('The database of this test is away.');
          return find(handle);
        });
        await beats[0].wait();
        isAway = true;
        await beats[1].wait();
        isAway = false;
        await expect(socket.send('read')).resolves.toMatchObject({ views: 1 });
        await browser.post('/leave');
        await expect(socket.closed).resolves.toBe(REASONS[kind]);
      });

      it('that cannot be read refuse the socket', async () => {
        const { browser, store } = await start();
        vi.spyOn(store, 'get').mockRejectedValueOnce(new SessionUnavailableError('The database of this test is away.'));
        await expect(openSocket(kind, browser)).rejects.toThrow(kind === 'ws' ? '503' : 'websocket error');
        await expect((await openSocket(kind, browser)).send('read')).resolves.toMatchObject({ views: 1 });
      });
    },
    ['better-sqlite3', 'postgres'],
  );
});
