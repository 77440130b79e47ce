import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convertTime, type Conversion } from '../../lib/table/entity/column-conversion.js';

const HOUR = 3_600_000;
/** Up to the year 2100. */
const moment = fc.integer({ min: 0, max: 4_102_444_800_000 });
const hour = fc.integer({ min: 0, max: 4_102_444_800_000 / HOUR });

const conversionOf = (type: string, inHours: boolean, wideIntegers: boolean): Conversion => {
  const conversion = convertTime(type, inHours, wideIntegers);
  if (!conversion) throw new Error(`"${type}" holds no moments.`);
  return conversion;
};

/** How the database compares two stored moments. */
const order = (stored: unknown): number => (stored instanceof Date ? stored.getTime() : Number(stored));

/** How a moment comes back from drivers that return text, or numbers, or dates. */
const returned = (stored: unknown): unknown[] => (stored instanceof Date ? [stored, stored.toISOString()] : [stored, String(stored)]);

describe.each([
  ['bigint', false, 1],
  ['int8', false, 1],
  ['numeric', false, 1],
  ['integer', true, 1],
  ['int', true, 1],
  ['integer', false, 1_000],
  ['int', false, 1_000],
  ['int4', false, 1_000],
  ['timestamp', false, 1],
  ['timestamp with time zone', false, 1],
  ['timestamptz', false, 1],
  ['datetime', false, 1],
  ['datetime2', false, 1],
])('A moment in a column of type %s (64-bit integers: %s)', (type, wideIntegers, unit) => {
  const { encode, decode } = conversionOf(type, false, wideIntegers);

  it('comes back no earlier than it was, and later by less than the unit', () => {
    fc.assert(
      fc.property(moment, (time) => {
        for (const value of returned(encode(time))) {
          const back = decode(value) as number;
          expect(back).toBeGreaterThanOrEqual(time);
          expect(back - time).toBeLessThan(unit);
        }
      }),
    );
  });

  it('is what it was after a second round', () => {
    fc.assert(
      fc.property(moment, (time) => {
        const back = decode(encode(time));
        expect(decode(encode(back))).toBe(back);
      }),
    );
  });

  it('keeps its place among others', () => {
    fc.assert(
      fc.property(moment, moment, (one, other) => {
        const [earlier, later] = [Math.min(one, other), Math.max(one, other)];
        expect(order(encode(earlier))).toBeLessThanOrEqual(order(encode(later)));
        if (later - earlier >= unit) expect(order(encode(earlier))).toBeLessThan(order(encode(later)));
      }),
    );
  });

  it('is never still to come when it has passed', () => {
    fc.assert(
      fc.property(moment, fc.nat(2_000), (expiresAt, late) => {
        expect(order(encode(expiresAt)) > order(encode(expiresAt + late))).toBe(false);
      }),
    );
  });
});

describe('An integer of 32 bits', () => {
  it('is big enough for every moment until 2038', () => {
    const { encode } = conversionOf('integer', false, false);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_147_483_647_000 }), (time) => {
        const stored = encode(time) as number;
        expect(Number.isInteger(stored)).toBe(true);
        expect(stored).toBeLessThanOrEqual(2_147_483_647);
      }),
    );
  });
});

describe.each(['bigint', 'integer', 'int', 'timestamp', 'datetime', 'timestamptz'])(
  'An hour of `pruneAfter` in a column of type %s',
  (type) => {
    it.each([true, false])('comes back as it was (64-bit integers: %s)', (wideIntegers) => {
      const { encode, decode } = conversionOf(type, true, wideIntegers);
      fc.assert(
        fc.property(hour, hour, (one, other) => {
          for (const value of returned(encode(one))) expect(decode(value)).toBe(one);
          expect(Math.sign(order(encode(one)) - order(encode(other)))).toBe(Math.sign(one - other));
        }),
      );
    });
  },
);

describe('An hour of `pruneAfter` that somebody else wrote as a moment', () => {
  it('is the next full one, so that nothing is removed early', () => {
    const { decode } = conversionOf('timestamp', true, false);
    fc.assert(
      fc.property(hour, fc.integer({ min: 1, max: HOUR - 1 }), (before, more) => {
        expect(decode(new Date(before * HOUR + more))).toBe(before + 1);
      }),
    );
  });
});

describe('A column', () => {
  const TYPES =
    'date|time|time with time zone|timetz|year|interval|boolean|bool|tinyint|smallint|mediumint|bit|json|jsonb|uuid|blob|longblob';

  it.each(TYPES.split('|'))('of type %s holds no moments', (type) => {
    for (const inHours of [true, false]) expect(convertTime(type, inHours, true)).toBeUndefined();
  });

  it('is read from a Date of another set of built-in classes to the millisecond', () => {
    const date: unknown = runInNewContext('new Date(1767225600001)');
    expect(convertTime('timestamp', false, true)?.decode(date)).toBe(1_767_225_600_001);
  });
});
