import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser } from '../support/browser.js';
import { describeEachServer, uniqueTableName, useDataSource } from '../support/databases.js';
import { raceEntity } from '../support/race-instance.js';
import { RaceProcess } from '../support/race-process.js';
import { startSockets } from '../support/socket-app.js';
import { openSocket, SOCKET_KINDS } from '../support/socket-client.js';

const REASONS = { 'Socket.IO': 'io server disconnect', ws: '4401 The session has ended.' };
const KINDS = SOCKET_KINDS.flatMap((kind) => ADAPTERS.map((adapter) => ({ kind, adapter })));

type Call = (method: 'revoke' | 'load' | 'destroy', ...args: unknown[]) => Promise<unknown>;

/** What another process does to the session of a browser. */
const ENDS: [string, (call: Call, session: { handle: string; sid: string }) => Promise<unknown>][] = [
  ['revokes it', (call, { handle }) => call('revoke', handle)],
  ['destroys it in a request', async (call, { sid }) => call('destroy', await call('load', sid))],
];

describeEachServer('a socket whose session is ended by another process', (database) => {
  const config = { name: database.name, connection: database.options, tableName: uniqueTableName() };
  const entity = raceEntity(config);
  const dataSource = useDataSource(database, [entity]);
  let other: RaceProcess;
  beforeAll(() => void (other = new RaceProcess(config)));
  afterAll(() => other.end());
  const call: Call = (method, ...args) => other.call({ now: Date.now(), method, args });

  describe.each(KINDS)('of $kind on $adapter', ({ kind, adapter }) => {
    const start = async (heartbeat?: '1h') => {
      const { address, store } = await startSockets(kind, adapter, { entity, dataSource: dataSource() }, heartbeat);
      await store.clear();
      const browser = new Browser(address);
      await browser.post('/begin');
      const [info] = await store.list();
      return { browser, handle: info!.handle };
    };

    it.each(ENDS)('is cut at its heartbeat, if that %s, and no other', async (_, end) => {
      const { browser, handle } = await start();
      const neighbour = new Browser(browser.address);
      await neighbour.post('/begin');
      const [socket, living] = await Promise.all([browser, neighbour].map((each) => openSocket(kind, each)));
      await end(call, { handle, sid: browser.id! });
      await expect(socket!.closed).resolves.toBe(REASONS[kind]);
      await expect(living!.send('count')).resolves.toEqual({ views: 2 });
    });

    it('is open until its heartbeat', async () => {
      const { browser, handle } = await start('1h');
      const socket = await openSocket(kind, browser);
      await expect(call('revoke', handle)).resolves.toBe(true);
      await expect(socket.send('read')).resolves.toMatchObject({ views: 1, handle });
    });
  });
});
