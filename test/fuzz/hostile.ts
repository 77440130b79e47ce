import type { Seeded } from './seeded.js';

/** Keys that reach for a prototype, or hide what a session, a request or an array has. */
const KEYS = ['a', 'b', 'views', 'mark', 'userId', 'passport', '__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'valueOf']
  .concat(['hasOwnProperty', 'then', 'length', 'cookie', 'id', 'req', 'save', 'touch', 'resetMaxAge', 'handle', 'rotate', 'regenerate'])
  .concat(['destroy', 'reload', '', ' ', '\0', '$where', '\u2028', 'é', 'e\u0301', 'ﬀ', 'İ', '__defineGetter__', '__lookupSetter__']);

const PIECES = ['a', 'Z', '0', '-', '_', '.', '=', ';', ',', '"', "'", '\\', '/', ' ', '\t', '\r\n', '\0', '\u007f', '\u0080', '\u00a0']
  .concat(['é', 'ß', 'ſ', 'İ', '\u0301', '\u200b', '\u2028', '\u202e', '\ufeff', '\ufffd', '\uffff', '∢', '🙂', '\ud800', '\udfff'])
  .concat(['%', '%00', '%zz', '%E0%A4%A', 's:', 'j:{}', "' OR 1=1 --", '__proto__', '${x}', '<script>', '../', '{', '[', ']', '}', 'null']);

/** Any text, mostly short, sometimes longer than what holds it. */
export function hostileText(random: Seeded): string {
  if (random.isOneIn(40)) return random.pick(PIECES).repeat(random.int(600));
  return random.list(12, () => random.pick(PIECES)).join('');
}

/** What somebody may give as a session id: any value, often close to `known`. */
export function hostileId(random: Seeded, known: string): unknown {
  const at = random.int(known.length + 1);
  switch (random.int(8)) {
    case 0:
      return random.pick([undefined, null, 0, 1, Number.NaN, true, {}, [], [known], new String(known), { toString: () => known }, 10n]);
    case 1:
      return known.slice(0, at) + random.pick(PIECES) + known.slice(at);
    case 2:
      return known.slice(0, at) + random.pick(PIECES) + known.slice(at + 1);
    case 3:
      return random.pick([known.toUpperCase(), known.toLowerCase(), ` ${known}`, `${known} `, `${known}\0`, known + known, known.slice(1)]);
    case 4:
      return 'x'.repeat(250 + random.int(12));
    default:
      return hostileText(random);
  }
}

const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '0.5',
  '1e999',
  '-1e999',
  '1e-400',
  '1e21',
  '9007199254740993',
  '4294967296',
  '8640000000000001',
  '9'.repeat(400),
];
const STRINGS = [
  String.raw`"\ud800"`,
  String.raw`"\udc00\ud800"`,
  String.raw`"\u0000"`,
  '"\u2028"',
  String.raw`"\u005f_proto__"`,
  '"2030-01-01T00:00:00.000Z"',
];

/** JSON text, in ways that `JSON.stringify` never writes it: keys twice, numbers beyond all bounds, halves of characters. */
function hostileJson(random: Seeded, depth = 3): string {
  switch (depth > 0 ? random.int(9) : 3 + random.int(6)) {
    case 0:
    case 1:
      return `{${random.list(4, () => `${keyJson(random)}:${hostileJson(random, depth - 1)}`).join()}}`;
    case 2:
      return `[${random.list(4, () => hostileJson(random, depth - 1)).join()}]`;
    case 3:
      return random.pick(NUMBERS);
    case 4:
      return random.pick(['true', 'false', 'null']);
    case 5:
      return random.pick(STRINGS);
    default:
      return JSON.stringify(hostileText(random));
  }
}

const keyJson = (random: Seeded): string => (random.isOneIn(12) ? String.raw`"\u005f_proto__"` : JSON.stringify(random.pick(KEYS)));

