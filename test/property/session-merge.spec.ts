import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMerge, mergeSessions } from '../../lib/store/session/merging/merge.js';

type Values = Record<string, unknown>;

/** Few keys, so that changes meet; among them those that reach for a prototype. */
const keys = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty');
const values = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(null, '', 'x', false), fc.array(fc.integer(), { maxLength: 2 }));
/** Data as it comes from `JSON.parse`: `__proto__` is a key like any other. */
const data = fc.array(fc.tuple(keys, values), { maxLength: 6 }).map((entries) => Object.fromEntries(entries) as Values);
/** What one side did: a value per key that it set, or `undefined` for one that it removed. */
const changes = fc.array(fc.tuple(keys, fc.option(values, { nil: undefined })), { maxLength: 6 }).map((entries) => new Map(entries));

function changed(base: Values, edits: ReadonlyMap<string, unknown>): Values {
  const entries = new Map(Object.entries(base));
  for (const [key, value] of edits) {
    if (value === undefined) entries.delete(key);
    else entries.set(key, value);
  }
  return Object.fromEntries(entries);
}

/** An amount whose note is none of its data. */
class Price {
  constructor(
    readonly cents: number,
    readonly note: string,
  ) {}
}
const price = (cents: number, note = '') => new Price(cents, note);
const centsOf = (value: object): unknown => (value instanceof Price ? value.cents : undefined);

const valueOf = (side: Values, key: string): string => (Object.hasOwn(side, key) ? JSON.stringify(side[key]) : 'nothing');

/** What the merge has to hold under one key, by the words of its contract. */
function expectedValue(base: Values, theirs: Values, mine: Values, key: string): string {
  return valueOf(valueOf(mine, key) === valueOf(base, key) ? theirs : mine, key);
}

const sides = fc.tuple(data, changes, changes).map(([base, first, second]) => [base, changed(base, first), changed(base, second)] as const);
const keysOf = (...objects: Values[]) => new Set(objects.flatMap((object) => Object.keys(object)));

describe('mergeSessions', () => {
  it('holds under each key what the model says, and no other key', () => {
    fc.assert(
      fc.property(sides, ([base, theirs, mine]) => {
        const merged = mergeSessions(base, theirs, mine);
        for (const key of keysOf(base, theirs, mine, merged)) {
          expect([key, valueOf(merged, key)]).toEqual([key, expectedValue(base, theirs, mine, key)]);
        }
      }),
    );
  });

  it('gives the same in either order where no key was changed by both', () => {
    fc.assert(
      fc.property(sides, ([base, theirs, mine]) => {
        const isChanged = (side: Values, key: string) => valueOf(side, key) !== valueOf(base, key);
        fc.pre([...keysOf(base, theirs, mine)].every((key) => !isChanged(theirs, key) || !isChanged(mine, key)));
        const forth = mergeSessions(base, theirs, mine);
        const back = mergeSessions(base, mine, theirs);
        expect(new Map(Object.entries(forth))).toEqual(new Map(Object.entries(back)));
      }),
    );
  });

  it('changes none of its arguments and no prototype', () => {
    fc.assert(
      fc.property(sides, (given) => {
        const before = JSON.stringify(given);
        const merged = mergeSessions(...given);
        expect(JSON.stringify(given)).toBe(before);
        expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
        expect(Object.keys(Object.prototype)).toEqual([]);
        for (const key of ['polluted', 'a', 'b']) expect(({} as Values)[key]).toBeUndefined();
      }),
    );
  });

  const isKept = (base: unknown, mine: unknown) => mergeSessions({ key: base }, { key: 'theirs' }, { key: mine }).key === 'theirs';
  const nested = (depth: number, open: string, close: string) => JSON.parse(`${open.repeat(depth)}1${close.repeat(depth)}`) as unknown;
  const ring = (length: number) => {
    const first: unknown[] = [];
    let last = first;
    for (let index = 1; index < length; index++) last = [last];
    first.push(last);
    return first;
  };

  it.each<[string, unknown, unknown]>([
    ['the order of keys', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    [
      'equal dates, maps and sets',
      [new Date(5), new Map([['a', [1]]]), new Set(['x'])],
      [new Date(5), new Map([['a', [1]]]), new Set(['x'])],
    ],
    ['an object without a prototype', { a: Object.assign(Object.create(null) as object, { b: 1 }) }, { a: { b: 1 } }],
    ['not a number', [Number.NaN], [Number.NaN]],
    ['a key that is called length', { length: [] }, { length: [] }],
    ['cycles', ring(1), ring(1)],
    ['cycles of unlike lengths, which look alike all the way', ring(2), ring(3)],
    ['arrays deeper than the call stack', nested(100_000, '[', ']'), nested(100_000, '[', ']')],
    ['objects deeper than the call stack', nested(100_000, '{"a":', '}'), nested(100_000, '{"a":', '}')],
  ])('sees no change in %s', (_, base, mine) => {
    expect(isKept(base, mine)).toBe(true);
  });

  it.each<[string, unknown, unknown]>([
    ['a value', { a: { b: 1 } }, { a: { b: 2 } }],
    ['a value deep down', nested(100_000, '[', ']'), nested(100_001, '[', ']')],
    ['one of several values', [1, [2, 3]], [1, [2, 4]]],
    ['a key', { a: 1 }, { b: 1 }],
    ['a key with the value undefined', { a: undefined }, { b: undefined }],
    ['a key that every object inherits', { a: 1 }, { toString: 1 }],
    ['an inherited key that becomes its own', { constructor: Object }, { other: Object }],
    ['a key more', { a: 1 }, { a: 1, b: 2 }],
    ['a key less', { a: 1, b: 2 }, { a: 1 }],
    ['an element more', [1], [1, 2]],
    ['the length of a sparse array', Object.assign([], { length: 2 }), Object.assign([], { length: 3 })],
    ['an array that becomes an object', [1], { 0: 1 }],
    ['an empty array that becomes an object', [], {}],
    ['an object that becomes null', {}, null],
    ['an object that becomes a primitive', {}, 'x'],
    ['a date', [new Date(5)], [new Date(6)]],
    ['a date that becomes an object', [new Date(5)], [{}]],
    ['what a map holds', new Map([['a', 1]]), new Map([['a', 2]])],
    ['a number that becomes a string', [1], ['1']],
    ['one of two places of a shared object', Array.from({ length: 2 }).fill(Object.freeze({ a: 1 })), [{ a: 1 }, { a: 2 }]],
  ])('sees a change of %s', (_, base, mine) => {
    expect(isKept(base, mine)).toBe(false);
    expect(isKept(mine, base)).toBe(false);
  });

  it('sees a change where a copy differs in one value, wherever that is, and none in a copy', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(), (value, place) => {
        const copy = structuredClone({ value });
        expect(isKept({ value }, copy)).toBe(true);
        const objects: Values[] = [copy];
        for (const object of objects) {
          for (const each of Object.values(object)) if (typeof each === 'object' && each !== null) objects.push(each as Values);
        }
        const chosen = objects[place % objects.length]!;
        const names = Object.keys(chosen);
        fc.pre(names.length > 0);
        chosen[names[place % names.length]!] = 'a value of its own';
        expect(isKept({ value }, copy)).toBe(false);
      }),
    );
  });

  it('tells a key without a value from one that is not there', () => {
    expect(mergeSessions({ a: undefined }, { a: 1 }, {})).toStrictEqual({});
    expect(mergeSessions({}, { a: 1 }, { a: undefined })).toStrictEqual({ a: undefined });
  });

  it('compares instances of classes by their data', () => {
    const [base, theirs, mine] = [price(1), price(2), price(1, 'another note')].map((each) => ({ price: each }));
    expect(mergeSessions(base!, theirs!, mine!, centsOf)).toStrictEqual(theirs);
    expect(mergeSessions(base!, theirs!, mine!)).toStrictEqual(mine);
    const prices = (tea: Price, mug: Price) => ({ prices: new Map(Object.entries({ tea, mug })) });
    const both = mergeSessions(prices(price(1), price(1)), prices(price(2), price(1)), prices(price(1, 'mine'), price(3)), centsOf);
    expect(both).toStrictEqual(prices(price(2), price(3)));
  });

  it('takes the cookie from mine, whoever changed it', () => {
    fc.assert(
      fc.property(values, values, values, (base, theirs, mine) => {
        expect(mergeSessions({ cookie: base }, { cookie: theirs }, { cookie: mine })).toEqual({ cookie: mine });
      }),
    );
  });
});

