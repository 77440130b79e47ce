import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HiddenNote } from '../../lib/store/session/hidden-note.js';

describe('A note on an object', () => {
  const writer = {};

  it('is read by its writer, until that writes another', () => {
    const object = { a: 1 };
    HiddenNote.write(object, writer, 'first');
    expect(HiddenNote.read(object, writer)).toBe('first');
    HiddenNote.write(object, writer, 'second');
    expect(HiddenNote.read(object, writer)).toBe('second');
  });

  it('is not there for another writer, nor on another object', () => {
    const object = {};
    HiddenNote.write(object, writer, 'mine');
    expect(HiddenNote.read(object, {})).toBeUndefined();
    expect(HiddenNote.read({}, writer)).toBeUndefined();
    const other = {};
    HiddenNote.write(object, other, 'theirs');
    expect(HiddenNote.read(object, writer)).toBeUndefined();
    expect(HiddenNote.read(object, other)).toBe('theirs');
  });

  it('shows nowhere, and goes into no copy', () => {
    const object = { a: 1 };
    HiddenNote.write(object, writer, 'hidden');
    expect(Reflect.ownKeys(object)).toEqual(['a']);
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(JSON.stringify(object)).toBe('{"a":1}');
    expect(inspect(object, { showHidden: true, depth: null })).toBe('{ a: 1 }');
    for (const copy of [{ ...object }, structuredClone(object), new Proxy(object, {})]) {
      expect(HiddenNote.read(copy, writer)).toBeUndefined();
    }
  });
});