const ATTRIBUTES = [
  'originalMaxAge',
  'expires',
  'maxAge',
  '_expires',
  'data',
  'partitioned',
  'priority',
  'secure',
  'httpOnly',
  'domain',
  'path',
].concat(['sameSite', 'toJSON', 'serialize', '__proto__', 'constructor', 'encode', 'signed', 'overwrite']);
const ATTRIBUTE_VALUES = [
  '"example.org\\r\\nSet-Cookie: a=b"',
  '"; Path=/admin"',
  '"/\\u0000"',
  '"/é"',
  '"none"',
  '"sideways"',
  '"urgent"',
  '"HIGH"',
  '"tomorrow"',
]
  .concat([
    '"+275760-09-13T00:00:00.001Z"',
    '"-000001-01-01T00:00:00Z"',
    '"2030-01-01"',
    '8640000000000000',
    '-8640000000000000',
    '60000.5',
    '-60000',
    '0',
  ])
  .concat(['true', 'false', 'null', '{}', '[]', '["lax"]', '{"toString":1}']);

/** The JSON text of a stored cookie. */
function hostileCookie(random: Seeded): string {
  if (random.isOneIn(6)) return hostileJson(random, 2);
  const value = () => (random.isOneIn(3) ? hostileJson(random, 1) : random.pick(ATTRIBUTE_VALUES));
  return `{${random.list(6, () => `${JSON.stringify(random.pick(ATTRIBUTES))}:${value()}`).join()}}`;
}

/** What may lie in the data column of a row: a session, something like one, or anything. */
export function hostileRow(random: Seeded): string {
  const session = () => {
    const keys = random.list(4, () => `${keyJson(random)}:${hostileJson(random)}`);
    return `{${random.shuffle([`"cookie":${hostileCookie(random)}`, ...keys]).join()}}`;
  };
  switch (random.int(12)) {
    case 0:
      return hostileJson(random);
    case 1:
      return hostileText(random);
    case 2: {
      const text = session();
      const at = random.int(text.length);
      return text.slice(0, at) + random.pick(['', random.pick(PIECES)]) + text.slice(at + random.int(3));
    }
    case 3:
      return nested(random, random.isOneIn(10) ? random.pick([1_000, 4_000, 5_000, 20_000]) : random.int(100));
    default:
      return session();
  }
}

/** A session with data nested so many levels deep. */
function nested(random: Seeded, depth: number): string {
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"__proto__":', '}'],
  ] as const);
  return `{"cookie":{},"deep":${open.repeat(depth)}1${close.repeat(depth)}}`;
}

/** The JSON text of a request's body: mostly small, sometimes nested deeper than can be stored. */
export function hostileBody(random: Seeded): string {
  if (!random.isOneIn(8)) return hostileJson(random);
  const depth = random.pick([100, 1_250, 4_000, 4_094, 4_097, 5_000, 20_000]);
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ] as const);
  return open.repeat(depth) + hostileJson(random, 0) + close.repeat(depth);
}

/** The same, with the names of what a session has for itself. */
export function hostileAssignment(random: Seeded): string {
  const value = () => (random.isOneIn(4) ? `{"user":${hostileJson(random, 1)}}` : hostileBody(random));
  const cookie = () => (random.isOneIn(2) ? hostileCookie(random) : hostileJson(random, 1));
  return `{${random.list(4, () => (random.isOneIn(3) ? `"cookie":${cookie()}` : `${keyJson(random)}:${value()}`)).join()}}`;
}

/** Parsed data with hostile keys, `__proto__` among them as a key like any other. */
export function hostileData(random: Seeded): Record<string, unknown> {
  const entries = random.list(6, () => [random.pick(KEYS), JSON.parse(hostileJson(random, 2))] as const);
  return Object.fromEntries(entries);
}

/** The bytes that Node.js lets through in a header; it refuses all others itself. */
const isHeaderByte = (code: number): boolean => code === 9 || (code >= 32 && code !== 127 && code < 256);

