import { describe, expect, it } from 'vitest';
import { clearRows } from '../../lib/table/writing/clear-rows.js';

/** A table that never waits for a lock; each look at it finds the next of these ids. */
function runnerOf(...looks: string[][]) {
  let looked = 0;
  const runner = {
    ready: () => Promise.resolve({ dialect: { clearUnlocked: () => undefined, ids: () => undefined } }),
    readBy: () => Promise.resolve(looks[looked++]!.map((id) => ({ id }))),
    write: () => Promise.resolve(0),
  } as unknown as Parameters<typeof clearRows>[0];
  return { runner, looks: () => looked };
}

describe('a clearing', () => {
  it('ends while others go on adding rows', async () => {
    const { runner, looks } = runnerOf(['new 1'], ['new 2'], ['new 3'], ['new 4']);
    await clearRows(runner, () => Promise.resolve(), 60_000);
    expect(looks()).toBe(2);
  });

  it('waits for the rows that were there at its first look', async () => {
    const { runner, looks } = runnerOf(['held', 'new 1'], ['held', 'new 2'], ['held', 'new 3'], ['new 4']);
    await clearRows(runner, () => Promise.resolve(), 60_000);
    expect(looks()).toBe(4);
  });

  it('ends with the refusal of a row that is left', async () => {
    const { runner, looks } = runnerOf(['left', 'new 1'], ['left', 'new 2'], ['left']);
    const refusal = new Error('refused');
    await expect(clearRows(runner, () => Promise.reject(refusal), 60_000)).rejects.toBe(refusal);
    expect(looks()).toBe(2);
  });
});
