import fc from 'fast-check';
import { mergeDeep as mergeData } from 'nestjs-typeorm-session';
import { describe, expect, it } from 'vitest';
import { mergeSessions } from '../../lib/store/session/merging/merge.js';

type Values = Record<string, unknown>;
const mergeDeep = mergeData as unknown as (base: Values, theirs: Values, mine: Values) => Values;
const merged = (base: unknown, theirs: unknown, mine: unknown) => mergeDeep({ key: base }, { key: theirs }, { key: mine }).key;

const keys = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'toString');
const leaves = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(null, '', 'x'), fc.array(fc.integer({ max: 3 }), { maxLength: 2 }));
const trees = fc.letrec<{ node: Values }>((tie) => ({
  node: fc.array(fc.tuple(keys, fc.oneof({ depthSize: 'small' }, leaves, tie('node'))), { maxLength: 4 }).map(Object.fromEntries),
})).node;

describe('mergeDeep', () => {
  it.each<[string, unknown, unknown, unknown, unknown]>([
    ['keys of one object', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 }, { a: 2, b: 2 }],
    [
      'keys deep down',
      { x: { y: { a: 1 } } },
      { x: { y: { a: 1, b: 2 } } },
      { x: { y: { a: 3 }, z: 4 } },
      { x: { y: { a: 3, b: 2 }, z: 4 } },
    ],
    ['keys that each removed', { a: 1, b: 1, c: 1 }, { b: 1, c: 1 }, { a: 1, c: 1 }, { c: 1 }],
    ['an object that is new on both sides', undefined, { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['one key that both changed: mine', { a: 1 }, { a: 2 }, { a: 3 }, { a: 3 }],
    ['a key that mine removed and theirs changed: mine', { a: { b: 1 } }, { a: { b: 2 } }, {}, {}],
    ['items that both appended, theirs first', [1], [1, 2], [1, 3], [1, 2, 3]],
    ['the same item, appended by both', ['tea'], ['tea', 'mug'], ['tea', 'mug'], ['tea', 'mug', 'mug']],
    ['objects that both appended', [{ a: 1 }], [{ a: 1 }, { b: 1 }], [{ a: 1 }, { c: 1 }], [{ a: 1 }, { b: 1 }, { c: 1 }]],
    ['arrays that are new on both sides', undefined, ['tea'], ['mug'], ['tea', 'mug']],
    ['an array that only theirs changed', [1, 2], [2], [1, 2], [2]],
    ['an array that only mine changed', [1, 2], [1, 2], [2], [2]],
    ['an array that theirs appended to and mine cut: mine', [1, 2], [1, 2, 3], [2], [2]],
    ['an array that theirs cut and mine appended to: mine', [1, 2], [2], [1, 2, 3], [1, 2, 3]],
    ['an array in which theirs changed an item and mine appended: mine', [1, 2], [9, 2], [1, 2, 3], [1, 2, 3]],
    ['an array in which mine changed an item and theirs appended: mine', [1, 2], [1, 2, 3], [9, 2], [9, 2]],
    ['an array that became an object: mine', [1], { a: 1 }, [1, 2], [1, 2]],
    ['an array that mine emptied of its name: mine', [1], [1, 2], null, null],
    ['arrays that were nothing before: mine', null, [1], [2], [2]],
    ['an object and an empty array that are new: mine', undefined, { a: 1 }, [], []],
    ['dates as a whole', { at: new Date(1) }, { at: new Date(2) }, { at: new Date(1) }, { at: new Date(2) }],
  ])('merges %s', (_, base, theirs, mine, expected) => {
    const before = JSON.stringify([base, theirs, mine]);
    expect(merged(base, theirs, mine)).toEqual(expected);
    expect(JSON.stringify([base, theirs, mine])).toBe(before);
  });

  it('takes the cookie from mine, whatever is in it', () => {
    expect(mergeDeep({ cookie: { a: 1 } }, { cookie: { a: 2, b: 1 } }, { cookie: { a: 1 } })).toEqual({ cookie: { a: 1 } });
  });

  it('gives each side’s changes where the other changed nothing', () => {
    fc.assert(
      fc.property(trees, trees, (base, changed) => {
        expect(mergeDeep({ key: base }, { key: changed }, { key: base }).key).toEqual(changed);
        expect(mergeDeep({ key: base }, { key: base }, { key: changed }).key).toEqual(changed);
      }),
    );
  });

  it('agrees with the merge by top-level key on flat data without arrays', () => {
    const flat = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ max: 2 }), { noNullPrototype: true });
    fc.assert(
      fc.property(flat, flat, flat, (base, theirs, mine) => {
        const { cookie, ...rest } = mergeDeep(base, theirs, mine);
        expect(cookie).toBeUndefined();
        expect(rest).toEqual(mergeSessions(base, theirs, mine));
      }),
    );
  });

  it('reaches no prototype', () => {
    fc.assert(
      fc.property(trees, trees, trees, (base, theirs, mine) => {
        const result = mergeDeep({ key: base }, { key: theirs }, { key: mine }).key;
        expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
    // What objects inherit under these names was in no session.
    expect(mergeDeep({}, { constructor: ['tea'] }, { constructor: ['mug'] }).constructor).toEqual(['tea', 'mug']);
    const [theirs, mine] = ['{"__proto__":{"toString":1}}', '{"__proto__":{"a":2}}'].map((text) => JSON.parse(text) as Values);
    expect(JSON.stringify(mergeDeep({}, theirs!, mine!))).toBe('{"__proto__":{"toString":1,"a":2}}');
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as Values;
    const result = mergeDeep({}, hostile, { a: 1 });
    expect([result.polluted, ({} as Values).polluted, Object.hasOwn(result, '__proto__')]).toEqual([undefined, undefined, true]);
  });

  it('goes deeper than the call stack, and through cycles', () => {
    const deep = (end: number) => JSON.parse(`${'{"a":'.repeat(100_000)}${end}${'}'.repeat(100_000)}`) as Values;
    let place = mergeDeep(deep(1), deep(2), deep(1));
    for (let depth = 1; depth < 100_000; depth++) place = place.a as Values;
    expect(place.a).toBe(2);
    const ring = () => {
      const node: Values = {};
      node.next = node;
      return node;
    };
    const result = mergeDeep(
      { ring: ring() },
      { ring: Object.assign(ring(), { theirs: 1 }) },
      { ring: Object.assign(ring(), { mine: 1 }) },
    );
    expect(result.ring).toMatchObject({ theirs: 1, mine: 1 });
    expect((result.ring as Values).next).toBe(result.ring);
    const [one, two]: Values[] = [{}, {}];
    Object.assign(one!, { next: two });
    Object.assign(two!, { next: one });
    const unlike = mergeDeep({}, { ring: ring() }, { ring: one! }).ring as { next: { next: unknown } };
    expect(unlike.next).not.toBe(unlike);
    expect(unlike.next.next).toBe(unlike);
  });

  it('gives an object that can be changed as any other', () => {
    const result = mergeDeep({}, { a: { b: 1 } }, { a: { c: 2 } });
    const free = { writable: true, enumerable: true, configurable: true };
    expect(Object.getOwnPropertyDescriptors(result.a)).toEqual({ b: { value: 1, ...free }, c: { value: 2, ...free } });
  });
});
