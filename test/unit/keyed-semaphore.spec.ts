import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyedSemaphore } from '../../lib/table/keyed-semaphore.js';

/** Time passes, and what waits for nothing else goes on. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** How many keys a semaphore remembers. */
const keysOf = (semaphore: KeyedSemaphore): number => (semaphore as unknown as { queues: Map<string, unknown> }).queues.size;

/** A semaphore, and who came through it or gave up, in that order. */
function open(capacity: number) {
  const semaphore = new KeyedSemaphore(capacity);
  const admitted: string[] = [];
  const refused: string[] = [];
  const inside = new Map<string, () => void>();
  const enter = (who: string, { key = 'key', waitMs = 1_000, signal = new AbortController().signal } = {}) => {
    void semaphore.enter(key, waitMs, signal).then((leave) => {
      (leave ? admitted : refused).push(who);
      if (leave) inside.set(who, leave);
    });
  };
  const leave = async (who: string) => {
    inside.get(who)!();
    inside.delete(who);
    await pass(0);
  };
  return { semaphore, admitted, refused, inside, enter, leave };
}

describe('A semaphore', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('lets as many in at once as it has room for', async () => {
    const { admitted, enter } = open(2);
    for (const who of ['a', 'b', 'c']) enter(who);
    await pass(0);
    expect(admitted).toEqual(['a', 'b']);
  });

  it('lets those who wait in one by one, in the order in which they came', async () => {
    const { admitted, inside, enter, leave } = open(1);
    for (const who of ['a', 'b', 'c', 'd']) enter(who);
    await pass(0);
    for (const [who, next] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ] as const) {
      await leave(who);
      expect([...inside.keys()]).toEqual([next]);
    }
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
  });

  it('puts who comes while others wait behind them', async () => {
    const { admitted, enter, leave } = open(1);
    enter('a');
    enter('b');
    await pass(0);
    await leave('a');
    enter('c');
    await pass(0);
    await leave('b');
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  it('keeps keys apart', async () => {
    const { admitted, enter, leave } = open(1);
    enter('a', { key: 'one' });
    enter('b', { key: 'two' });
    enter('c', { key: 'two' });
    await pass(0);
    expect(admitted).toEqual(['a', 'b']);
    await leave('a');
    expect(admitted).toEqual(['a', 'b']);
    await leave('b');
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  it('refuses who has waited too long, not a moment earlier', async () => {
    const { admitted, refused, enter } = open(1);
    enter('a');
    enter('b', { waitMs: 100 });
    await pass(99);
    expect(refused).toEqual([]);
    await pass(1);
    expect(refused).toEqual(['b']);
    expect(admitted).toEqual(['a']);
  });

  it('passes over those who gave up', async () => {
    const { admitted, refused, enter, leave } = open(1);
    enter('a');
    enter('b', { waitMs: 100 });
    enter('c');
    enter('d', { waitMs: 100 });
    enter('e');
    await pass(100);
    expect(refused).toEqual(['b', 'd']);
    await leave('a');
    await leave('c');
    expect(admitted).toEqual(['a', 'c', 'e']);
  });

  it('passes over those whose signal ended the wait, and leaves nothing on them', async () => {
    const { semaphore, admitted, refused, enter, leave } = open(1);
    const [gone, stays] = [new AbortController(), new AbortController()];
    enter('a', { signal: AbortSignal.abort() });
    enter('b');
    for (const who of ['c', 'd']) enter(who, { signal: gone.signal });
    enter('e', { signal: stays.signal });
    gone.abort();
    await pass(0);
    expect(refused).toEqual(['a', 'c', 'd']);
    await leave('b');
    stays.abort();
    await leave('e');
    expect([admitted, refused, keysOf(semaphore), vi.getTimerCount()]).toEqual([['b', 'e'], ['a', 'c', 'd'], 0, 0]);
  });

  it('drops nobody where the signal of one that it has let in ends', async () => {
    const { admitted, refused, enter, leave } = open(1);
    const gone = new AbortController();
    enter('a');
    enter('b', { signal: gone.signal });
    enter('c');
    await pass(0);
    await leave('a');
    gone.abort();
    await leave('b');
    expect([admitted, refused]).toEqual([['a', 'b', 'c'], []]);
  });

  it('has all of its room again after some gave up', async () => {
    const { admitted, enter, leave } = open(2);
    for (const who of ['a', 'b']) enter(who);
    for (const who of ['c', 'd', 'e']) enter(who, { waitMs: 100 });
    await pass(100);
    await leave('a');
    await leave('b');
    for (const who of ['f', 'g', 'h']) enter(who);
    await pass(0);
    expect(admitted).toEqual(['a', 'b', 'f', 'g']);
  });

  it('neither refuses whom it has let in, nor leaves a timer behind', async () => {
    const { admitted, refused, enter, leave } = open(1);
    enter('a');
    enter('b', { waitMs: 100 });
    await pass(50);
    await leave('a');
    expect(vi.getTimerCount()).toBe(0);
    await pass(100);
    expect([admitted, refused]).toEqual([['a', 'b'], []]);
  });

  it('forgets a key when nobody is left under it', async () => {
    const { semaphore, enter, leave } = open(1);
    enter('a');
    enter('b');
    enter('late', { waitMs: 100 });
    enter('c', { key: 'another' });
    await pass(100);
    expect(keysOf(semaphore)).toBe(2);
    for (const who of ['a', 'c']) await leave(who);
    expect(keysOf(semaphore)).toBe(1);
    await leave('b');
    expect(keysOf(semaphore)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never lets in too many, never leaves room unused, and keeps the order, whatever happens', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ enters: fc.constantFrom('x', 'y'), waitMs: fc.integer({ min: 1, max: 50 }) }) },
      { weight: 2, arbitrary: fc.record({ leaves: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ passes: fc.integer({ min: 1, max: 40 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 40 }), async (capacity, steps) => {
        const { semaphore, admitted, refused, inside, enter, leave } = open(capacity);
        const came: string[] = [];
        const of = (key: string, names: Iterable<string>) => [...names].filter((who) => who.startsWith(key));
        for (const each of steps) {
          if ('enters' in each) {
            came.push(`${each.enters}${came.length}`);
            enter(came.at(-1)!, { key: each.enters, waitMs: each.waitMs });
            await pass(0);
          } else if ('passes' in each) await pass(each.passes);
          else if (inside.size > 0) await leave([...inside.keys()][each.leaves % inside.size]!);

          for (const key of ['x', 'y']) {
            const waiting = of(key, came).filter((who) => !admitted.includes(who) && !refused.includes(who));
            const isFull = of(key, inside.keys()).length === capacity;
            expect(of(key, inside.keys()).length).toBeLessThanOrEqual(capacity);
            expect(waiting.length === 0 || isFull).toBe(true);
            const order = of(key, came).filter((who) => admitted.includes(who));
            expect(of(key, admitted)).toEqual(order);
          }
        }
        while (inside.size > 0) await leave([...inside.keys()][0]!);
        expect(keysOf(semaphore)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
