import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoreDependencies } from '../../lib/store/runtime/dependencies.js';
import type { Deadlines } from '../../lib/store/runtime/deadlines.js';
import { SessionRevoker } from '../../lib/store/users/revoker.js';

const deadlines = { run: (work: () => unknown) => work() } as unknown as Deadlines;

describe('the batches of revokeAll', () => {
  let removed: number[];
  let left: number;
  /** How long a removal takes, by its number of rows. */
  let msOf: (rows: number) => number;
  /** Ids that cannot be removed. */
  let held: Set<string>;

  const dependencies = (batchSize: number) =>
    ({
      table: {
        fields: () => Promise.resolve(new Set(['handle'])),
        locate: ({ limit }: { limit: number }) => {
          const rows = Array.from({ length: Math.min(limit, left) }, (_, row) => ({ id: `${left - row}`, handle: `${left - row}` }));
          left -= rows.length;
          return Promise.resolve(rows);
        },
        removeEach: (ids: string[]) => {
          removed.push(ids.length);
          vi.advanceTimersByTime(msOf(ids.length));
          return ids.map((id) => (held.has(id) ? Promise.reject(new Error(id)) : Promise.resolve('removed')));
        },
      },
      options: { prune: { batchSize } },
      emit: () => undefined,
      now: () => 0,
    }) as unknown as StoreDependencies;

  async function revokeAll(batchSize = 1_000): Promise<number> {
    const revoked = new SessionRevoker(dependencies(batchSize), deadlines).revokeAll();
    revoked.catch(() => undefined);
    await vi.runAllTimersAsync();
    return revoked;
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    removed = [];
    left = 1_000;
    msOf = () => 1;
    held = new Set();
  });
  afterEach(() => void vi.useRealTimers());

  it('grow while the database is quick, up to 64 rows', async () => {
    expect(await revokeAll()).toBe(1_000);
    expect(removed.slice(0, 3)).toEqual([16, 32, 16]);
    expect(Math.max(...removed)).toBe(64);
  });

  it('shrink where a row is slow, so that none takes a tenth of a second for long', async () => {
    msOf = (rows) => rows * 5;
    expect(await revokeAll()).toBe(1_000);
    expect(removed.slice(0, 3)).toEqual([16, 8, 8]);
    expect(Math.max(...removed.slice(1))).toBe(8);
  });

  it('shrink no further than to eight rows, because much of the time is that of the disk', async () => {
    msOf = () => 300;
    expect(await revokeAll()).toBe(1_000);
    expect(removed.slice(0, 3)).toEqual([16, 8, 8]);
    expect(Math.min(...removed.slice(0, 9))).toBe(8);
  });

  it('hold no more rows than `prune.batchSize` says', async () => {
    left = 10;
    expect(await revokeAll(3)).toBe(10);
    expect(removed).toEqual([3, 3, 3, 1]);
  });

  it('end the rows around one that cannot be ended, and then the call fails', async () => {
    left = 60;
    held.add('50');
    await expect(revokeAll()).rejects.toThrow('50');
    expect(removed.reduce((sum, rows) => sum + rows)).toBe(60);
  });

  it('stop where a second one fails: the database is gone', async () => {
    held = new Set(Array.from({ length: 1_001 }, (_, id) => `${id}`));
    await expect(revokeAll()).rejects.toThrow('1000');
    expect(removed).toHaveLength(2);
  });
});
