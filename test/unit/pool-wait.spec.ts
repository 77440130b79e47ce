import type { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { mysqlTransport } from '../../lib/table/databases/mysql/mysql.transport.js';
import { postgresTransport } from '../../lib/table/databases/postgres/postgres.transport.js';
import { queryRunnerTransport } from '../../lib/table/sql/transport.js';
import type { StatementTransport } from '../../lib/table/sql/sent-statement.js';

type Answer = (error: unknown, answer?: unknown) => void;

const STATEMENT = { name: 'any', sql: 'DELETE FROM sessions', isFrequent: true, isPlain: true };
const logger = { logQuery: () => undefined, logQueryError: () => undefined };

/** A pool that gives its one connection when the test says so, or says that it has none. */
function openPool() {
  const query = vi.fn<() => Promise<void>>(() => new Promise(() => undefined));
  const release = vi.fn<() => void>();
  const client = { native: {}, on: () => undefined, removeListener: () => undefined, query, execute: query, release };
  let give!: () => void;
  let refuse!: () => void;
  const connected = new Promise((resolve, reject) => {
    give = () => resolve(client);
    refuse = () => reject(new Error('no connection'));
  });
  const connect = (answer: Answer) => {
    connected.then(
      (connection) => answer(null, connection),
      (error: unknown) => answer(error),
    );
  };
  const driver = { master: { connect }, obtainMasterConnection: () => connected };
  const createQueryRunner = () => ({ connect: () => connected, query, release });
  const dataSource = { driver, logger, createQueryRunner } as unknown as DataSource;
  return { dataSource, query, release, give, refuse };
}

describe.each<[string, StatementTransport]>([
  ['pg', postgresTransport],
  ['mysql2', mysqlTransport],
  ['the query runner', queryRunnerTransport],
])('A statement that waits for a connection of %s', (_, transport) => {
  it('is rejected in its time, and gives a connection back unused that comes later', async () => {
    const { dataSource, query, release, give } = openPool();
    await expect(transport(dataSource, STATEMENT, [], 10)).rejects.toMatchObject({
      code: 'SESSION_UNAVAILABLE',
      message: expect.stringMatching(/no connection within 10 ms.*Raise its size/) as string,
    });
    expect(release).not.toHaveBeenCalled();
    give();
    await vi.waitFor(() => expect(release).toHaveBeenCalledOnce(), 20_000);
    expect(query).not.toHaveBeenCalled();
  });

  it('is rejected with what the pool says', async () => {
    const { dataSource, query, refuse } = openPool();
    const sent = transport(dataSource, STATEMENT, [], 60_000);
    refuse();
    await expect(sent).rejects.toThrow('no connection');
    expect(query).not.toHaveBeenCalled();
  });
});

describe('A query runner that gets no connection', () => {
  it('is released', async () => {
    const { dataSource, release, refuse } = openPool();
    const sent = queryRunnerTransport(dataSource, STATEMENT, [], 60_000);
    refuse();
    await expect(sent).rejects.toThrow('no connection');
    expect(release).toHaveBeenCalledOnce();
  });
});
