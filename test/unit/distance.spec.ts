import { describe, expect, it } from 'vitest';
import { Distance } from '../../lib/store/batching/distance.js';

describe('The number of batches in flight', () => {
  const measured = (...times: number[]): Distance => {
    const distance = new Distance(() => 5);
    for (const ms of times) distance.measure(ms);
    return distance;
  };

  it('is two before anything was measured', () => {
    expect(measured().limit()).toBe(2);
  });

  it.each([
    [0.3, 2],
    [1, 2],
    [1.4, 3],
    [2.2, 5],
    [40, 5],
  ])('follows a round trip of %d ms: %d', (ms, expected) => {
    expect(measured(ms, ms, ms).limit()).toBe(expected);
  });

  it('goes by the shortest time, because a long one was work or a pause', () => {
    expect(measured(9, 9, 0.4, 9).limit()).toBe(2);
  });

  it('forgets what is over: a database that has moved away counts after two windows', () => {
    const distance = measured(0.3);
    for (let statement = 0; statement < 32; statement++) distance.measure(2.2);
    expect(distance.limit()).toBe(2);
    for (let statement = 0; statement < 64; statement++) distance.measure(2.2);
    expect(distance.limit()).toBe(5);
  });

  it('never falls under two, however small the pool is', () => {
    const distance = new Distance(() => 1);
    distance.measure(10);
    expect(distance.limit()).toBe(2);
  });
});
