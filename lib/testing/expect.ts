import assert from 'node:assert/strict';

/** What the conformance tests say of a value. Throws `AssertionError`, which every runner reports. */
export interface Expectation {
  toBe(expected: unknown): void;
  /** Deeply, if a property that is undefined counts as none. */
  toEqual(expected: unknown): void;
  /** The same for the properties that are given. */
  toMatchObject(expected: object): void;
  toBeUndefined(): void;
  toHaveLength(expected: number): void;
  toBeInstanceOf(expected: new (...args: never[]) => object): void;
  toContain(expected: string | undefined): void;
  toBeLessThanOrEqual(expected: number): void;
  toBeGreaterThanOrEqual(expected: number): void;
}

export function expect(actual: unknown, message?: string): Expectation {
  return {
    toBe: (expected) => assert.equal(actual, expected, message),
    toEqual: (expected) => assert.deepEqual(plain(actual), plain(expected), message),
    toMatchObject: (expected) => assert.deepEqual(part(actual, expected), plain(expected), message),
    toBeUndefined: () => assert.equal(actual, undefined, message),
    toHaveLength: (expected) => assert.equal((actual as { length?: unknown } | undefined)?.length, expected, message),
    toBeInstanceOf: (expected) => assert.ok(actual instanceof expected, message ?? `${String(actual)} is no ${expected.name}.`),
    toContain: (expected) => assert.ok(String(actual).includes(String(expected)), message ?? `${String(actual)} has no ${expected}.`),
    toBeLessThanOrEqual: (expected) => assert.ok(Number(actual) <= expected, message ?? `${String(actual)} is more than ${expected}.`),
    toBeGreaterThanOrEqual: (expected) => assert.ok(Number(actual) >= expected, message ?? `${String(actual)} is less than ${expected}.`),
  };
}

/** A value as plain objects and arrays, without properties that are undefined. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const properties = Object.entries(value).filter(([, property]) => property !== undefined);
  return Object.fromEntries(properties.map(([name, property]) => [name, plain(property)]));
}

/** The part of a value that is compared with an expected one. */
function part(value: unknown, expected: object): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return plain(Object.fromEntries(Object.keys(expected).map((name) => [name, (value as Record<string, unknown>)[name]])));
}
