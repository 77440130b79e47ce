import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { mysqlTransport } from '../../lib/table/databases/mysql/mysql.transport.js';
import { postgresTransport } from '../../lib/table/databases/postgres/postgres.transport.js';

type Callback = (error: unknown, result?: unknown) => void;

/** A connection whose database refuses each statement, and the driver that has it. */
function refusing(prepares: boolean) {
  const released: unknown[] = [];
  const thrown: unknown[] = [];
  const query = (...given: unknown[]) => {
    queueMicrotask(() => {
      try {
        (given.at(-1) as Callback)(Object.assign(new Error('refused'), { code: '22001' }));
      } catch (error) {
        thrown.push(error);
      }
    });
  };
  const connection = {
    on: () => undefined,
    removeListener: () => undefined,
    native: {},
    release: (isBroken = false) => void released.push(isBroken),
    query,
    ...(prepares && { execute: query }),
  };
  const driver = {
    master: { connect: (callback: Callback) => callback(null, connection) },
    obtainMasterConnection: () => Promise.resolve(connection),
  };
  return { driver, released, thrown };
}

describe('A statement that the database refuses', () => {
  it.each([
    ['pg', postgresTransport, true],
    ['mysql2', mysqlTransport, true],
    ['mysql', mysqlTransport, false],
  ])('is rejected, and its connection of %s given back, also where the logger throws in the callback', async (_, transport, prepares) => {
    const { driver, released, thrown } = refusing(prepares);
    const logger = {
      logQuery: () => undefined,
      logQueryError() {
        throw new Error('the disk is full');
      },
    };
    const statement = { name: 'any', sql: 'DELETE FROM sessions', isFrequent: true, isPlain: true, bind: () => [], read: () => [] };
    const sent = transport({ driver, logger } as unknown as DataSource, statement, [], 1_000);
    await expect(sent).rejects.toMatchObject({ code: 'SESSION_UNAVAILABLE', cause: { message: 'the disk is full' } });
    expect([released, thrown]).toEqual([[false], []]);
  });
});