describe('applyMerge', () => {
  /** A live session: its members are on the prototype, its data are its own keys. */
  const live = (own: Values) => Object.assign(Object.create({ save: 'a member', id: 'a member' }) as Values, own);
  const plain = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'save', 'id'), values, { maxKeys: 4, noNullPrototype: true });
  const withoutMembers = ({ save: _save, id: _id, ...rest }: Values): Values => rest;

  it('makes the session hold what was merged, and keeps its members', () => {
    fc.assert(
      fc.property(plain.map(withoutMembers), plain, (mine, merged) => {
        const session = live(mine);
        applyMerge(session, mine, merged);
        expect({ ...session }).toEqual(withoutMembers(merged));
        expect([session.save, session.id]).toEqual(['a member', 'a member']);
      }),
    );
  });

  it('leaves alone what the merge did not change, and what was changed after the merge began', () => {
    const cart = { tea: 1 };
    const session = live({ cart, late: 'new', cookie: 'its own' });
    applyMerge(session, { cart: { tea: 1 }, late: 'old', cookie: 'x' }, { cart: { tea: 1 }, late: 'old', cookie: 'y', theirs: 1 });
    expect({ ...session }).toEqual({ cart, late: 'new', cookie: 'its own', theirs: 1 });
    expect(session.cart).toBe(cart);
  });

  it('leaves an instance of a class whose data are the same', () => {
    const own = price(1);
    const session = live({ price: own });
    applyMerge(session, { price: own }, { price: price(1, 'another note') }, centsOf);
    expect(session.price).toBe(own);
    applyMerge(session, { price: own }, { price: price(2) }, centsOf);
    expect(session.price).toEqual(price(2));
  });

  it('removes a key instead of emptying it, also one whose name every object inherits', () => {
    const session = live({ a: 1, valueOf: 2 });
    applyMerge(session, { a: 1, valueOf: 2 }, {});
    expect(Object.keys(session)).toEqual([]);
  });

  it('never reaches a prototype', () => {
    const session = live({});
    const prototype: unknown = Object.getPrototypeOf(session);
    applyMerge(session, {}, JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as Values);
    expect(Object.getPrototypeOf(session)).toBe(prototype);
    expect([session.polluted, ({} as Values).polluted]).toEqual([undefined, undefined]);
  });
});
