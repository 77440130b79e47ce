import { describe, expect, it, vi } from 'vitest';
import { jsonSerializer } from '../../lib/store/serializers/serializer.js';
import { money, moneySerializer } from '../support/graphs.js';

const textOf = (...nodes: unknown[]) => `["graph1",${JSON.stringify(nodes)}]`;
const read = (text: string) => moneySerializer().deserialize(text) as unknown as Record<string, unknown>;

describe('the text of a graph that no writer makes', () => {
  it.each<[string, string]>([
    ['has no nodes', '["graph1",[]]'],
    ['has no list of nodes', '["graph1",{}]'],
    ['has more than nodes', '["graph1",[{}],1]'],
    ['is cut', '["graph1",[{"a":1},'],
    ['names a node that is not there', textOf({ a: 1 })],
    ['names a node by a negative number', textOf({ a: -7 })],
    ['names a node by a fraction', textOf({ a: 0.5 }, 1)],
    ['names a node by a string', textOf({ a: '1' }, 1)],
    ['names a node by a key of every array', textOf({ a: 'length' }, 1)],
    ['has a gap that its text does not hold', textOf([-7, 4_294_967_295, 4_294_967_294, 1], 1)],
    ['has a gap where an object has a value', textOf({ a: -2 })],
    ['has an unknown tag', textOf(['Function', 'return process'])],
    ['has a tag of every object', textOf(['constructor', 1], 1)],
    ['has a symbol', textOf(['Symbol', 'iterator'])],
    ['has a date of a number', textOf(['Date', 5])],
    ['has a big number that is none', textOf(['BigInt', '0x10'])],
    ['has a pattern that does not compile', textOf(['RegExp', '(', ''])],
    ['has a pattern with flags that are none', textOf(['RegExp', 'a', '__proto__'])],
    ['has an address that is none', textOf(['URL', 'javascript'])],
    ['has bytes that are no string', textOf(['Buffer', 1_000_000_000])],
    ['has a view of no buffer', textOf(['Uint8Array', 1], 4_000_000_000)],
    ['has a view of itself', textOf(['Uint8Array', 0])],
    ['has a view that does not fit its buffer', textOf(['Float64Array', 1], ['ArrayBuffer', 'AA=='])],
    ['has a view of another realm', textOf(['SharedArrayBuffer', 1], ['ArrayBuffer', 'AA=='])],
    ['has an object without a prototype whose key is none', textOf(['null', 1, 1])],
    ['has a class that is not registered', textOf(['class', 'Object', 1, 1], {})],
    ['has a class by a name that every object has', textOf(['class', 'constructor', 1, 1], {})],
    ['has a version that is none', textOf(['class', 'Money', 'x', 1], {})],
    ['has an instance of itself', textOf(['class', 'Money', 1, 0])],
    ['has an instance in its own data', textOf([1], ['class', 'Money', 1, 2], { cents: 0 })],
    ['is nested deeper than can be written', textOf(...Array.from({ length: 20_000 }, (_, index) => [index + 1]), 1)],
  ])('is no session if it %s', (_, text) => {
    const call = vi.spyOn(money, 'fromData');
    expect(() => read(text)).toThrow(Error);
    expect(call).not.toHaveBeenCalled();
    expect(() => jsonSerializer.deserialize(text)).toThrow(Error);
    call.mockRestore();
  });

  it('reaches no prototype', () => {
    const text = textOf(JSON.parse('{"__proto__":1,"constructor":1,"toString":2}'), JSON.parse('{"polluted":2,"__proto__":3}'), true, [
      'null',
      '__proto__',
      1,
    ]);
    const data = read(text);
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(data.toString).toBe(true);
  });

  it('is read where prototypes are frozen', () => {
    const serializer = moneySerializer();
    const text = serializer.serialize({ toString: 1, valueOf: 2 } as never) as string;
    const { writable, ...rest } = Object.getOwnPropertyDescriptor(Object.prototype, 'toString')!;
    try {
      Object.defineProperty(Object.prototype, 'toString', { ...rest, writable: false });
      expect(serializer.deserialize(text)).toEqual({ toString: 1, valueOf: 2 });
    } finally {
      Object.defineProperty(Object.prototype, 'toString', { ...rest, writable: writable! });
    }
  });

  it('may hold a pattern that takes for ever: it is compiled, and matched against nothing', () => {
    expect(read(textOf({ a: 1 }, ['RegExp', '(a+)+$', ''])).a).toEqual(/(a+)+$/);
  });

  it('ends for a long chain of nodes that name each other backwards', () => {
    const nodes = Array.from({ length: 3_000 }, (_, index) => [Math.max(0, index - 1), index]);
    expect(Array.isArray(read(textOf(...nodes)))).toBe(true);
  });
});
