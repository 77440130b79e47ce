import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../lib/store/options/checking/duration.js';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** A hundred years; more is no duration. */
const LONGEST = 36_525 * UNITS.d;
const within = (ms: number): number | undefined => (ms <= LONGEST ? ms : undefined);
const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]));

describe('parseDuration', () => {
  it('reads a whole number and a unit', () => {
    fc.assert(fc.property(fc.nat(1_000_000), unit, (amount, name) => parseDuration(`${amount}${name}`) === within(amount * UNITS[name])));
  });

  it('reads a decimal number and a unit, to the millisecond', () => {
    const decimal = fc.tuple(fc.nat(9_999), fc.nat(999)).map(([whole, part]) => `${whole}.${String(part).padStart(3, '0')}`);
    fc.assert(
      fc.property(decimal, unit, (amount, name) => parseDuration(amount + name) === within(Math.round(Number(amount) * UNITS[name]))),
    );
  });

  it('reads a hundred years, and not a millisecond more', () => {
    expect([LONGEST, LONGEST + 1, Number.MAX_SAFE_INTEGER].map(parseDuration)).toEqual([LONGEST, undefined, undefined]);
  });

  it('reads milliseconds as they are', () => {
    fc.assert(fc.property(fc.nat(), (ms) => parseDuration(ms) === ms));
  });

  it('reads whole, finite milliseconds from 0, or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), fc.string()), (value) => {
        const ms = parseDuration(value);
        expect(ms === undefined || (Number.isInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });

  it('reads no text that is anything else', () => {
    const isDuration = (text: string) => /^\d+(\.\d+)?(ms|s|m|h|d|w)$/.test(text);
    const near = fc.array(fc.constantFrom('1', '0', '.', '-', '+', ' ', 'm', 's', 'h', 'e', '\n', '٣', 'x', ','), { maxLength: 6 });
    fc.assert(
      fc.property(
        near.map((parts) => parts.join('')),
        (text) => {
          fc.pre(!isDuration(text));
          expect(parseDuration(text)).toBeUndefined();
        },
      ),
    );
  });

  it('reads no negative number, and none that is not finite', () => {
    const negative = fc.double({ max: -Number.MIN_VALUE, noNaN: true });
    fc.assert(fc.property(fc.oneof(negative, fc.constantFrom(NaN, Infinity)), (value) => parseDuration(value) === undefined));
  });
});
