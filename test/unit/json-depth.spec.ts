import { describe, expect, it } from 'vitest';
import { checkDepth } from '../../lib/store/serializers/json-depth.js';
import { jsonSerializer } from '../../lib/store/serializers/serializer.js';

const MAX = 4_096;
const arrays = (depth: number, inside = '') => '['.repeat(depth) + inside + ']'.repeat(depth);
const objects = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
const wide = (each: string) => `[${Array.from({ length: MAX + 1 }, () => each).join()}]`;

describe('checkDepth', () => {
  it.each([
    ['arrays', arrays(MAX, '"x"')],
    ['objects', objects(MAX)],
    ['many arrays beside each other', wide('[]')],
    ['many objects beside each other', wide('{"a":{}}')],
    ['brackets in a string', JSON.stringify(arrays(MAX * 2))],
    ['brackets behind an escaped quotation mark', JSON.stringify(`"${arrays(MAX * 2)}`)],
    ['brackets in a string that ends with a backslash', JSON.stringify(['\\', arrays(MAX * 2), arrays(MAX * 2)])],
  ])('lets %s pass', (_, json) => {
    expect(checkDepth(json)).toBe(json);
  });

  it.each([
    ['arrays', arrays(MAX + 1, '1')],
    ['objects', objects(MAX + 1)],
    ['arrays behind a string of brackets', `[${JSON.stringify(arrays(MAX))},${arrays(MAX)}]`],
    ['arrays behind a string that ends with a backslash', `["\\\\",${arrays(MAX)}]`],
    ['arrays behind others', `[${arrays(10)},${arrays(MAX)}]`],
  ])('refuses %s deeper than that', (_, json) => {
    expect(() => checkDepth(json)).toThrow(RangeError);
  });
});

describe('jsonSerializer', () => {
  const deep = (depth: number) => JSON.parse(objects(depth)) as never;

  it.each([1_000, 4_000])('writes what it reads, %i levels deep', (depth) => {
    expect(jsonSerializer.serialize(jsonSerializer.deserialize(objects(depth)) as never)).toBe(objects(depth));
  });

  it.each([MAX + 1, 20_000])('neither writes nor reads %i levels', (depth) => {
    expect(() => jsonSerializer.serialize(deep(depth))).toThrow(RangeError);
    expect(() => jsonSerializer.deserialize(objects(depth))).toThrow(RangeError);
  });
});
