import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoreDependencies } from '../../lib/store/runtime/dependencies.js';
import { SessionPruner } from '../../lib/store/work/pruner.js';

const BATCH_ROWS = 10;

describe('the batches of a prune run', () => {
  const told: unknown[] = [];
  let batches: (number | Error)[];
  let asked: number;
  let pruner: SessionPruner;

  /** How long each batch takes. */
  let batchMs: number;
  const prune = () => {
    asked++;
    vi.advanceTimersByTime(batchMs);
    const batch = batches.shift() ?? 0;
    return batch instanceof Error ? Promise.reject(batch) : Promise.resolve(batch);
  };
  const prunerOf = (table: object, batchSize: number) =>
    new SessionPruner({
      table,
      options: { prune: { intervalMs: 1_000, batchSize } },
      now: Date.now,
      emit: (name: string, facts: object) => void told.push([name, facts]),
      warn: (message: string) => void told.push(['warning', message]),
    } as unknown as StoreDependencies);
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    told.length = 0;
    batches = [BATCH_ROWS, BATCH_ROWS, 3];
    batchMs = 40;
    asked = 0;
    pruner = prunerOf({ prune }, BATCH_ROWS);
  });
  afterEach(() => void vi.useRealTimers());

  it.each([
    [60, 2, 40],
    [60, 15, 100],
    [60, 60, 180],
    [60, 5_000, 1_000],
    // Of 20 rows, so that 500 a second are removed, as long as three quarters of the time are for others.
    [20, 1, 20],
    [20, 5, 40],
    [20, 15, 45],
  ])('of %i rows that take %i ms leave the database %i ms between them', async (rows, taken, pause) => {
    batches = [rows, rows, 0];
    batchMs = taken;
    pruner = prunerOf({ prune }, rows);
    const run = pruner.prune();
    expect(asked).toBe(1);
    await pass(pause - 1);
    expect(asked).toBe(1);
    await pass(1);
    expect(asked).toBe(2);
    await pass(pause);
    expect(asked).toBe(3);
    expect(await run).toBe(2 * rows);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are told of, one by one and at the end', async () => {
    const run = pruner.prune();
    await pass(2_000);
    expect(await run).toBe(2 * BATCH_ROWS + 3);
    expect(told).toEqual([
      ['pruning', { count: BATCH_ROWS }],
      ['pruning', { count: 2 * BATCH_ROWS }],
      ['pruned', { count: 2 * BATCH_ROWS + 3 }],
    ]);
  });

  it('begin small, grow while they are quick, never over the batch size, and get smaller while they are slow', async () => {
    const limits: number[] = [];
    const durations = [1, 1, 1, 1, 1, 20, 20, 20, 20, 20, 20, 20, 4, 1, 1, 1];
    const table = {
      prune: ({ limit }: { limit: number }) => {
        vi.advanceTimersByTime(durations[limits.length]!);
        limits.push(limit);
        return Promise.resolve(limits.length < durations.length ? limit : 0);
      },
    };
    const run = prunerOf(table, 1_000).prune();
    await pass(5_000);
    await run;
    expect(limits).toEqual([50, 100, 200, 400, 800, 1_000, 500, 250, 125, 62, 31, 25, 25, 25, 50, 100]);
  });

  it('end with a stop, which waits for no pause', async () => {
    const run = pruner.prune();
    await pass(1);
    await pruner.stop();
    expect(await run).toBe(BATCH_ROWS);
    expect(asked).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are told of as far as they went where one fails', async () => {
    batches = [BATCH_ROWS, new Error('no connection today')];
    const failure = pruner.prune().catch((error: unknown) => error);
    await pass(2_000);
    expect(await failure).toEqual(new Error('no connection today'));
    expect(told).toEqual([
      ['pruning', { count: BATCH_ROWS }],
      ['pruned', { count: BATCH_ROWS }],
    ]);
  });

  it('are those of one run, whoever asks meanwhile', async () => {
    const runs = [pruner.prune(), pruner.prune()];
    await pass(2_000);
    expect(await Promise.all(runs)).toEqual([23, 23]);
    expect(asked).toBe(3);
  });
});
