import fc from 'fast-check';
import { RENEWAL_GRACE_MS } from '../../lib/store/options/lifetime-options.js';
import { describe, expect, it } from 'vitest';
import { expiryOf, isEndedByCookie, isTouchDue, limitsOf, renewedAtOf, type Lifetime } from '../../lib/store/session/expiry.js';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const YEARS_100 = 36_525 * DAY;

const time = fc.integer({ min: 1, max: 1_000_000 });
const end = fc.oneof(fc.constant(Infinity), fc.integer({ min: -1_000_000, max: 3_000_000 }));
const lifetime = fc.record({
  idleMs: fc.oneof({ weight: 4, arbitrary: time }, fc.constant(Infinity)),
  endsAt: end,
  absoluteMs: fc.oneof(fc.constant(false as const), time),
  touchIntervalMs: fc.option(fc.nat(1_000_000), { nil: undefined }),
}) satisfies fc.Arbitrary<Lifetime>;
const HOURLY: Lifetime = { idleMs: 60 * MINUTE, endsAt: Infinity, absoluteMs: false, touchIntervalMs: undefined };

describe('limitsOf', () => {
  /** Also 0, which is no missing value: a duration of nothing, or the beginning of the epoch. */
  const orZero = fc.oneof({ weight: 4, arbitrary: time }, fc.constant(0));
  const [age, maybe] = [fc.option(orZero), fc.option(orZero, { nil: undefined })];

  it('takes what is configured, else the end of the cookie, else its age, else a day', () => {
    fc.assert(
      fc.property(maybe, age, maybe, (configuredMs, ageMs, endsAt) => {
        const unconfigured = endsAt === undefined ? (ageMs ?? DAY) : Infinity;
        const limits = limitsOf(configuredMs, { ageMs, endsAt });
        expect(limits.idleMs).toBe(configuredMs ?? unconfigured);
        if (ageMs !== 0) expect(limits.endsAt).toBe(endsAt ?? Infinity);
      }),
    );
  });

  it('ends a session at an age of 0 or less, whatever else is said, and at no other', () => {
    fc.assert(
      fc.property(maybe, fc.nat(1_000_000), maybe, (configuredMs, years, endsAt) => {
        expect(limitsOf(configuredMs, { ageMs: -years, endsAt }).endsAt).toBe(-Infinity);
        expect(limitsOf(configuredMs, { ageMs: years + 1, endsAt }).endsAt).not.toBe(-Infinity);
      }),
    );
  });

  it.each<[string, number | undefined, number | null, number | undefined, { idleMs: number; endsAt: number }]>([
    ['nothing', undefined, null, undefined, { idleMs: DAY, endsAt: Infinity }],
    ['an age of 1', undefined, 1, undefined, { idleMs: 1, endsAt: Infinity }],
    ['an age of 0', undefined, 0, undefined, { idleMs: 0, endsAt: -Infinity }],
    ['an end in 1970', undefined, null, 0, { idleMs: Infinity, endsAt: 0 }],
    ['an idle time of 0', 0, 5, undefined, { idleMs: 0, endsAt: Infinity }],
  ])('says of %s what it says', (_, configuredMs, ageMs, endsAt, expected) => {
    expect(limitsOf(configuredMs, { ageMs, endsAt })).toEqual(expected);
  });
});

describe('isEndedByCookie', () => {
  it('is so from the end on, and not a millisecond before', () => {
    fc.assert(
      fc.property(lifetime, time, (limits, now) => {
        expect(isEndedByCookie({ ...limits, endsAt: now }, now)).toBe(true);
        expect(isEndedByCookie({ ...limits, endsAt: now + 1 }, now)).toBe(false);
        expect(isEndedByCookie({ ...limits, endsAt: -Infinity }, now)).toBe(true);
        expect(isEndedByCookie({ ...limits, endsAt: Infinity }, now)).toBe(false);
      }),
    );
  });
});

