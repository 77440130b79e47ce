import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import { Deadlines, type Operation } from '../../lib/store/runtime/deadlines.js';
import { AvailabilityMonitor } from '../../lib/store/runtime/availability-monitor.js';
import { STEP_MS } from '../../lib/table/running-time.js';

describe('Deadlines under way', () => {
  const told: boolean[] = [];
  let deadlines: Deadlines;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    told.length = 0;
    deadlines = new Deadlines(1_000, new AvailabilityMonitor((isAvailable) => void told.push(isAvailable)));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Time passes, and the event loop goes round once. */
  async function pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    await new Promise(setImmediate);
  }

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
    await pass(0);
    expect([good.outcome, bad.outcome]).toEqual([['done'], ['Error: refused']]);
  });

  it('end with what their work throws at once, and tell of no outage later', async () => {
    const thrown = new Error('at once');
    const failing = deadlines.run(() => {
      throw thrown;
    });
    await expect(failing).rejects.toBe(thrown);
    await pass(2_000);
    expect(told).toEqual([]);
  });

  it('fail with what their own reason throws, and the others fail in their time', async () => {
    const getter = new Error('a getter of the application');
    const late = deadlines.run((operation) => {
      operation.whenLate = () => {
        throw getter;
      };
      return new Promise<never>(() => {});
    });
    const failure = late.catch((error: unknown) => error);
    const others = [start(), start()];
    await pass(1_000);
    expect(await failure).toBe(getter);
    expect(others.map(({ outcome }) => outcome)).toEqual([['late'], ['late']]);
    const next = start();
    await pass(1_000);
    expect(next.outcome).toEqual(['late']);
  });

  it('fail when their time is over, each at its own', async () => {
    const first = start();
    await pass(400);
    const second = start();
    await pass(599);
    expect([first.outcome, first.isLate()]).toEqual([[], false]);
    await pass(1);
    expect([first.outcome, first.isLate(), second.outcome]).toEqual([['late'], true, []]);
    await pass(400);
    expect(second.outcome).toEqual(['late']);
    expect(told).toEqual([false]);
  });

  it('are still bounded after one that was late and hangs', async () => {
    const hung = start();
    await pass(1_500);
    const next = start();
    await pass(999);
    expect([hung.outcome, next.outcome]).toEqual([['late'], []]);
    await pass(1);
    expect(next.outcome).toEqual(['late']);
  });

  it.each([0, 1, 2])('are found by their time where the one at place %i has ended', async (place) => {
    const all = [start(), start(), start()];
    all[place]!.end();
    await pass(1_000);
    expect(all.map(({ outcome }) => outcome)).toEqual(all.map((_, index) => [index === place ? 'done' : 'late']));
  });

  it('share one timer, which keeps no process alive once they have ended', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const all = Array.from({ length: 1_000 }, start);
    const timer = timers.mock.results[0]!.value as NodeJS.Timeout;
    expect([timers.mock.calls.length, timer.hasRef()]).toEqual([1, true]);
    for (const { end } of all) end();
    await pass(0);
    expect(timer.hasRef()).toBe(false);
    start();
    expect([timers.mock.calls.length, timer.hasRef()]).toEqual([1, true]);
    timers.mockRestore();
  });

  /** Whether what waits for operations waits no longer. */
  function note(waiting: Promise<void>) {
    const state = { isOver: false };
    void waiting.then(() => (state.isOver = true));
    return state;
  }

  it.each(['settled', 'idle'] as const)('are waited for until the last has ended or is late (%s)', async (wait) => {
    const [late, good] = [start(), start()];
    const waiting = note(deadlines[wait]());
    good.end();
    await pass(999);
    expect([late.outcome, waiting.isOver]).toEqual([[], false]);
    await pass(2);
    expect([late.outcome, waiting.isOver]).toEqual([['late'], true]);
  });

  it('are not waited for where they have begun later, and so never starve who waits', async () => {
    let last = start();
    const waiting = note(deadlines.settled());
    for (let round = 0; round < 5; round++) {
      const next = start();
      last.end();
      last = next;
      await pass(1);
    }
    expect([last.outcome, waiting.isOver]).toEqual([[], true]);
  });

  it('are waited for where they follow from each other, for as long as one may take', async () => {
    let last = start();
    const waiting = note(deadlines.idle());
    for (let ms = 0; ms < 999; ms += 9) {
      expect(waiting.isOver).toBe(false);
      const next = start();
      last.end();
      last = next;
      await pass(9);
    }
    await pass(20);
    last.end();
    await pass(1);
    expect(waiting.isOver).toBe(true);
  });

  it('are waited for by several, each for its own', async () => {
    const first = start();
    const one = note(deadlines.settled());
    const second = start();
    const two = note(deadlines.settled());
    second.end();
    await pass(1);
    expect([one.isOver, two.isOver]).toEqual([false, false]);
    first.end();
    await pass(1);
    expect([one.isOver, two.isOver]).toEqual([true, true]);
  });
});

/** Keeps the event loop from going on. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('Deadlines while the event loop is blocked', () => {
  const open = () => new Deadlines(40, new AvailabilityMonitor(() => undefined));

  /** A connection within this process, whose data arrives as soon as it is written. */
  async function openSocket() {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [far] = await accepted;
    near.setMaxListeners(0);
    onTestFinished(() => {
      near.destroy();
      far.destroy();
      server.close();
    });
    return { near, far };
  }

  it('let an answer win that is already there', async () => {
    const { near, far } = await openSocket();
    const deadlines = open();
    const results = Promise.allSettled(Array.from({ length: 64 }, () => deadlines.run(() => once(near, 'data'))));
    far.write('answer');
    block(200);
    expect((await results).filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  it('leave an operation the time that it has not had', async () => {
    const deadlines = new Deadlines(600, new AvailabilityMonitor(() => undefined));
    let isDone = false;
    const result = deadlines.run(async (operation) => {
      // More turns of the event loop after the block than an answer that is there would need.
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      isDone = true;
      return operation.isLate;
    });
    block(1_200);
    await expect(result).resolves.toBe(false);
    expect(isDone).toBe(true);
  });

  it('still end what gets no answer', async () => {
    const deadlines = open();
    const result = deadlines.run(() => new Promise(() => undefined));
    block(100);
    await expect(result).rejects.toThrow(SessionUnavailableError);
  });

  it('count no more of it than one step of the clock', async () => {
    const deadlines = new Deadlines(10_000, new AvailabilityMonitor(() => undefined));
    let end!: () => void;
    const result = deadlines.run(() => new Promise<void>((resolve) => (end = resolve)));
    const before = deadlines.now();
    block(STEP_MS + 300);
    expect(deadlines.now() - before).toBeLessThanOrEqual(STEP_MS);
    end();
    await result;
  });
});
