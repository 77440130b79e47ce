import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import { Deadlines, type Operation } from '../../lib/store/work/deadlines.js';
import { AvailabilityMonitor } from '../../lib/store/work/availability-monitor.js';

describe('Deadlines under way', () => {
  const told: boolean[] = [];
  let deadlines: Deadlines;

  beforeEach(() => {
    vi.useFakeTimers();
    told.length = 0;
    deadlines = new Deadlines(1_000, new AvailabilityMonitor((isAvailable) => void told.push(isAvailable)));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Work that ends when the test says so, and what became of the operation. */
  function start() {
    let end!: (error?: Error) => void;
    let operation!: Operation;
    const outcome: string[] = [];
    const work = new Promise<string>((resolve, reject) => (end = (error) => (error ? reject(error) : resolve('done'))));
    const result = deadlines.run((begun) => {
      operation = begun;
      return work;
    });
    result.then(
      (value) => outcome.push(value),
      (error: unknown) => outcome.push(error instanceof SessionUnavailableError ? 'late' : String(error)),
    );
    return { end, outcome, isLate: () => operation.isLate };
  }

  it('end as their work does', async () => {
    const [good, bad] = [start(), start()];
    good.end();
    bad.end(new Error('refused'));
    await vi.advanceTimersByTimeAsync(0);
    expect([good.outcome, bad.outcome]).toEqual([['done'], ['Error: refused']]);
  });

  it('fail when their time is over, each at its own', async () => {
    const first = start();
    await vi.advanceTimersByTimeAsync(400);
    const second = start();
    await vi.advanceTimersByTimeAsync(599);
    expect([first.outcome, first.isLate()]).toEqual([[], false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([first.outcome, first.isLate(), second.outcome]).toEqual([['late'], true, []]);
    await vi.advanceTimersByTimeAsync(400);
    expect(second.outcome).toEqual(['late']);
    expect(told).toEqual([false]);
  });

  it('are still bounded after one that was late and hangs', async () => {
    const hung = start();
    await vi.advanceTimersByTimeAsync(1_500);
    const next = start();
    await vi.advanceTimersByTimeAsync(999);
    expect([hung.outcome, next.outcome]).toEqual([['late'], []]);
    await vi.advanceTimersByTimeAsync(1);
    expect(next.outcome).toEqual(['late']);
  });

  it.each([0, 1, 2])('are found by their time where the one at place %i has ended', async (place) => {
    const all = [start(), start(), start()];
    all[place]!.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(all.map(({ outcome }) => outcome)).toEqual(all.map((_, index) => [index === place ? 'done' : 'late']));
  });

  it('share one timer, which keeps no process alive once they have ended', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const all = Array.from({ length: 1_000 }, start);
    const timer = timers.mock.results[0]!.value as NodeJS.Timeout;
    expect([timers.mock.calls.length, timer.hasRef()]).toEqual([1, true]);
    for (const { end } of all) end();
    await vi.advanceTimersByTimeAsync(0);
    expect(timer.hasRef()).toBe(false);
    start();
    expect([timers.mock.calls.length, timer.hasRef()]).toEqual([1, true]);
    timers.mockRestore();
  });

  it('are waited for until the last has ended, late or not', async () => {
    const [late, good] = [start(), start()];
    let isIdle = false;
    void deadlines.idle().then(() => (isIdle = true));
    good.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([late.outcome, isIdle]).toEqual([['late'], false]);
    late.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(isIdle).toBe(true);
  });
});
