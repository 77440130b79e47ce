import * as fc from 'fast-check';
import { graphSerializer } from '../../lib/store/serializers/graph-serializer.js';

/** A class with state that only its methods see. */
export class Money {
  #cents: number;

  constructor(
    cents: number,
    readonly currency: unknown = 'EUR',
  ) {
    this.#cents = cents;
  }

  add(cents: number): void {
    this.#cents += cents;
  }

  get cents(): number {
    return this.#cents;
  }
}

export const money = {
  class: Money,
  version: 2,
  toData: (value: Money) => ({ cents: value.cents, currency: value.currency }),
  fromData: ({ cents, currency }: { cents: number; currency: unknown }) => new Money(cents, currency),
};

/** The serializer that carries every graph of these tests. */
export const moneySerializer = () => graphSerializer({ classes: { Money: money } });

type Container = unknown[] | Map<unknown, unknown> | Set<unknown> | Record<string, unknown>;

const KEYS = ['a', 'b', '0', '', 'a b', '__proto__', 'constructor', 'toString', 'é∢🙂', '\ud800', '\0', 'length'];

const bytes = fc.uint8Array({ maxLength: 24 });
/** Values that lead to no others; each made anew where it is used. */
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(undefined, null, -0, Number.NaN, Infinity, -Infinity, ''),
  fc.date({ noInvalidDate: false }),
  fc
    .constantFrom('(a+)+$', '[/]\\/"', '\\u{1F642}')
    .chain((source) => fc.constantFrom('', 'gi', 'u').map((flags) => new RegExp(source, flags))),
  fc.webUrl({ withQueryParameters: true, withFragments: true }).map((url) => new URL(url)),
  bytes.map((array) => Buffer.from(array)),
  bytes.map((array) => new Uint8Array(array).buffer),
  bytes.map((array) => new Uint8Array(array).subarray(1)),
  fc
    .constantFrom(Int8Array, Uint8ClampedArray, Int16Array, Uint32Array, Float32Array, Float64Array)
    .chain((View) => bytes.map((array) => new View(new Uint8Array(8 * array.length).fill(7).buffer))),
  fc.bigInt64Array({ maxLength: 3 }),
  bytes.map((array) => new DataView(new Uint8Array(array).buffer)),
  fc.integer().map((cents) => new Money(cents)),
);

const KINDS = ['object', 'null', 'array', 'map', 'set'] as const;
const shape = fc.record({
  kind: fc.constantFrom(...KINDS),
  /** Which of the containers and leaves are in it, and under which key. */
  links: fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.nat({ max: 99 }), fc.nat({ max: 99 })), { maxLength: 5 }),
});

/** Graphs of any shape: shared values, cycles, keys that reach for a prototype, sparse arrays. */
export const graphs: fc.Arbitrary<unknown> = fc
  .tuple(fc.array(shape, { minLength: 1, maxLength: 8 }), fc.array(leaf, { maxLength: 8 }))
  .map(([shapes, leaves]) => {
    const containers = shapes.map(({ kind }): Container => {
      if (kind === 'map') return new Map();
      if (kind === 'set') return new Set();
      return kind === 'array' ? [] : (Object.create(kind === 'null' ? null : Object.prototype) as Record<string, unknown>);
    });
    const all = [...containers, ...leaves];
    const pick = (place: number): unknown => all[place % all.length];
    for (const [index, { links }] of shapes.entries()) link(containers[index]!, links, pick);
    return containers[0];
  });

function link(container: Container, links: readonly (readonly [string, number, number])[], pick: (place: number) => unknown): void {
  for (const [key, first, second] of links) {
    if (container instanceof Map) container.set(pick(first), pick(second));
    else if (container instanceof Set) container.add(pick(first));
    else if (Array.isArray(container)) container[container.length + (second % 3 === 0 ? 1 : 0)] = pick(first);
    else Object.defineProperty(container, key, { value: pick(first), enumerable: true, configurable: true, writable: true });
  }
}

/** What two graphs differ in: types, values, or which of their places hold the same object. `undefined` if they are alike. */
export function differenceOf(one: unknown, other: unknown): string | undefined {
  const pairs: [left: unknown, right: unknown, path: string][] = [[one, other, '$']];
  const forth = new Map<unknown, unknown>();
  const back = new Map<unknown, unknown>();
  for (const [left, right, path] of pairs) {
    if (typeof left !== 'object' || left === null) {
      if (!Object.is(left, right)) return path;
      continue;
    }
    if (typeof right !== 'object' || right === null) return path;
    if (forth.has(left) || back.has(right)) {
      if (forth.get(left) !== right || back.get(right) !== left) return `${path} (identity)`;
      continue;
    }
    forth.set(left, right);
    back.set(right, left);
    if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return `${path} (class)`;
    const [inLeft, inRight] = [partsOf(left), partsOf(right)];
    if (inLeft.length !== inRight.length) return `${path} (size)`;
    for (const [place, [key, value]] of inLeft.entries()) {
      if (inRight[place]![0] !== key) return `${path} (keys)`;
      pairs.push([value, inRight[place]![1], `${path}.${key}`]);
    }
  }
  return undefined;
}

function partsOf(value: object): [key: string, value: unknown][] {
  if (value instanceof Map)
    return [...value].flatMap(([key, each], index) => [
      [`key ${index}`, key],
      [`entry ${index}`, each],
    ]);
  if (value instanceof Set) return [...value].map((each, index) => [String(index), each]);
  if (value instanceof Date) return [['time', value.getTime()]];
  if (value instanceof RegExp || value instanceof URL) return [['text', String(value)]];
  if (value instanceof Money)
    return [
      ['cents', value.cents],
      ['currency', value.currency],
    ];
  if (value instanceof ArrayBuffer) return [['bytes', Buffer.from(value).toString('hex')]];
  if (ArrayBuffer.isView(value)) return [['bytes', Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')]];
  return [...Object.entries(value), ...(Array.isArray(value) ? [['length', value.length] as [string, unknown]] : [])];
}
