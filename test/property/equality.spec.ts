import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEqual, isNested } from '../../lib/store/session/merging/equality.js';

/** An amount whose own fields are not its data. */
class Money {
  readonly #cents: number;

  constructor(
    cents: number,
    readonly note = '',
  ) {
    this.#cents = cents;
  }

  static dataOf(value: object): unknown {
    return value instanceof Money ? { cents: value.#cents } : undefined;
  }
}

const nested = (depth: number, end: unknown, wrap: (inner: unknown) => unknown): unknown => {
  let value = end;
  for (let index = 0; index < depth; index++) value = wrap(value);
  return value;
};
const inMap = (inner: unknown) => new Map([['a', inner]]);
const inSet = (inner: unknown) => new Set([inner]);

describe('isEqual', () => {
  it.each<[string, unknown, unknown]>([
    ['primitives', 1, 1],
    ['maps of equal entries', new Map([['a', { b: [1] }]]), new Map([['a', { b: [1] }]])],
    ['maps deeper than the call stack', nested(20_000, 1, inMap), nested(20_000, 1, inMap)],
    ['maps whose keys are objects', new Map([[{ id: 1 }, 1]]), new Map([[{ id: 1 }, 1]])],
    ['empty maps', new Map(), new Map()],
    ['sets of equal members', new Set([{ b: [1] }, 2]), new Set([{ b: [1] }, 2])],
    ['sets deeper than the call stack', nested(20_000, 1, inSet), nested(20_000, 1, inSet)],
    ['empty sets', new Set(), new Set()],
    ['addresses', new URL('https://shop.example/a?b#c'), new URL('https://shop.example/a?b#c')],
    [
      'addresses, whatever else is on one',
      Object.assign(new URL('https://shop.example/a'), { seen: 1 }),
      new URL('https://shop.example/a'),
    ],
    ['patterns', /a/g, /a/g],
    ['nothing', undefined, undefined],
  ])('is true for %s', (_, a, b) => {
    expect(isEqual(a, b)).toBe(true);
    expect(isEqual(b, a)).toBe(true);
  });

  it.each<[string, unknown, unknown]>([
    ['what a map holds deep down', nested(20_000, 1, inMap), nested(20_000, 2, inMap)],
    ['a key of a map', new Map([['a', 1]]), new Map([['b', 1]])],
    ['an entry more', new Map([['a', 1]]), new Map(inOrder('a', 'b'))],
    ['the order of a map', new Map(inOrder('a', 'b')), new Map(inOrder('b', 'a'))],
    ['a map that becomes a set', new Map(), new Set()],
    ['a map that becomes an object', new Map(), {}],
    ['what a set holds deep down', nested(20_000, 1, inSet), nested(20_000, 2, inSet)],
    ['a member of a set', new Set([1]), new Set([2])],
    ['a member more', new Set([1]), new Set([1, 2])],
    ['the order of a set', new Set([1, 2]), new Set([2, 1])],
    ['a set that becomes an array', new Set([1]), [1]],
    ['an address', new URL('https://shop.example/a'), new URL('https://shop.example/b')],
    ['an address that becomes an object with its text', new URL('https://shop.example/a'), { href: 'https://shop.example/a' }],
    ['an address that becomes its text', new URL('https://shop.example/a'), 'https://shop.example/a'],
    ['an address that becomes another object', new URL('https://shop.example/a'), new Date(0)],
    ['a pattern', /a/g, /a/i],
    ['an instance that becomes a plain object', new Money(1), { note: '' }],
  ])('is false for %s', (_, a, b) => {
    expect(isEqual(a, b)).toBe(false);
    expect(isEqual(b, a)).toBe(false);
  });

  it('compares instances of a class by their data, wherever they are', () => {
    for (const wrap of [(value: unknown) => value, (value: unknown) => [value], inMap, inSet]) {
      expect(isEqual(wrap(new Money(1, 'a')), wrap(new Money(1, 'b')), Money.dataOf)).toBe(true);
      expect(isEqual(wrap(new Money(1)), wrap(new Money(2)), Money.dataOf)).toBe(false);
    }
    expect(isEqual(new Map([[new Money(1, 'a'), 1]]), new Map([[new Money(1, 'b'), 1]]), Money.dataOf)).toBe(true);
  });

  it('compares by their own fields those that have no data, and that of which only one has', () => {
    expect(isEqual(new Money(1), new Money(2))).toBe(true);
    expect(isEqual(new Money(1, 'a'), new Money(1, 'b'))).toBe(false);
    for (const other of [new Date(0), /a/, new URL('https://shop.example')]) {
      expect(isEqual(new Money(1), other, Money.dataOf)).toBe(false);
      expect(isEqual(other, new Money(1), Money.dataOf)).toBe(false);
    }
    const [one, other] = [new Money(1), new Money(1)];
    const ofOne = (value: object) => (value === one ? { cents: 1 } : undefined);
    expect([isEqual(one, other, ofOne), isEqual(other, one, ofOne)]).toEqual([true, true]);
  });

  it('goes on after a pair that it has compared already', () => {
    const shared = [1];
    expect(isEqual([shared, shared, [shared, 1]], [shared, shared, [shared, 2]])).toBe(false);
    const ring = (end: number) => {
      const node: unknown[] = [];
      node.push(node, end);
      return node;
    };
    expect(isEqual(ring(1), ring(2))).toBe(false);
    expect(isEqual(ring(1), ring(1))).toBe(true);
  });

  it('agrees with Node.js on what JSON carries', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(fc.property(value, value, (a, b) => isEqual(a, b) === isDeepStrictEqual(a, b)));
    fc.assert(fc.property(value, (a) => isEqual(a, structuredClone(a))));
  });
});

function inOrder(...keys: string[]): [string, number][] {
  return keys.map((key) => [key, 1]);
}

describe('isNested', () => {
  it.each<[string, object, boolean]>([
    ['an object', {}, true],
    ['an array', [], true],
    ['an object without a prototype', Object.create(null) as object, true],
    ['an instance', new Money(1), false],
    ['an array of another class', new (class extends Array {})(), false],
    ['a map', new Map(), false],
    ['a date', new Date(), false],
  ])('of %s', (_, value, expected) => {
    expect(isNested(value)).toBe(expected);
  });
});
