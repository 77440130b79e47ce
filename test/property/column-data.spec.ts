import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convertData } from '../../lib/table/entity/column-conversion.js';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).filter((string) => string.isWellFormed()),
);
/** What a JSON serializer writes for a session. */
const session = fc.dictionary(fc.string(), fc.jsonValue()).map((data) => JSON.stringify(data));
/** Text that is no JSON object, as an encrypted payload. */
const opaque = text.filter((string) => !string.startsWith('{'));
const broken = text.map((string) => `{${string}`).filter((string) => !isJson(string));

function isJson(string: string): boolean {
  try {
    JSON.parse(string);
    return true;
  } catch {
    return false;
  }
}

describe.each(['json', 'jsonb', 'simple-json'])('Data in a %s column', (type) => {
  const { encode, decode } = convertData(type);
  /** What the driver makes of the value: JSON, and back. */
  const throughDriver = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it('is an object where it is JSON of an object, and comes back as the same JSON', () => {
    fc.assert(
      fc.property(session, (data) => {
        expect(encode(data)).toEqual(JSON.parse(data));
        expect(decode(throughDriver(encode(data)))).toBe(data);
      }),
    );
  });

  it('is a JSON string where it is no object, and comes back as it was', () => {
    fc.assert(
      fc.property(fc.oneof(opaque, broken), (data) => {
        expect(typeof encode(data)).toBe('string');
        expect(decode(throughDriver(encode(data)))).toBe(data);
      }),
    );
  });
});

describe.each(['blob', 'longblob', 'bytea', 'varbinary', 'bytes', 'raw', 'long raw', 'image'])('Data in a %s column', (type) => {
  const { encode, decode } = convertData(type);

  it('is its bytes, and comes back as it was', () => {
    fc.assert(
      fc.property(text, (data) => {
        const bytes = encode(data);
        expect(Buffer.isBuffer(bytes)).toBe(true);
        expect(decode(bytes)).toBe(data);
        // sql.js returns plain bytes.
        expect(decode(new Uint8Array(bytes as Buffer))).toBe(data);
      }),
    );
  });
});

describe.each(['text', 'mediumtext', 'varchar', 'nvarchar', 'clob', 'character varying'])('Data in a %s column', (type) => {
  const { encode, decode } = convertData(type);

  it('is the text, and comes back as it was', () => {
    fc.assert(
      fc.property(text, (data) => {
        expect(encode(data)).toBe(data);
        expect(decode(encode(data))).toBe(data);
      }),
    );
  });
});
