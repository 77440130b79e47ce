import { types } from 'node:util';
import type { InstantForm } from './instant.js';

/** How the value of a row and the value of an entity property become each other. `null` never gets here. */
export interface Conversion {
  readonly encode: (value: unknown) => unknown;
  readonly decode: (value: unknown) => unknown;
}

const SECOND = 1_000;
const HOUR = 3_600_000;

/**
 * Session data in a column of this type: json columns hold the parsed object, binary ones the bytes of the string.
 * A payload that is no JSON object (an encrypted one, say) lies in a json column as a JSON string.
 */
export function convertData(type: string): Conversion {
  if (/^(jsonb?|simple-json)$/.test(type)) {
    return {
      encode: (text) => parseObject(String(text)) ?? text,
      decode: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
    };
  }
  if (/blob|binary|bytea|^bytes|^image$|raw$/.test(type)) {
    return {
      encode: (text) => Buffer.from(String(text), 'utf8'),
      decode: (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes as Uint8Array).toString('utf8')),
    };
  }
  return { encode: (text) => text, decode: String };
}

/**
 * A moment in a column of this type: a Date where the type has both date and time, epoch seconds (rounded up) where an
 * integer of 32 bits cannot hold milliseconds, else epoch milliseconds. `inHours` is for `pruneAfter`, whose numbers are
 * epoch hours. `undefined` for a type that cannot hold a moment.
 */
export function convertTime(type: string, inHours: boolean, integerHoldsMilliseconds: boolean): Conversion | undefined {
  if (/^(timestamp|datetime|smalldatetime|seconddate)/.test(type)) {
    const unit = inHours ? HOUR : 1;
    return {
      encode: (value) => new Date(Number(value) * unit),
      decode: (value) => Math.ceil((types.isDate(value) ? value : new Date(String(value))).getTime() / unit),
    };
  }
  if (/^(date|time|year|interval|bool|tinyint|smallint|mediumint|bit|json|uuid|.*blob)/.test(type)) return undefined;
  if (inHours || integerHoldsMilliseconds || !/^(int|integer|int4|serial)\b/.test(type)) {
    return { encode: (value) => value, decode: Number };
  }
  return { encode: (value) => Math.ceil(Number(value) / SECOND), decode: (value) => Number(value) * SECOND };
}

/** A moment in a column whose dialect defines how it holds an instant. */
export function convertInstant({ encode, decode }: InstantForm, inHours: boolean): Conversion {
  const unit = inHours ? HOUR : 1;
  return {
    encode: (value) => encode(Number(value) * unit),
    decode: (value) => Math.ceil(decode(value) / unit),
  };
}

function parseObject(text: string): object | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
