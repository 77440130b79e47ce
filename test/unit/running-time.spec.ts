import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterRunning, STEP_MS } from '../../lib/table/running-time.js';

const turn = () => new Promise(setImmediate);

describe('afterRunning', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([0, 1, STEP_MS - 1, STEP_MS, STEP_MS + 1, 5_000])('calls back after %i ms, once', async (ms) => {
    const callback = vi.fn<() => void>();
    afterRunning(ms, callback);
    if (ms > 0) vi.advanceTimersByTime(ms - 1);
    await turn();
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).not.toHaveBeenCalled();
    await turn();
    vi.advanceTimersByTime(60_000);
    await turn();
    expect(callback).toHaveBeenCalledOnce();
  });

  it.each([0, STEP_MS - 1, STEP_MS, 1_000])('never calls back when it is cancelled after %i ms of a second', async (ms) => {
    const callback = vi.fn<() => void>();
    const cancel = afterRunning(1_000, callback);
    vi.advanceTimersByTime(ms);
    cancel();
    vi.advanceTimersByTime(60_000);
    await turn();
    expect(callback).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