describe('expiryOf', () => {
  it('is the first of: the idle time, the end of the cookie, the absolute end, a hundred years', () => {
    fc.assert(
      fc.property(lifetime, time, time, (limits, createdAt, later) => {
        const now = createdAt + later;
        const ends = [now + limits.idleMs, limits.endsAt, now + YEARS_100];
        if (limits.absoluteMs !== false) ends.push(createdAt + limits.absoluteMs);
        expect(expiryOf(limits, now, createdAt)).toBe(Math.min(...ends));
      }),
    );
  });

  it('has no absolute end where the moment of creation is not known', () => {
    fc.assert(
      fc.property(lifetime, time, (limits, now) => {
        expect(expiryOf(limits, now, undefined)).toBe(Math.min(now + limits.idleMs, limits.endsAt, now + YEARS_100));
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
  const intervalOf = ({ touchIntervalMs, idleMs }: Lifetime) => {
    const wanted = touchIntervalMs ?? Math.min(idleMs / 20, 5 * MINUTE);
    return wanted < idleMs ? wanted : idleMs / 2;
  };

  it('is, exactly where a touch gains time, and either the interval is over or the end of the cookie has moved by as much', () => {
    fc.assert(
      fc.property(lifetime, row, fc.integer({ min: -1_000, max: 1_000_000 }), (limits, times, later) => {
        const now = times.lastSeenAt + later;
        const gain = expiryOf(limits, now, times.createdAt) - times.expiresAt;
        const isTold = limits.endsAt !== Infinity && gain >= intervalOf(limits);
        expect(isTouchDue(limits, now, times)).toBe(gain > 0 && (later >= intervalOf(limits) || isTold));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is at the interval, and not a millisecond before', () => {
    const seen = { createdAt: 0, lastSeenAt: 0, expiresAt: 60 * MINUTE };
    const dueFrom = (limits: Lifetime, ms: number) => [isTouchDue(limits, ms - 1, seen), isTouchDue(limits, ms, seen)];
    expect(dueFrom(HOURLY, 3 * MINUTE)).toEqual([false, true]);
    expect(dueFrom({ ...HOURLY, idleMs: DAY }, 5 * MINUTE)).toEqual([false, true]);
    expect(dueFrom({ ...HOURLY, touchIntervalMs: 7 }, 7)).toEqual([false, true]);
    // Otherwise it would end while it is in use.
    expect(dueFrom({ ...HOURLY, touchIntervalMs: 50 * MINUTE }, 50 * MINUTE)).toEqual([false, true]);
    expect(dueFrom({ ...HOURLY, touchIntervalMs: DAY }, 30 * MINUTE)).toEqual([false, true]);
  });

  it('is where the end of the cookie has moved by the interval, and not a millisecond before', () => {
    const dueAt = (endsAt: number) =>
      isTouchDue({ ...HOURLY, idleMs: Infinity, endsAt, touchIntervalMs: MINUTE }, 0, { createdAt: 0, lastSeenAt: 0, expiresAt: DAY });
    expect([dueAt(DAY + MINUTE - 1), dueAt(DAY + MINUTE), dueAt(DAY - MINUTE)]).toEqual([false, true, false]);
  });

  it('is not where it gains nothing, though the interval is over, and is for a millisecond', () => {
    const late = { createdAt: 0, lastSeenAt: 0, expiresAt: 90 * MINUTE };
    expect([0, 1].map((gain) => isTouchDue(HOURLY, 30 * MINUTE + gain, late))).toEqual([false, true]);
  });

  it('goes by the expiry where the last use is not kept, and by the last use where the expiry is not', () => {
    const [expiring, seen] = [
      { createdAt: 0, lastSeenAt: undefined, expiresAt: 60 * MINUTE },
      { createdAt: 0, lastSeenAt: 0, expiresAt: undefined },
    ];
    for (const times of [expiring, seen]) {
      expect([3 * MINUTE - 1, 3 * MINUTE].map((now) => isTouchDue(HOURLY, now, times))).toEqual([false, true]);
    }
    expect(isTouchDue({ ...HOURLY, endsAt: 60 * MINUTE }, 3 * MINUTE - 1, seen)).toBe(false);
    // An expiry at the beginning of the epoch is one, too.
    const brief = { ...HOURLY, idleMs: 50, touchIntervalMs: 100 };
    expect(isTouchDue(brief, 60, { createdAt: 0, lastSeenAt: undefined, expiresAt: 0 })).toBe(true);
  });

  it('is never where no time is kept', () => {
    const none = { createdAt: undefined, lastSeenAt: undefined, expiresAt: undefined };
    fc.assert(
      fc.property(lifetime, time, (limits, now) => {
        expect(isTouchDue(limits, now, none)).toBe(false);
      }),
    );
  });
});

describe('renewedAtOf', () => {
  it('is the grace before the end of the old id, else the birth of the row', () => {
    fc.assert(
      fc.property(time, time, (previousUntil, createdAt) => {
        expect(renewedAtOf({ previousUntil, createdAt })).toBe(previousUntil - RENEWAL_GRACE_MS);
        for (const none of [undefined, null]) expect(renewedAtOf({ previousUntil: none, createdAt })).toBe(createdAt);
      }),
    );
    expect([RENEWAL_GRACE_MS, renewedAtOf({ createdAt: undefined })]).toEqual([30_000, undefined]);
  });
});
