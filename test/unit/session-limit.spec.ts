import { expect, it } from 'vitest';
import { SessionUnavailableError } from '../../lib/session.errors.js';
import { SessionLimit } from '../../lib/store/owner/session-limit.js';
import type { StoreDependencies } from '../../lib/store/runtime/dependencies.js';

it('the end of the oldest sessions stops when its operation is late, though others come and go all the time', async () => {
  let searches = 0;
  const newest = (count: number) =>
    [0, 1].map((place) => ({ id: `${count + place}`, handle: `${count + place}`, createdAt: count + place }));
  const dependencies = {
    options: { maxSessionsPerUser: 1, onLimit: 'evictOldest' },
    now: () => 0,
    table: {
      locate: () => Promise.resolve(newest(++searches)),
      remove: () => Promise.resolve(['gone']),
    },
  } as unknown as StoreDependencies;
  const operation = {
    get isLate() {
      return searches >= 5;
    },
  };
  const ended = new SessionLimit(dependencies).evict({ userId: 'ann' }, undefined, operation);
  await expect(ended).rejects.toThrow(SessionUnavailableError);
  expect(searches).toBe(5);
});
