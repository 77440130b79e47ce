import { describe, expect, it } from 'vitest';
import { hashInShort, whileHashed } from '../../lib/store/session/change-detection.js';

describe('The short answer to express-session', () => {
  it('is given once for what was loaded, and leaves no trace', () => {
    const data = { views: 1, cookie: {} };
    hashInShort(data);
    expect(Object.keys(data)).toEqual(['views', 'cookie']);
    expect(JSON.stringify(data)).toBe('"as loaded"');
    expect(JSON.stringify(data)).toBe('{"views":1,"cookie":{}}');
    expect('toJSON' in data).toBe(false);
  });

  it.each([
    [false, '"as loaded"'],
    [true, '"changed"'],
  ])('tells whether a session has changed (%s) while the head leaves, and not after it', (isChanged, answer) => {
    const session = { views: 1 };
    expect(whileHashed(session, isChanged, () => JSON.stringify(session))).toBe(answer);
    expect(JSON.stringify(session)).toBe('{"views":1}');
    expect(() =>
      whileHashed(session, isChanged, () => {
        throw new Error('the head could not leave');
      }),
    ).toThrow('the head could not leave');
    expect(JSON.stringify(session)).toBe('{"views":1}');
  });
});
