import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BatchQueue } from '../../lib/store/batching/batch-queue.js';
import { CrowdedTurn } from '../../lib/store/batching/crowded-turn.js';
import type { QueueRules } from '../../lib/store/batching/queue-entry.js';
import { SessionEntityError, SessionRefusedError, SessionUnavailableError } from '../../lib/session.errors.js';
import { SplitBatchError } from '../../lib/table/session-table.js';
import { turns } from '../support/store-gate.js';

interface Item {
  readonly key: string;
  readonly value?: number;
}

/** A queue whose batches are answered when the test says so; `answer()` answers the oldest. */
function openQueue(more: Partial<QueueRules<Item, string>> = {}) {
  const sent: string[][] = [];
  const pending: (() => void)[] = [];
  const queue = new BatchQueue<Item, string>({
    timeoutMs: 1_000,
    now: () => performance.now(),
    size: (waiting) => Math.min(waiting, 4),
    keyOf: ({ key }) => key,
    send: (items) => {
      sent.push(items.map(({ key, value }) => key + (value ?? '')));
      return new Promise((resolve) => pending.push(() => resolve(items.map(({ key }) => `done ${key}`))));
    },
    ...more,
  });
  const answer = async (): Promise<void> => {
    pending.shift()!();
    await turns(2);
  };
  const submitItems = (...items: Item[]) => {
    const outcomes = Promise.all(items.map((item) => queue.submit(item))).then((lists) => lists.flat());
    // Some are still waiting when their test is over, and are late then.
    outcomes.catch(() => undefined);
    return outcomes;
  };
  return { queue, sent, answer, submitItems, submit: (...keys: string[]) => submitItems(...keys.map((key) => ({ key }))) };
}

const refusal = new SessionRefusedError('a row that it will not take');

