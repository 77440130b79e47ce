import { beforeEach, describe, expect, it } from 'vitest';
import { SessionEntityError, SessionRefusedError, SessionUnavailableError } from '../../lib/session.errors.js';
import { AvailabilityMonitor } from '../../lib/store/work/availability-monitor.js';
import type { SessionTable } from '../../lib/table/session-table.js';

describe('whether the database answers', () => {
  const told: boolean[] = [];
  let availability: AvailabilityMonitor;
  let answer: () => Promise<unknown>;
  /** A table whose every method answers as the test says. */
  const table = () => availability.watch(new Proxy({} as SessionTable, { get: () => () => answer() }));

  beforeEach(() => {
    told.length = 0;
    availability = new AvailabilityMonitor((isAvailable) => void told.push(isAvailable));
  });
  const ask = (result: () => Promise<unknown>, name: 'ping' | 'fields' | 'lock' = 'ping') => {
    answer = result;
    return (table()[name] as () => Promise<unknown>)().catch(() => undefined);
  };
  const works = () => Promise.resolve();
  const away = () => Promise.reject(new SessionUnavailableError('away'));

  it('is told once a change, and nothing is told while it does', async () => {
    for (const result of [works, works, away, away, works, works, away]) await ask(result);
    expect(told).toEqual([false, true, false]);
  });

  it('is not told by what began before the last change', async () => {
    const ends: (() => void)[] = [];
    const hung = (fails: boolean) =>
      ask(() => new Promise<void>((resolve, reject) => ends.push(() => (fails ? reject(new SessionUnavailableError('late')) : resolve()))));
    const before = [hung(false), hung(true)];
    await ask(away);
    ends.shift()!();
    await before[0];
    expect(told).toEqual([false]);
    await ask(works);
    ends.shift()!();
    await before[1];
    expect(told).toEqual([false, true]);
  });

  it.each([new SessionEntityError('no table'), new SessionRefusedError('a constraint')])(
    'is yes where it answers with %s',
    async (error) => {
      await ask(() => Promise.reject(error));
      expect(told).toEqual([]);
      await ask(away);
      await ask(() => Promise.reject(error));
      expect(told).toEqual([false, true]);
    },
  );

  it('is no matter of a method that answers at once', () => {
    const sized = availability.watch({ batchSize: () => 7 } as unknown as SessionTable);
    expect(sized.batchSize('find', 9)).toBe(7);
  });

  it.each(['fields', 'lock'] as const)('is not told by %s, which may work without a question, only by its failure', async (name) => {
    await ask(away, name);
    await ask(works, name);
    expect(told).toEqual([false]);
  });
});
