import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHandle, hashSessionId, isHandle, isSessionId } from '../../lib/store/session/id.js';

/** Any text that can be an id: well-formed, without control characters, 1 to 256 long. */
const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }).filter((text) => text.length <= 256 && !/\p{Cc}/u.test(text));

describe('isSessionId', () => {
  it('takes any well-formed text of 1 to 256 characters without control characters', () => {
    fc.assert(fc.property(id, (text) => isSessionId(text)));
  });

  it('takes nothing that is no text', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        fc.pre(typeof value !== 'string');
        expect(isSessionId(value)).toBe(false);
      }),
    );
  });

  it('takes no text with a control character, wherever it stands', () => {
    const control = fc.oneof(fc.nat(31), fc.integer({ min: 127, max: 159 })).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), control, fc.string({ maxLength: 100 }), (before, character, after) => {
        expect(isSessionId(before + character + after)).toBe(false);
      }),
    );
  });

  it('takes no text with half a surrogate pair', () => {
    const lone = fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code));
    const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 100 });
    fc.assert(fc.property(ascii, lone, ascii, (before, half, after) => !isSessionId(before + half + after)));
  });

  it('takes no empty text and none of more than 256 characters', () => {
    expect([isSessionId(''), isSessionId('x'.repeat(256)), isSessionId('x'.repeat(257))]).toEqual([false, true, false]);
    fc.assert(fc.property(fc.integer({ min: 257, max: 20_000 }), (length) => !isSessionId('x'.repeat(length))));
  });
});

describe('hashSessionId', () => {
  it('S8: is 64 lower-case hexadecimal digits, the same each time, and never the id', () => {
    fc.assert(
      fc.property(id, (text) => {
        const hash = hashSessionId(text);
        expect(hash).toMatch(/^[0-9a-f]{64}$/);
        expect(hashSessionId(text)).toBe(hash);
        expect(hash).not.toBe(text);
      }),
    );
  });

  it('tells different ids apart, also by case and by padding', () => {
    fc.assert(
      fc.property(id, id, (one, other) => {
        expect(hashSessionId(one) === hashSessionId(other)).toBe(one === other);
        expect(hashSessionId(`${one} `)).not.toBe(hashSessionId(one));
      }),
    );
    expect(hashSessionId('a')).not.toBe(hashSessionId('A'));
  });

  it('is SHA-256', () => {
    expect(hashSessionId('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('createHandle', () => {
  const moment = fc.integer({ min: 0, max: 8.64e15 });

  it('has the form of a handle', () => {
    fc.assert(
      fc.property(moment, (now) => {
        expect(createHandle(now)).toMatch(/^[0-9a-f]{32,}$/);
        expect(isHandle(createHandle(Math.min(now, 2 ** 48 - 1)))).toBe(true);
      }),
    );
  });

  it('sorts as text by the moment it was made', () => {
    const within = fc.integer({ min: 0, max: 2 ** 48 - 2 });
    fc.assert(
      fc.property(within, fc.nat(1_000_000), (now, later) => {
        fc.pre(now + later + 1 < 2 ** 48);
        expect(createHandle(now) < createHandle(now + later + 1)).toBe(true);
      }),
    );
  });

  it('is another one each time', () => {
    expect(new Set(Array.from({ length: 100_000 }, () => createHandle(1_900_000_000_000))).size).toBe(100_000);
  });
});

describe('isHandle', () => {
  it('takes 32 lower-case hexadecimal digits and nothing else', () => {
    const digits = fc
      .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: 32, maxLength: 32 })
      .map((each) => each.join(''));
    fc.assert(fc.property(digits, (text) => isHandle(text)));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.string(),
          digits.map((text) => `${text}0`),
          digits.map((text) => `${text}\n`),
        ),
        (value) => {
          fc.pre(!(typeof value === 'string' && /^[0-9a-f]{32}$/.test(value) && value.length === 32));
          expect(isHandle(value)).toBe(false);
        },
      ),
    );
  });
});
