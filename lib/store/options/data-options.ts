import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { SessionOptionsError } from '../../session.errors.js';
import { graphSerializer, type GraphSerializerOptions } from '../serializers/graph-serializer.js';
import { PayloadCipher, type PayloadKey } from '../serializers/payload-cipher.js';
import { jsonSerializer, type SessionSerializer } from '../serializers/serializer.js';
import { wrongOption } from './checking/option-error.js';
import { checkOptions } from './checking/check-options.js';
import { aBoolean, aName, isFunction, isPlainObject, type Rule, type Rules } from '../../table/checking/rules.js';

/** A serializer by its name, by itself, or by what makes it of options. */
export type SerializerOption =
  | 'json'
  | 'graph'
  | SessionSerializer
  | { readonly use: 'json' | SessionSerializer }
  | { readonly use: 'graph'; readonly options?: GraphSerializerOptions | undefined }
  | { readonly use: (options: never) => SessionSerializer; readonly options?: unknown };

/** A key of `encryption`. */
export interface EncryptionKey {
  /** Up to 32 letters, digits, "-" and "_". It is stored beside what the key encrypts, and must never name another key. */
  readonly id: string;
  /** 32 random bytes, or a string of at least 32 random characters, from which the key is derived (HKDF, SHA-256). */
  readonly secret: string | Uint8Array;
}

/** How the data of sessions is encrypted. */
export interface EncryptionOptions {
  /** The first encrypts, all decrypt: a new key goes to the front, an old one stays as long as its sessions live. */
  readonly keys: readonly EncryptionKey[];
  /** Reads data that is not encrypted, too: for a table that was there before. Whoever can write rows can forge sessions as long as it is set. @default false */
  readonly acceptPlain?: boolean | undefined;
}

const KEY_BYTES = 32;
const MIN_CHARACTERS = 32;

/** With whatever name. */
function isSerializer(value: unknown): value is SessionSerializer {
  const { serialize, deserialize } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return isFunction(serialize) && isFunction(deserialize);
}

function named(serializer: SessionSerializer, option: string): SessionSerializer {
  const { name } = serializer as { name?: unknown };
  if (aName[0](name)) return serializer;
  throw wrongOption(`${option}.name`, name, `${aName[1]}, by which errors call the format`);
}

const isNamed = (value: unknown): value is 'json' | 'graph' => value === 'json' || value === 'graph';

export const SERIALIZER_RULE: Rule = [
  (value) => isNamed(value) || isSerializer(value) || (isPlainObject(value) && 'use' in value),
  "'json', 'graph', an object with serialize and deserialize, or { use, options }",
];

export const ENCRYPTION_RULE: Rule = [isPlainObject, '{ keys: [{ id, secret }] }'];

const USE_RULES: Rules<'use' | 'options'> = {
  use: [
    (value) => isNamed(value) || isSerializer(value) || isFunction(value),
    "'json', 'graph', a serializer, or a function that returns one for the options",
  ],
  options: [() => true, 'what the serializer takes'],
};

/** The serializer. Throws `SessionOptionsError` for one that cannot be made. */
export function resolveSerializer(option: SerializerOption = 'json'): SessionSerializer {
  if (option === 'json') return jsonSerializer;
  if (option === 'graph') return graphSerializer();
  if (isSerializer(option)) return named(option, 'serializer');
  checkOptions(option, USE_RULES, 'serializer.');
  const { use, options } = option as { use?: unknown; options?: unknown };
  if (use === 'graph') return graphSerializer(options as GraphSerializerOptions | undefined);
  if (typeof use === 'function') {
    const made: unknown = use(options);
    if (isSerializer(made)) return named(made, 'serializer.use');
    throw wrongOption('serializer.use', use, 'a function that returns, at once, an object with serialize and deserialize');
  }
  if (use === undefined) throw wrongOption('serializer.use', use, USE_RULES.use[1]);
  if (options !== undefined) throw wrongOption('serializer.options', options, 'left out: this serializer has none');
  return use === 'json' ? jsonSerializer : named(use as SessionSerializer, 'serializer.use');
}

const ENCRYPTION_RULES: Rules<keyof EncryptionOptions> = {
  keys: [(value) => Array.isArray(value) && value.length > 0, 'an array of { id, secret }, the newest first'],
  acceptPlain: aBoolean,
};

const KEY_RULES: Rules<keyof EncryptionKey> = {
  id: [(value) => typeof value === 'string' && /^[\w-]{1,32}$/.test(value), 'of 1 to 32 letters, digits, "-" and "_"'],
  secret: [
    (value) => (typeof value === 'string' ? value.length >= MIN_CHARACTERS : value instanceof Uint8Array && value.length === KEY_BYTES),
    `${KEY_BYTES} random bytes, or a string of at least ${MIN_CHARACTERS} random characters; take it from the environment`,
  ],
};

/** What encrypts the data; `undefined` if nothing does. Throws `SessionOptionsError`, which never shows a secret. */
export function resolveEncryption(option: EncryptionOptions | undefined): PayloadCipher | undefined {
  if (option === undefined) return undefined;
  checkOptions(option, ENCRYPTION_RULES, 'encryption.');
  const { keys, acceptPlain = false } = option;
  if ((keys as unknown) === undefined) throw wrongOption('encryption.keys', keys, ENCRYPTION_RULES.keys[1]);
  const [first, ...others] = keys.map(resolveKey);
  const repeated = others.find(({ id }, index) => [first, ...others.slice(0, index)].some((other) => other?.id === id));
  if (repeated)
    throw new SessionOptionsError(`Two keys of the session option \`encryption\` have the id "${repeated.id}". Each needs its own.`);
  return new PayloadCipher([first!, ...others], acceptPlain);
}

function resolveKey(given: EncryptionKey, index: number): PayloadKey {
  const name = `encryption.keys[${index}]`;
  if (!isPlainObject(given)) throw wrongOption(name, given, 'an object with an `id` and a `secret`');
  const prefix = `${name}.`;
  checkOptions(given, KEY_RULES, prefix);
  for (const part of ['id', 'secret'] as const)
    if (given[part] === undefined) throw wrongOption(prefix + part, undefined, KEY_RULES[part][1]);
  return { id: given.id, key: keyOf(given.secret) };
}

function keyOf(secret: string | Uint8Array): KeyObject {
  const bytes = typeof secret === 'string' ? hkdfSync('sha256', secret, '', 'nestjs-typeorm-session: data', KEY_BYTES) : secret;
  return createSecretKey(new Uint8Array(bytes));
}
