import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PrivateField } from '../../lib/store/session/private-field.js';

describe('a private field on an object', () => {
  const owner = {};
  const value = { seen: 1 };

  it('is read by its owner, who may replace it', () => {
    const object = { views: 1 };
    PrivateField.set(object, owner, value);
    expect(PrivateField.get(object, owner)).toBe(value);
    PrivateField.set(object, owner, 'another');
    expect(PrivateField.get(object, owner)).toBe('another');
  });

  it('is not there for another owner, nor on an object without one', () => {
    const object = {};
    PrivateField.set(object, owner, value);
    expect(PrivateField.get(object, {})).toBeUndefined();
    expect(PrivateField.get({}, owner)).toBeUndefined();
  });

  it('is seen by nobody else: no key, no copy, no log', () => {
    const object = { views: 1 };
    PrivateField.set(object, owner, value);
    expect(Reflect.ownKeys(object)).toEqual(['views']);
    expect(inspect(object, { showHidden: true, depth: 10 })).toBe('{ views: 1 }');
    for (const copy of [{ ...object }, structuredClone(object), new Proxy(object, {})])
      expect(PrivateField.get(copy, owner)).toBeUndefined();
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  });
});
