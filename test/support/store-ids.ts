/** What is no session id, by what is wrong with it. */
export const WRONG_IDS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'an object': { id: 'a' },
  'an object that says it is a text': { toString: () => 'a', length: 1 },
  'an array': ['a'],
  'a number': 7,
  'a boolean': true,
  'a String object': Object('a'),
  'an empty text': '',
  'a text of 10 kB': 'x'.repeat(10_240),
  'one character too many': 'x'.repeat(257),
  'a NUL': 'a\0',
  'a newline': 'a\n',
  'a carriage return': '\ra',
  'a delete character': 'a\u007f',
  'a control character beyond ASCII': '\u0085a',
  'a lone high surrogate': 'a\ud800',
  'a lone low surrogate': '\udc00a',
};

/** What has the form of an id and is nobody's. */
export const UNKNOWN_IDS: Readonly<Record<string, string>> = {
  quotes: `a' OR '1'='1`,
  'double quotes': 'a" OR ""="',
  'a statement': `'; DROP TABLE sessions; --`,
  'a pattern': '%',
  'a placeholder': '$1 ? :id',
  'a backslash': 'a\\',
  spaces: '   ',
  'bytes that were no UTF-8': Buffer.from([0x61, 0xff, 0xfe]).toString(),
  'an emoji': '🍪',
  'the name of a member of objects': '__proto__',
  '256 characters': 'x'.repeat(256),
};
