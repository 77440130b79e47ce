import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HiddenNote } from '../../lib/store/session/hidden-note.js';

describe('a hidden note', () => {
  const writer = {};
  const note = { seen: 1 };

  it('is read by its writer, and replaced by the next one', () => {
    const object = { views: 1 };
    HiddenNote.write(object, writer, note);
    expect(HiddenNote.read(object, writer)).toBe(note);
    HiddenNote.write(object, writer, 'another');
    expect(HiddenNote.read(object, writer)).toBe('another');
  });

  it('is not there for another writer, nor on an object without one', () => {
    const object = {};
    HiddenNote.write(object, writer, note);
    expect(HiddenNote.read(object, {})).toBeUndefined();
    expect(HiddenNote.read({}, writer)).toBeUndefined();
  });

  it('is seen by nobody else: no key, no copy, no log', () => {
    const object = { views: 1 };
    HiddenNote.write(object, writer, note);
    expect(Reflect.ownKeys(object)).toEqual(['views']);
    expect(inspect(object, { showHidden: true, depth: 10 })).toBe('{ views: 1 }');
    for (const copy of [{ ...object }, structuredClone(object), new Proxy(object, {})])
      expect(HiddenNote.read(copy, writer)).toBeUndefined();
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  });
});
