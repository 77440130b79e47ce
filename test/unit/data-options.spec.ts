import v8 from 'node:v8';
import { describe, expect, it } from 'vitest';
import { SessionOptionsError } from '../../lib/session.errors.js';
import { resolveOptions } from '../../lib/store/options/resolve-options.js';
import { jsonSerializer, type SessionSerializer } from '../../lib/store/serializers/serializer.js';
import { Money, money } from '../support/graphs.js';
import { SECRET } from '../support/secret.js';

const KEY = 'a key for the data of sessions, 2030';
const resolve = (options: object) => resolveOptions({ secret: SECRET, ...options });
const errorOf = (options: object): string => {
  try {
    resolve(options);
  } catch (error) {
    if (error instanceof SessionOptionsError) return error.message;
    throw error;
  }
  throw new Error('Nothing was refused.');
};
const own: SessionSerializer = { ...jsonSerializer, name: 'own' };

describe('the option serializer', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'json'],
    ['a name', 'graph', 'graph'],
    ['the name of the default', 'json', 'json'],
    ['a serializer', own, 'own'],
    ['{ use } with a name', { use: 'graph' }, 'graph'],
    ['{ use } with the name of the default', { use: 'json' }, 'json'],
    ['{ use } with a serializer', { use: own }, 'own'],
    ['{ use, options } with a function', { use: ({ name }: { name: string }) => ({ ...own, name }), options: { name: 'made' } }, 'made'],
  ])('takes %s', (_, serializer, name) => {
    expect(resolve({ serializer }).serializer.name).toBe(name);
  });

  it('hands the options to the serializer of that name', async () => {
    const { serializer } = resolve({ serializer: { use: 'graph', options: { classes: { Money: money } } } });
    const text = await serializer.serialize({ price: new Money(5) } as never);
    expect(await serializer.deserialize(text)).toEqual({ price: new Money(5) });
  });

  it.each<[string, unknown, RegExp]>([
    ['options of one that takes none', { use: 'json', options: {} }, /`serializer\.options` .* left out/],
    ['options of a serializer that is made already', { use: own, options: {} }, /`serializer\.options` .* left out/],
    ['options that it does not know', { use: 'graph', options: { class: 1 } }, /no option "class"/],
    ['another name', { use: 'yaml' }, /`serializer\.use` is "yaml"/],
    ['no name', { use: undefined }, /`serializer\.use` is missing/],
    ['a function that makes none', { use: () => ({}) }, /`serializer\.use` .* returns, at once/],
    ['a function that makes one later', { use: async () => own }, /`serializer\.use` .* returns, at once/],
    ['one without a name', { ...own, name: undefined }, /`serializer\.name` is missing\. It must be a non-empty string/],
    ['one with an empty name', { ...own, name: '' }, /`serializer\.name` is ""/],
    ['a module of Node.js that looks like one', v8, /`serializer\.name` is missing/],
    ['{ use } with one without a name', { use: { ...own, name: 5 } }, /`serializer\.use\.name` is 5/],
    ['a function that makes one without a name', { use: () => ({ ...own, name: '' }) }, /`serializer\.use\.name` is ""/],
    ['more', { use: 'graph', name: 'x' }, /"serializer\.name"/],
  ])('refuses %s', (_, serializer, message) => {
    expect(errorOf({ serializer })).toMatch(message);
  });
});

describe('the option encryption', () => {
  const key = { id: '2030', secret: KEY };

  it.each<[string, unknown, RegExp]>([
    ['no keys', {}, /`encryption\.keys` is missing/],
    ['an empty list', { keys: [] }, /`encryption\.keys` .* an array of/],
    ['a key alone', { keys: key }, /`encryption\.keys` .* an array of/],
    ['a key that is a string', { keys: [key, KEY] }, /`encryption\.keys\[1\]` is a string\. .* an `id` and a `secret`/],
    ['a key that is missing', { keys: [undefined] }, /`encryption\.keys\[0\]` is missing/],
    ['a key that is a Map', { keys: [new Map([['id', 'a']])] }, /`encryption\.keys\[0\]` is an object of the class Map/],
    ['a key without an id', { keys: [{ secret: KEY }] }, /`encryption\.keys\[0\]\.id` is missing/],
    ['an id that cannot stand in a payload', { keys: [{ ...key, id: 'a$b' }] }, /`encryption\.keys\[0\]\.id` .* letters/],
    ['a key without a secret', { keys: [key, { id: 'old' }] }, /`encryption\.keys\[1\]\.secret` is missing/],
    ['a secret that is too short', { keys: [{ ...key, secret: KEY.slice(0, 31) }] }, /`encryption\.keys\[0\]\.secret` is .* at least 32/],
    ['bytes that are too few', { keys: [{ ...key, secret: Buffer.alloc(31) }] }, /`encryption\.keys\[0\]\.secret` is .* 32 random bytes/],
    ['bytes that are too many', { keys: [{ ...key, secret: Buffer.alloc(33) }] }, /`encryption\.keys\[0\]\.secret` is .* 32 random bytes/],
    ['an id twice', { keys: [key, { ...key, secret: Buffer.alloc(32) }] }, /Two keys .* "2030"/],
    ['more than a key has', { keys: [{ ...key, algorithm: 'none' }] }, /"encryption\.keys\[0\]\.algorithm"/],
    ['more than it has', { keys: [key], algorithm: 'none' }, /"encryption\.algorithm"/],
    ['a word for yes', { keys: [key], acceptPlain: 'yes' }, /`encryption\.acceptPlain`/],
  ])('refuses %s, and shows no secret', (_, encryption, message) => {
    const error = errorOf({ encryption });
    expect(error).toMatch(message);
    expect(error).not.toContain(KEY.slice(0, 10));
  });

  it('encrypts with another IV each time, also beyond those that are drawn at once', () => {
    const { encryption } = resolve({ encryption: { keys: [key] } });
    const ivs = Array.from({ length: 1_000 }, () => encryption!.seal('text', 'f00').split('$')[3]!.slice(0, 16));
    expect(new Set(ivs).size).toBe(1_000);
    expect(ivs.filter((iv) => /^A{16}$/.test(iv))).toEqual([]);
  });

  it('keeps no secret among the options, and takes bytes as they are', () => {
    const { encryption } = resolve({ encryption: { keys: [{ id: 'a', secret: Buffer.from('0123456789abcdef0123456789abcdef') }, key] } });
    expect(encryption?.open(encryption.seal('text', 'f00'), 'f00')).toBe('text');
    expect(JSON.stringify(encryption)).not.toMatch(/0123|a key for/);
  });
});
