import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMerge, mergeSessions } from '../../lib/store/session/merge.js';

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

  it('never reaches a prototype', () => {
    const session = live({});
    const prototype: unknown = Object.getPrototypeOf(session);
    applyMerge(session, {}, JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as Values);
    expect(Object.getPrototypeOf(session)).toBe(prototype);
    expect([session.polluted, ({} as Values).polluted]).toEqual([undefined, undefined]);
  });
});
