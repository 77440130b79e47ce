import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeCollections } from '../../lib/store/session/merging/merge-collections.js';

class Tagged extends Map<unknown, unknown> {}
class TaggedSet extends Set<unknown> {}

/** An amount whose note is none of its data. */
class Money {
  constructor(
    readonly cents: number,
    readonly note = '',
  ) {}
}
const dataOf = (value: object): unknown => (value instanceof Money ? value.cents : undefined);

const keys = fc.constantFrom<unknown>('a', 'b', 'c', 1, null, undefined);
const values = fc.constantFrom<unknown>(0, 1, 'x', undefined, null);
const maps = fc.array(fc.tuple(keys, values), { maxLength: 5 }).map((entries) => new Map(entries));
const sets = fc.array(keys, { maxLength: 5 }).map((members) => new Set(members));

/** What a map holds under a key, or that it has none. */
const at = (map: ReadonlyMap<unknown, unknown>, key: unknown) => (map.has(key) ? [map.get(key)] : []);
const isSame = (left: unknown[], right: unknown[]) => left.length === right.length && left[0] === right[0];

describe('mergeCollections', () => {
  it('holds under each key of a map what its changer set or removed, and mine where both did', () => {
    fc.assert(
      fc.property(maps, maps, maps, (base, theirs, mine) => {
        const merged = mergeCollections(base, theirs, mine) as Map<unknown, unknown>;
        expect(merged).toBeInstanceOf(Map);
        for (const key of new Set([base, theirs, mine, merged].flatMap((map) => [...map.keys()]))) {
          const isMine = !isSame(at(mine, key), at(base, key));
          expect(at(merged, key)).toEqual(at(isMine ? mine : theirs, key));
        }
      }),
    );
  });

  it('has the members of a set that its changer added, and not those that it removed', () => {
    fc.assert(
      fc.property(sets, sets, sets, (base, theirs, mine) => {
        const merged = mergeCollections(base, theirs, mine) as Set<unknown>;
        expect(merged).toBeInstanceOf(Set);
        for (const member of new Set([base, theirs, mine, merged].flatMap((set) => [...set]))) {
          const isMine = mine.has(member) !== base.has(member);
          expect(merged.has(member)).toBe((isMine ? mine : theirs).has(member));
        }
      }),
    );
  });

  it.each<[string, unknown, unknown, unknown, unknown]>([
    ['maps that are new on both sides', undefined, new Map([['a', 1]]), new Map([['b', 2]]), new Map(Object.entries({ a: 1, b: 2 }))],
    ['sets that are new on both sides', undefined, new Set(['a']), new Set(['b']), new Set(['a', 'b'])],
    ['maps that were no map', { a: 1 }, new Map([['a', 2]]), new Map([['b', 3]]), new Map(Object.entries({ a: 2, b: 3 }))],
    ['sets that were no set', ['a'], new Set(['a']), new Set(['b']), new Set(['a', 'b'])],
    ['maps that were nothing', null, new Map([['a', 1]]), new Map([['b', 2]]), new Map(Object.entries({ a: 1, b: 2 }))],
  ])('merges %s', (_, base, theirs, mine, expected) => {
    expect(mergeCollections(base, theirs, mine)).toStrictEqual(expected);
  });

  it('keeps the order of theirs, with what is mine after it', () => {
    const merged = mergeCollections(new Map(), new Map(Object.entries({ b: 1, a: 2 })), new Map([['c', 3]])) as Map<unknown, unknown>;
    expect([...merged.keys()]).toEqual(['b', 'a', 'c']);
    expect([...(mergeCollections(new Set(), new Set(['b', 'a']), new Set(['c'])) as Set<unknown>)]).toEqual(['b', 'a', 'c']);
  });

  const key = () => ({ id: 1 });
  it.each<[string, unknown, unknown, unknown]>([
    ['values that are no collections', 1, 2, 3],
    ['a map that theirs emptied of all but the name', new Map([['a', 1]]), null, new Map([['a', 2]])],
    ['a map beside a set', new Map(), new Set(['a']), new Map([['a', 1]])],
    ['a set beside a map', new Set(), new Map([['a', 1]]), new Set(['a'])],
    ['a map of another class', new Map(), new Tagged([['a', 1]]), new Map([['b', 1]])],
    ['a map of a class of mine', new Map(), new Map([['a', 1]]), new Tagged([['b', 1]])],
    ['a set of another class', new Set(), new TaggedSet(['a']), new Set(['b'])],
    ['a set of a class of mine', new Set(), new Set(['a']), new TaggedSet(['b'])],
    ['a map whose keys were objects', new Map([[key(), 1]]), new Map([['a', 1]]), new Map([['b', 1]])],
    ['a map whose keys are objects in theirs', new Map(), new Map([[key(), 1]]), new Map([['b', 1]])],
    [
      'a map whose keys are objects in mine',
      new Map(),
      new Map([['a', 1]]),
      new Map<unknown, unknown>([
        [key(), 1],
        ['b', 1],
      ]),
    ],
    ['a set whose members were objects', new Set([key()]), new Set(['a']), new Set(['b'])],
    ['a set whose members are objects in theirs', new Set(), new Set([key(), 'a']), new Set(['b'])],
    ['a set whose members are objects in mine', new Set(), new Set(['a']), new Set(['b', key()])],
  ])('takes mine, as it is: %s', (_, base, theirs, mine) => {
    expect(mergeCollections(base, theirs, mine)).toBe(mine);
  });

  it('takes mine, as it is, where theirs changed nothing', () => {
    const mine = new Map([['a', new Money(2)]]);
    expect(mergeCollections(new Map([['a', new Money(1, 'x')]]), new Map([['a', new Money(1, 'y')]]), mine, dataOf)).toBe(mine);
  });

  it('compares the values of a map by the data of their classes', () => {
    const [base, theirs, mine] = [new Money(1), new Money(2), new Money(1, 'mine')].map((price) => new Map([['tea', price]]));
    expect(mergeCollections(base, theirs, mine, dataOf)).toStrictEqual(theirs);
    expect(mergeCollections(base, theirs, mine)).toStrictEqual(mine);
  });

  it('treats the base as empty, if it is of another class', () => {
    const map = new Map(Object.entries({ a: 1, b: 2 }));
    expect(mergeCollections(new Tagged([['a', 1]]), map, new Map())).toStrictEqual(map);
    expect(mergeCollections(new TaggedSet(['a']), new Set(['a', 'b']), new Set())).toStrictEqual(new Set(['a', 'b']));
  });
});