describe('A queue', () => {
  it('sends what comes first at once, by itself', () => {
    const { sent, submit } = openQueue();
    void submit('a');
    expect(sent).toEqual([['a']]);
  });

  it('sends what comes meanwhile together at the end of the turn, in the order of the keys', async () => {
    const { sent, submit, answer } = openQueue();
    const outcomes = submit('a', 'd', 'c', 'b');
    expect(sent).toEqual([['a']]);
    await turns(1);
    expect(sent).toEqual([['a'], ['b', 'c', 'd']]);
    await answer();
    await answer();
    expect(await outcomes).toEqual(['a', 'd', 'c', 'b'].map((key) => `done ${key}`));
  });

  it('has two batches under way, and not one more', async () => {
    const { sent, submit, answer } = openQueue();
    void submit('a', 'b');
    await turns(1);
    void submit('d', 'c');
    await turns(1);
    expect(sent).toEqual([['a'], ['b']]);
    await answer();
    expect(sent.slice(2)).toEqual([['c', 'd']]);
  });

  it('has more batches in flight on a far database', async () => {
    const { sent, submit } = openQueue({ limit: () => 3 });
    for (const key of ['a', 'b', 'c', 'd']) {
      void submit(key);
      await turns(1);
    }
    expect(sent).toEqual([['a'], ['b'], ['c']]);
  });

  it('measures what was alone in flight, and nothing else', async () => {
    const measured: number[] = [];
    const { submit, answer } = openQueue({ measure: (ms) => void measured.push(ms) });
    void submit('a', 'b', 'c');
    await turns(1);
    await answer();
    await answer();
    expect(measured).toEqual([expect.any(Number)]);
  });

  it('keeps batches large where each answer is followed by another question', async () => {
    const { queue, sent, answer } = openQueue();
    const askTwice = async (name: string) => {
      await queue.submit({ key: `${name}1` });
      await queue.submit({ key: `${name}2` });
    };
    void askTwice('first');
    void Promise.all(['a', 'b', 'c'].map(askTwice));
    await turns(1);
    await answer();
    await answer();
    await turns(1);
    expect(sent).toEqual([['first1'], ['a1', 'b1', 'c1'], ['first2'], ['a2', 'b2', 'c2']]);
  });

  it('shares many out between two batches, and lets none of those who were just answered travel alone', async () => {
    const { sent, submit, answer } = openQueue({ size: (waiting) => Math.min(waiting, 64) });
    const names = Array.from({ length: 32 }, (_, index) => `n${index + 10}`);
    const asked = submit('a', 'b', 'c').then(() => submit(...names));
    await turns(1);
    for (let batch = 0; batch < 4; batch++) await answer();
    expect(sent.slice(2)).toEqual([names.slice(0, 16), names.slice(16)]);
    expect(await asked).toEqual(names.map((name) => `done ${name}`));
  });

  it('lets none of those who were just answered by another queue travel alone', async () => {
    const turn = new CrowdedTurn();
    const [first, second] = [openQueue({ turn }), openQueue({ turn })];
    const ask = async (key: string) => {
      await first.queue.submit({ key });
      await second.queue.submit({ key });
    };
    void Promise.all(['a', 'b', 'c', 'd'].map(ask));
    await turns(1);
    await first.answer();
    expect(second.sent).toEqual([['a']]);
    await second.answer();
    await first.answer();
    expect(second.sent).toEqual([['a'], ['b', 'c', 'd']]);
    await second.answer();
    void second.submit('e');
    expect(second.sent.slice(2)).toEqual([['e']]);
  });

  it('keeps a few together, as a statement costs more than their rows', async () => {
    const { sent, submit, answer } = openQueue({ size: (waiting) => Math.min(waiting, 64) });
    const names = Array.from({ length: 15 }, (_, index) => `n${index + 10}`);
    void submit('a', 'b', 'c').then(() => submit(...names));
    await turns(1);
    for (let batch = 0; batch < 2; batch++) await answer();
    expect(sent.slice(2)).toEqual([names]);
  });

  it('takes no more into a batch than one statement holds', async () => {
    const { sent, submit, answer } = openQueue();
    void submit('a', 'b', 'c', 'd', 'e', 'f', 'g');
    await turns(1);
    expect(sent.slice(1)).toEqual([['b', 'c', 'd', 'e']]);
    await answer();
    expect(sent.slice(2)).toEqual([['f', 'g']]);
  });

  it('lets nothing wait where one statement takes one row, nor what travels alone', async () => {
    const { sent, submit } = openQueue({ size: () => 1 });
    void submit('a', 'b', 'c');
    expect(sent).toEqual([['a'], ['b'], ['c']]);
    const other = openQueue({ isAlone: ({ key }) => key === 'large' });
    void other.submit('a', 'b', 'c', 'large');
    expect(other.sent).toEqual([['a'], ['large']]);
  });

  it('joins what is for the same row, and answers each', async () => {
    const join = (a: Item, b: Item): Item => ({ key: a.key, value: Math.max(a.value!, b.value!) });
    const { sent, answer, submitItems } = openQueue({ join });
    const values = [1, 2, 3, 7, 5];
    const outcomes = submitItems(...values.map((value) => ({ key: 'a', value })));
    await turns(1);
    await answer();
    await answer();
    expect(sent).toEqual([['a1'], ['a7']]);
    expect(await outcomes).toEqual(values.map(() => 'done a'));
  });

  it('never has two writes of one row under way, and keeps their order', async () => {
    const { sent, answer, submitItems } = openQueue();
    const outcomes = submitItems(...[1, 2, 3].map((value) => ({ key: 'a', value })));
    expect(sent).toEqual([['a1']]);
    await answer();
    expect(sent).toEqual([['a1'], ['a2']]);
    await answer();
    expect(sent).toEqual([['a1'], ['a2'], ['a3']]);
    await answer();
    expect(await outcomes).toEqual(['done a', 'done a', 'done a']);
  });

  it('sends a batch again one by one where it has to be split, so that only the bad row fails', async () => {
    const sent: string[][] = [];
    const free: (() => void)[] = [];
    const { submit } = openQueue({
      size: (waiting) => Math.min(waiting, 64),
      send: async (items) => {
        sent.push(items.map(({ key }) => key));
        if (sent.length <= 2) await new Promise<void>((resolve) => free.push(resolve));
        if (items.some(({ key }) => key === 'bad')) throw items.length > 1 ? new SplitBatchError(refusal) : refusal;
        return items.map(({ key }) => `done ${key}`);
      },
    });
    const keys = ['0', 'a', 'b', 'bad', 'c', 'd', 'e'];
    const outcomes = Promise.allSettled(keys.map((key) => submit(key)));
    await turns(1);
    for (const leave of free) leave();
    const results = await outcomes;
    expect(results.map(({ status }) => status)).toEqual(keys.map((key) => (key === 'bad' ? 'rejected' : 'fulfilled')));
    expect(results[3]).toHaveProperty('reason', refusal);
    expect(sent[1]).toEqual(['a', 'b', 'bad', 'c', 'd', 'e']);
    expect(sent.slice(2)).toEqual(['a', 'b', 'bad', 'c', 'd', 'e'].map((key) => [key]));
  });

  it.each([
    ['a database that is away', new SessionUnavailableError('away')],
    ['a table that is missing', new SessionEntityError('missing')],
    ['a statement that is refused', new SessionRefusedError('read-only')],
  ])('does not ask again for %s', async (_, error) => {
    const send = vi.fn<(items: readonly Item[]) => Promise<string[]>>(async () => {
      await turns(1);
      throw error;
    });
    const { submit } = openQueue({ send });
    const results = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((key) => submit(key)));
    expect(results.map((result) => result.status === 'rejected' && (result.reason as unknown))).toEqual(Array(5).fill(error));
    expect(send).toHaveBeenCalledTimes(2);
  });

  it('goes on where a batch never comes back, and refuses what has waited too long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { sent, submit } = openQueue();
      void submit('a', 'b');
      await turns(1);
      const late = submit('c').catch((error: unknown) => error);
      vi.advanceTimersByTime(999);
      void submit('d');
      await turns(1);
      expect(sent).toHaveLength(2);
      vi.advanceTimersByTime(2);
      expect(await late).toMatchObject({
        code: 'SESSION_UNAVAILABLE',
        message: expect.stringContaining('waited longer than 1000 ms') as string,
      });
      expect(sent).toEqual([['a'], ['b'], ['d']]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('lets a second write of a row pass the first where that never comes back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { sent, submit } = openQueue();
      void submit('a');
      vi.advanceTimersByTime(500);
      void submit('a');
      await turns(2);
      vi.advanceTimersByTime(499);
      await turns(2);
      expect(sent).toEqual([['a']]);
      vi.advanceTimersByTime(2);
      await turns(2);
      expect(sent).toEqual([['a'], ['a']]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes no more than ten thousand into its queue', async () => {
    const { queue } = openQueue();
    for (let index = 0; index < 10_001; index++) queue.submit({ key: String(index) }).catch(() => undefined);
    await expect(queue.submit({ key: 'one more' })).rejects.toMatchObject({ code: 'SESSION_UNAVAILABLE' });
  });

  it('takes no more than a hundred operations of one key into its queue, and lets the others pass', async () => {
    const { queue, submit, answer } = openQueue({ timeoutMs: 60_000 });
    const results = Array.from({ length: 12_000 }, (_, value) => queue.submit({ key: 'one', value }).catch((error: unknown) => error));
    const others = submit('a', 'b', 'c');
    await turns(1);
    await answer();
    await answer();
    expect(await others).toEqual(['done a', 'done b', 'done c']);
    const refused = await Promise.all(results.slice(101));
    expect(refused).toHaveLength(11_899);
    for (const error of [refused[0], refused.at(-1)]) {
      expect(error).toMatchObject({
        code: 'SESSION_UNAVAILABLE',
        message: expect.stringContaining('100 operations of one session') as string,
      });
    }
    for (let sent = 1; sent < 101; sent++) await answer();
    expect(await Promise.all(results.slice(0, 101))).toEqual(Array.from({ length: 101 }, () => ['done one']));
  });

  it('keeps the order of what travels alone and what does not, of one key', async () => {
    const { sent, answer, submitItems } = openQueue({ timeoutMs: 60_000, isAlone: ({ value }) => value! % 2 === 0 });
    const outcomes = submitItems(...[1, 2, 3, 4].map((value) => ({ key: 'a', value })));
    for (let count = 1; count <= 4; count++) {
      await turns(2);
      expect(sent).toEqual([1, 2, 3, 4].slice(0, count).map((value) => [`a${value}`]));
      await answer();
    }
    expect(await outcomes).toEqual(Array(4).fill('done a'));
  });
});

describe('A queue with rows that are locked', () => {
  /** Answers `locked` for keys that somebody holds. */
  function openLocked(held: Set<string>, more: Partial<QueueRules<Item, string>> = {}) {
    const sent: string[][] = [];
    const opened = openQueue({
      send: async (items) => {
        sent.push(items.map(({ key, value }) => key + (value ?? '')));
        await turns(1);
        return items.map(({ key }) => (held.has(key) ? 'locked' : `done ${key}`));
      },
      ...more,
    });
    return { ...opened, sent };
  }

  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('lets the others pass, and asks for them together until they are free', async () => {
    const held = new Set(['b', 'd']);
    const { sent, submit } = openLocked(held);
    const locked = submit('b', 'd');
    expect(await submit('a', 'c', 'e')).toEqual(['done a', 'done c', 'done e']);
    await vi.advanceTimersByTimeAsync(200);
    const asked = sent.length;
    await vi.advanceTimersByTimeAsync(200);
    expect(sent.length).toBeGreaterThan(asked + 3);
    held.clear();
    await vi.advanceTimersByTimeAsync(50);
    expect(await locked).toEqual(['done b', 'done d']);
    expect(sent.some((keys) => keys.join('') === 'bd')).toBe(true);
  });

  it('lets no other write of a locked row pass', async () => {
    const held = new Set(['a']);
    const { sent, submitItems } = openLocked(held);
    const outcomes = submitItems({ key: 'a', value: 1 }, { key: 'a', value: 2 }, { key: 'b', value: 1 });
    await vi.advanceTimersByTimeAsync(300);
    expect(sent.flat()).not.toContain('a2');
    held.clear();
    await vi.advanceTimersByTimeAsync(50);
    await turns(4);
    expect(await outcomes).toEqual(['done a', 'done a', 'done b']);
    expect(sent.at(-1)).toEqual(['a2']);
  });

  it('joins what is for a locked row, where it can', async () => {
    const held = new Set(['a']);
    const { sent, submitItems } = openLocked(held, { join: (a, b) => ({ key: a.key, value: Math.max(a.value!, b.value!) }) });
    const first = submitItems({ key: 'a', value: 1 });
    await turns(3);
    const others = submitItems({ key: 'a', value: 5 }, { key: 'a', value: 3 });
    held.clear();
    await vi.advanceTimersByTimeAsync(50);
    expect([await first, await others]).toEqual([['done a'], ['done a', 'done a']]);
    expect(sent).toEqual([['a1'], ['a5']]);
  });

  it('counts the wait for a locked row from what has joined last', async () => {
    const held = new Set(['a']);
    const { submitItems } = openLocked(held, { join: (a, b) => ({ key: a.key, value: Math.max(a.value!, b.value!) }) });
    const first = submitItems({ key: 'a', value: 1 });
    await vi.advanceTimersByTimeAsync(950);
    const second = submitItems({ key: 'a', value: 5 });
    await vi.advanceTimersByTimeAsync(150);
    held.clear();
    await vi.advanceTimersByTimeAsync(50);
    expect([await first, await second]).toEqual([['done a'], ['done a']]);
  });

  it('sends the next write of a row where the one before has waited too long', async () => {
    const held = new Set(['a']);
    const { submitItems } = openLocked(held);
    const late = submitItems({ key: 'a', value: 1 }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(950);
    const next = submitItems({ key: 'a', value: 2 });
    for (let passed = 0; passed < 150; passed += 5) {
      await vi.advanceTimersByTimeAsync(5);
      await turns(2);
    }
    expect(await late).toMatchObject({ code: 'SESSION_UNAVAILABLE' });
    held.clear();
    await vi.advanceTimersByTimeAsync(100);
    expect(await next).toEqual(['done a']);
  });

  it('refuses what has waited too long', async () => {
    const { sent, submit } = openLocked(new Set(['a']));
    const late = submit('a').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await late).toMatchObject({
      code: 'SESSION_UNAVAILABLE',
      message: expect.stringContaining('held the row of a session for longer than 1000 ms') as string,
    });
    const asked = sent.length;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toHaveLength(asked);
  });
});
