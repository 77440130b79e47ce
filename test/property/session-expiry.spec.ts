import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expiryOf, idleTimeOf, isTouchDue, type Lifetime } from '../../lib/store/session/expiry.js';

const time = fc.integer({ min: 1, max: 1_000_000 });
const lifetime = fc.record({
  idleMs: time,
  absoluteMs: fc.oneof(fc.constant(false as const), time),
  touchIntervalMs: fc.option(fc.nat(1_000_000), { nil: undefined }),
}) satisfies fc.Arbitrary<Lifetime>;

describe('expiryOf', () => {
  it('is after the idle time, and never past the absolute one', () => {
    fc.assert(
      fc.property(lifetime, time, time, (limits, createdAt, later) => {
        const now = createdAt + later;
        const expiresAt = expiryOf(limits, now, createdAt);
        const ends = [now + limits.idleMs, ...(limits.absoluteMs === false ? [] : [createdAt + limits.absoluteMs])];
        expect(expiresAt).toBe(Math.min(...ends));
      }),
    );
  });

  it('never comes earlier for a session that was seen later', () => {
    fc.assert(
      fc.property(lifetime, time, time, time, (limits, createdAt, first, second) => {
        const [earlier, later] = [Math.min(first, second), Math.max(first, second)];
        expect(expiryOf(limits, createdAt + later, createdAt)).toBeGreaterThanOrEqual(expiryOf(limits, createdAt + earlier, createdAt));
      }),
    );
  });
});

describe('isTouchDue', () => {
  const row = fc.record({ createdAt: time, lastSeenAt: time, expiresAt: time });

  it('is never where nothing is gained, nor before the interval', () => {
    fc.assert(
      fc.property(lifetime, row, time, (limits, times, later) => {
        const now = times.lastSeenAt + later;
        fc.pre(isTouchDue(limits, now, times));
        expect(expiryOf(limits, now, times.createdAt)).toBeGreaterThan(times.expiresAt);
        expect(later).toBeGreaterThanOrEqual(limits.touchIntervalMs ?? Math.min(limits.idleMs / 20, 300_000));
      }),
    );
  });

  it('is, from the interval on, wherever a touch gains time', () => {
    fc.assert(
      fc.property(lifetime, row, time, (limits, times, later) => {
        const now = times.lastSeenAt + (limits.touchIntervalMs ?? 300_000) + later;
        fc.pre(expiryOf(limits, now, times.createdAt) > times.expiresAt);
        expect(isTouchDue(limits, now, times)).toBe(true);
      }),
    );
  });

  it('is never where no time is kept', () => {
    const none = { createdAt: undefined, lastSeenAt: undefined, expiresAt: undefined };
    fc.assert(fc.property(lifetime, time, (limits, now) => !isTouchDue(limits, now, none)));
  });
});

describe('idleTimeOf', () => {
  it('is what is configured, else the cookie’s age, else a day', () => {
    expect(idleTimeOf(5, 7)).toBe(5);
    expect(idleTimeOf(undefined, 7)).toBe(7);
    for (const age of [undefined, null, 0, -7, NaN, '7', {}]) expect(idleTimeOf(undefined, age as number)).toBe(86_400_000);
  });
});
