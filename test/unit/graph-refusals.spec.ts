import { describe, expect, it } from 'vitest';
import { SessionOptionsError, SessionSerializationError } from '../../lib/session.errors.js';
import type { SessionData } from '../../lib/store/express-session.js';
import { graphSerializer } from '../../lib/store/serializers/graph-serializer.js';
import { jsonSerializer } from '../../lib/store/serializers/serializer.js';
import { Money, money, moneySerializer } from '../support/graphs.js';

const write = (values: object, serializer = moneySerializer()) => serializer.serialize(values as SessionData) as string;
const read = (text: string, serializer = moneySerializer()) => serializer.deserialize(text) as unknown as Record<string, unknown>;

class Coin extends Money {}
class Cart {
  items = [];
}

describe('what no graph carries is refused with the path to it', () => {
  const cycle = new Money(1, { seat: {} });
  Object.assign(cycle.currency as object, { back: [cycle] });
  const nested = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}[]${'}'.repeat(depth)}`) as object;

  it.each<[string, object, RegExp]>([
    ['a function', { cart: { items: [1, 2, 3, { price: () => 1 }] } }, /: cart\.items\[3\]\.price is a function\./],
    ['a symbol', { a: [Symbol('x')] }, /: a\[0\] is a symbol\./],
    ['an instance', { a: { 'b c': new Cart() } }, /: a\["b c"\] is an instance of Cart\. .*`classes`/],
    ['an instance of a class that extends a registered one', { a: new Coin(1) }, /: a is an instance of Coin/],
    ['an instance of a class that extends a built-in one', { a: new (class Scores extends Map {})() }, /: a is an instance of Scores/],
    ['an instance without a name', { a: new (class {})() }, /: a is an instance of a class\./],
    ['an error', { a: new Error('VISA') }, /: a is an instance of Error/],
    ['a promise', { a: Promise.resolve() }, /: a is an instance of Promise/],
    ['a boxed number', { a: Object(1) as object }, /: a is an instance of Number/],
    ['shared memory', { a: new SharedArrayBuffer(1) }, /: a is an instance of SharedArrayBuffer/],
    [
      'the value of a Map',
      {
        a: new Map<unknown, unknown>([
          ['visa', 1],
          ['b', { c: new Cart() }],
        ]),
      },
      /: a\[entry 1\]\.c is/,
    ],
    ['the key of a Map', { a: new Map([[new Cart(), 1]]) }, /: a\[key 0\] is/],
    ['the member of a Set', { a: new Set([1, new Cart()]) }, /: a\[member 1\] is/],
    ['the data of an instance', { a: [new Money(1, new Cart())] }, /: a\[0\]\.toData\(\)\.currency is/],
    ['a symbol for a key', { a: { [Symbol('x')]: 1 } }, /: a has a symbol for a key\./],
    ['an array with a key', { a: Object.assign([1], { index: 0 }) }, /: a is an array with the key "index"/],
    ['an array with a gap', { a: Object.assign([], { length: 4_294_967_295 }) }, /: a is an array with 4294967295 empty places/],
    ['an instance that leads to itself', { a: { b: cycle } }, /: a\.b leads back to itself\. .*`toData`/],
    ['depth', { deep: nested(20_000) }, /: deep(?:\.a){90,}.* is nested more than 4096 levels deep\./],
  ])('%s', (_, values, message) => {
    const refused = () => write(values);
    expect(refused).toThrow(SessionSerializationError);
    expect(refused).toThrow(message);
    expect(refused).not.toThrow(/VISA|visa/);
  });

  it('a getter that throws, with its error as the cause', () => {
    const failed = new Error('VISA');
    const fail = () => {
      throw failed;
    };
    const values = { cart: [Object.defineProperty({}, 'total', { enumerable: true, get: fail })] };
    expect(() => write(values)).toThrow(
      expect.objectContaining({
        code: 'SESSION_SERIALIZATION',
        cause: failed,
        message: expect.stringMatching(/: cart\[0\]\.total cannot be read: Error\./),
      }),
    );
    const broken = graphSerializer({ classes: { Money: { ...money, toData: fail } } });
    expect(() => write({ a: new Money(1) }, broken)).toThrow(/: a\.toData\(\) cannot be read: Error\./);
  });

  it('data that a class makes without an end', () => {
    const serializer = graphSerializer({ classes: { Money: { ...money, toData: ({ cents }: Money) => new Money(cents + 1) } } });
    expect(() => write({ a: new Money(1) }, serializer)).toThrow(/nested more than 4096 levels deep/);
  });

  it('but not 4,000 levels, nor a list of any length', () => {
    const list = { deep: nested(4_000), long: Array.from({ length: 50_000 }, (_, index) => ({ index })) };
    expect(JSON.stringify(read(write(list)))).toBe(JSON.stringify(list));
  });
});

describe('a view of bytes', () => {
  it('takes its own bytes along, and not those of others around it', () => {
    const pool = Buffer.from('a secret of another user').buffer;
    const buffer = Buffer.from('mine');
    const values = { buffer, view: new Uint8Array(buffer.buffer, buffer.byteOffset, 4), data: new DataView(pool, 0, 1) };
    const text = write(values);
    expect(text.length).toBeLessThan(250);
    const { view } = read(text) as { view: Uint8Array };
    expect([view.buffer.byteLength, Buffer.from(view).toString()]).toEqual([4, 'mine']);
  });

  it('of a whole buffer shares it', () => {
    const { buffer } = Float64Array.of(1, 2);
    const copy = read(write({ buffer, floats: new Float64Array(buffer), bytes: new Uint8Array(buffer) }));
    expect((copy.floats as Float64Array).buffer).toBe(copy.buffer);
    expect((copy.bytes as Uint8Array).buffer).toBe(copy.buffer);
    expect([...(copy.floats as Float64Array)]).toEqual([1, 2]);
  });
});

describe('an instance of a registered class', () => {
  const seen: unknown[] = [];
  const fromData = (data: { cents: number; currency: unknown }, version: number) => {
    seen.push(version, structuredClone(data));
    return money.fromData(data);
  };

  it('comes back from the data and the version that it was stored with, once however often it is named', () => {
    const old = graphSerializer({
      classes: { Money: { ...money, version: undefined, toData: ({ cents }: Money) => ({ cents, currency: [{}] }) } },
    });
    const price = new Money(5);
    const { a, b } = read(write({ a: price, b: [price] }, old), graphSerializer({ classes: { Money: { ...money, fromData } } }));
    expect(seen.splice(0)).toEqual([1, { cents: 5, currency: [{}] }]);
    expect(a).toBeInstanceOf(Money);
    expect((a as Money).cents).toBe(5);
    expect((b as unknown[])[0]).toBe(a);
  });

  it('gets its data whole, cycles in it and other instances included', () => {
    const ring: unknown[] = [new Money(1)];
    ring.push(ring, { ring });
    const serializer = graphSerializer({
      classes: {
        Money: {
          ...money,
          fromData: (data: { cents: number; currency: unknown }) => {
            if (Array.isArray(data.currency))
              seen.push(data.currency.length, (data.currency[0] as Money).cents, data.currency[1] === data.currency);
            return money.fromData(data);
          },
        },
      },
    });
    read(write({ first: [ring], a: new Money(2, ring) }), serializer);
    expect(seen.splice(0)).toEqual([3, 1, true]);
  });

  it('cannot be read without the class, nor from a `fromData` that returns something else', () => {
    const text = write({ a: new Money(5) });
    for (const serializer of [graphSerializer(), jsonSerializer])
      expect(() => read(text, serializer)).toThrow(/class "Money", which is not in the `classes`/);
    const wrong = graphSerializer({ classes: { Money: { ...money, fromData: () => ({}) as Money } } });
    expect(() => read(text, wrong)).toThrow(/returned no instance/);
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 5, /`classes` of `graphSerializer` is wrong/],
    ['an empty name', { '': money }, /classes\[""\]/],
    ['no description', { Money: null }, /classes\["Money"\]` .* \{ class, version, toData, fromData \}/],
    ['no class', { Money: { ...money, class: {} } }, /\.class` .* a class\./],
    ['a built-in class', { Dates: { ...money, class: Date } }, /\.class` .* of the application/],
    ['every object', { Objects: { ...money, class: Object } }, /\.class` .* of the application/],
    ['a class twice', { Money: money, Cash: money }, /already "Money"/],
    ['a version', { Money: { ...money, version: 0 } }, /\.version` .* a whole number from 1/],
    ['no toData', { Money: { ...money, toData: undefined } }, /\.toData` .* a function/],
    ['no fromData', { Money: { ...money, fromData: undefined } }, /\.fromData` .* a function/],
  ])('is not registered by %s', (_, classes, message) => {
    const register = () => graphSerializer({ classes: classes as never });
    expect(register).toThrow(SessionOptionsError);
    expect(register).toThrow(message);
  });

  it('is registered by the option `classes` alone', () => {
    expect(() => graphSerializer({ class: {} } as never)).toThrow(/no option "class"/);
    expect(() => graphSerializer(null as never)).toThrow(SessionOptionsError);
  });
});

describe('JSON and graphs', () => {
  it('read each other’s text', () => {
    const values = { cookie: {}, cart: { tea: 1 } };
    expect(read(jsonSerializer.serialize(values as never) as string)).toEqual(values);
    expect(read(write(values), jsonSerializer)).toEqual(values);
  });
});
