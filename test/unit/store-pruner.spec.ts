import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { composeStore } from '../../lib/store/compose.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import type { SessionStore } from '../../lib/store/session-store.js';
import { TypeOrmSessionTable } from '../../lib/table/typeorm-session-table.js';
import { dataOf } from '../support/store-data.js';
import { SECRET } from '../support/secret.js';
import { embedded } from '../support/embedded.js';

const MINUTE = 60_000;

describe('the pruner of a store', () => {
  let store: SessionStore;
  let runs: number;
  const warnings: string[] = [];

  const warn = (message: string) => void warnings.push(message);
  const open = (prune?: { interval?: number; batchSize?: number } | false, warnBy = warn) => {
    const connection = embedded;
    const resolved = resolveOptions({ secret: SECRET, connection, idleTimeout: '1m', ...(prune !== undefined && { prune }) });
    store = composeStore(resolved, { warn: warnBy });
    store.on('pruned', () => void runs++);
  };
  /** The count of the next run that ends. */
  const nextRun = () => new Promise((resolve) => store.once('pruned', ({ count }) => resolve(count)));
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    runs = 0;
    warnings.length = 0;
    // A full hour: late in an hour, that of the row would be over too soon.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2030, 0, 1) });
  });
  afterEach(async () => {
    // A spy on a false clock, restored later, would bring that back.
    vi.restoreAllMocks();
    vi.useRealTimers();
    await store.close();
  });

  it.each([
    ['every 15 minutes by default', undefined, 15 * MINUTE],
    ['at the interval', { interval: 10 * MINUTE }, 10 * MINUTE],
  ])('runs %s, first in the second half of it, so that processes which start together do not meet', async (_, prune, interval) => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const delays: number[] = [];
    for (let index = 0; index < 20; index++) {
      open(prune);
      delays.push(Number(timers.mock.calls.at(-1)?.[1]));
      await store.close();
    }
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0.5 * interval);
    expect(Math.max(...delays)).toBeLessThanOrEqual(interval);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(0.1 * interval);
  });

  it('runs again after the interval, each time off by up to a tenth', async () => {
    open({ interval: 10 * MINUTE });
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const delays: number[] = [];
    for (let index = 0; index < 20; index++) {
      const pruned = nextRun();
      await vi.runOnlyPendingTimersAsync();
      await pruned;
      await pass(0);
      delays.push(Math.max(...timers.mock.calls.map(([, delay]) => delay ?? 0)));
      timers.mockClear();
    }
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(9 * MINUTE);
    expect(Math.max(...delays)).toBeLessThanOrEqual(11 * MINUTE);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(0.1 * MINUTE);
  });

  it('removes expired rows by itself', async () => {
    open({ interval: 10 * MINUTE });
    await store.set('a', dataOf());
    expect(await store.length()).toBe(1);
    let pruned = nextRun();
    await pass(11 * MINUTE);
    expect(await pruned).toBe(0);
    // The coarse hour of the row has to pass as well.
    vi.setSystemTime(Date.now() + 120 * MINUTE);
    pruned = nextRun();
    await pass(11 * MINUTE);
    expect(await pruned).toBe(1);
  });

  it('goes on after a run that failed, with a warning', async () => {
    open({ interval: 10 * MINUTE });
    vi.spyOn(TypeOrmSessionTable.prototype, 'prune').mockRejectedValueOnce(new Error('no connection today'));
    await pass(11 * MINUTE);
    expect(warnings).toEqual([expect.stringContaining('no connection today')]);
    expect(runs).toBe(0);
    const pruned = nextRun();
    await pass(11 * MINUTE);
    expect(await pruned).toBe(0);
  });

  it('goes on where not even the warning of it can be logged', async () => {
    const told = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    open({ interval: 10 * MINUTE }, () => {
      throw new Error('the disk of the log is full');
    });
    vi.spyOn(TypeOrmSessionTable.prototype, 'prune').mockRejectedValueOnce(new Error('no connection today'));
    await pass(11 * MINUTE);
    expect(told).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/disk of the log is full.*no connection today/));
    const pruned = nextRun();
    await pass(11 * MINUTE);
    expect(await pruned).toBe(0);
  });

  it('has no timer with prune: false', async () => {
    open(false);
    expect(vi.getTimerCount()).toBe(0);
    await pass(1_000 * MINUTE);
    expect(runs).toBe(0);
  });

  it('has no timer after close', async () => {
    open({ interval: 10 * MINUTE });
    expect(vi.getTimerCount()).toBe(1);
    await store.close();
    expect(vi.getTimerCount()).toBe(0);
    await pass(100 * MINUTE);
    expect(runs).toBe(0);
  });

  it('keeps no process alive', () => {
    vi.useRealTimers();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    open({ interval: 10 * MINUTE });
    const timer = timers.mock.results.at(-1)?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
  });
});