/** A Cookie header around some values of the session's cookie, as it stands on the wire. */
export function cookieHeader(random: Seeded, name: string, values: readonly string[]): string {
  const pairs = values.map((value) => name + random.pick(['=', '=', '=', ' = ', '="', '==']) + value);
  const noise = () => hostileText(random).slice(0, 200) + random.pick(['=', '', '==']) + hostileText(random).slice(0, 200);
  const all = random.shuffle([...pairs, ...random.list(3, noise)]);
  const header = all.join(random.pick(['; ', ';', ' ;', '; ; ', ',']));
  return Array.from(header)
    .filter((each) => isHeaderByte(each.charCodeAt(0)))
    .join('');
}

/** A value for a column that is not made for it, in a database that lets it in. */
export function hostileColumn(random: Seeded): unknown {
  return random.pick([
    '',
    'x',
    '1',
    '-1',
    'null',
    '{}',
    0,
    1,
    -1,
    0.5,
    1e15,
    -1e15,
    9_007_199_254_740_991,
    1e300,
    Number.NaN,
    null,
    Buffer.from([0, 255]),
  ]);
}

const TAGS = ['Map', 'Set', 'null', 'Date', 'RegExp', 'URL', 'BigInt', 'Buffer', 'ArrayBuffer', 'Uint8Array', 'Float64Array', 'DataView']
  .concat(['class', 'class', 'Object', 'Function', 'constructor', '__proto__', 'Symbol', 'Error', 'Promise', 'SharedArrayBuffer', 'global'])
  .concat(['Temporal.Instant', 'URLSearchParams', 'eval', 'toString', '']);
const GRAPH_TEXTS = [
  'Money',
  'Object',
  'constructor',
  '__proto__',
  'return process',
  '(a+)+$',
  '(',
  'gi',
  'AAAAAAAAAAA=',
  '2030-01-01',
  '12',
  '1e9',
].concat(['https://example.org/', 'javascript:alert(1)', '[native code]', 'graph1']);

/** The text of a graph, or of something like one: nodes that name each other, nothing, or what is no index at all. */
export function hostileGraph(random: Seeded): string {
  const count = 1 + random.int(random.isOneIn(50) ? 300 : 8);
  const index = (): unknown => {
    if (!random.isOneIn(40)) return count === 1 ? -1 : 1 + random.int(count - 1);
    return random.pick([-1, -2, -3, -4, -5, -6, -7, count, 1e9, 0.5, '0', 'length', '__proto__', null, {}, [], true]);
  };
  const argument = (): unknown => (random.isOneIn(3) ? random.pick(GRAPH_TEXTS) : index());
  const node = (): unknown => {
    switch (random.int(6)) {
      case 0:
        return random.list(5, index);
      case 1:
        return random.isOneIn(4) ? [random.pick(TAGS), ...random.list(4, argument)] : [random.pick(['Map', 'Set']), index(), index()];
      case 2:
        return ['class', random.isOneIn(9) ? random.pick(GRAPH_TEXTS) : 'Money', random.isOneIn(9) ? index() : 2, index()];
      case 3:
        return random.pick([null, 0, 1e300, true, '', ...GRAPH_TEXTS]);
      default:
        return Object.fromEntries(random.list(4, () => [random.isOneIn(4) ? 'cents' : random.pick(KEYS), index()]));
    }
  };
  const root = Object.fromEntries([['cookie', index()], ...random.list(4, () => [random.pick(KEYS), index()])]) as unknown;
  const nodes = [random.isOneIn(12) ? node() : root, ...Array.from({ length: count - 1 }, node)];
  const text = `["graph1",${JSON.stringify(nodes)}]`;
  if (!random.isOneIn(8)) return text;
  const at = random.int(text.length);
  return text.slice(0, at) + random.pick(['', random.pick(PIECES)]) + text.slice(at + random.int(3));
}
