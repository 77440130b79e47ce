import type { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { throughPool } from '../../lib/table/postgres-pool.js';

type Callback = (error: unknown, result?: unknown) => void;

describe('A statement that the database refuses', () => {
  it('is rejected, and its connection given back, also where the logger throws in the callback of the driver', async () => {
    const released: boolean[] = [];
    const thrown: unknown[] = [];
    const client = {
      on: () => undefined,
      off: () => undefined,
      release: (isBroken: boolean) => void released.push(isBroken),
      query(_: unknown, callback: Callback) {
        queueMicrotask(() => {
          try {
            callback(Object.assign(new Error('refused'), { code: '22001' }));
          } catch (error) {
            thrown.push(error);
          }
        });
      },
    };
    const dataSource = {
      driver: { master: { connect: (callback: Callback) => callback(null, client) } },
      logger: {
        logQuery: () => undefined,
        logQueryError() {
          throw new Error('the disk is full');
        },
      },
    } as unknown as DataSource;
    const statement = { name: 'any', sql: 'SELECT 1', bind: () => [] };
    await expect(throughPool(dataSource, statement, [], 1_000)).rejects.toThrow('the disk is full');
    expect([released, thrown]).toEqual([[false], []]);
  });
});
