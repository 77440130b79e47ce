import { isDeepStrictEqual } from 'node:util';

type Data = Readonly<Record<string, unknown>>;

/**
 * Three-way merge of the top-level keys of session data. A key that one side changed gets that side's value, a key that
 * it removed is removed; where both changed one, mine wins; `cookie` is always mine.
 */
export function mergeSessions(base: Data, theirs: Data, mine: Data): Record<string, unknown> {
  const merged = new Map(Object.entries(theirs));
  for (const key of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    if (key !== 'cookie' && isSame(base, mine, key)) continue;
    if (Object.hasOwn(mine, key)) merged.set(key, mine[key]);
    else merged.delete(key);
  }
  // Through entries, because assigning `__proto__` would set the prototype instead of a key.
  return Object.fromEntries(merged);
}

/** Makes a live session hold the merged data: only keys in which that differs from what the session held are set or removed. */
export function applyMerge(session: object, mine: Data, merged: Data): void {
  for (const key of new Set([...Object.keys(mine), ...Object.keys(merged)])) {
    if (key === 'cookie' || isSame(mine, merged, key)) continue;
    if (!Object.hasOwn(merged, key)) Reflect.deleteProperty(session, key);
    else if (!(key in session) || Object.hasOwn(session, key)) Reflect.set(session, key, merged[key]);
  }
}

/** Whether two objects hold the same under a key, or both nothing. */
export function isSame(a: Data, b: Data, key: string): boolean {
  return Object.hasOwn(a, key) === Object.hasOwn(b, key) && isEqual(a[key], b[key]);
}

/** Without recursion into objects and arrays: data from a request may be nested deeper than the call stack. */
export function isEqual(a: unknown, b: unknown): boolean {
  const pairs: [unknown, unknown][] = [[a, b]];
  const seen = new Map<object, Set<object>>();
  for (const [left, right] of pairs) {
    if (!isNested(left) || !isNested(right) || Array.isArray(left) !== Array.isArray(right)) {
      if (!isDeepStrictEqual(left, right)) return false;
      continue;
    }
    const met = seen.get(left) ?? new Set();
    // What is compared already, somewhere in a cycle, needs no second look.
    if (met.has(right)) continue;
    seen.set(left, met.add(right));
    const keys = Object.keys(left);
    if (keys.length !== Object.keys(right).length || (Array.isArray(left) && left.length !== right.length)) return false;
    for (const key of keys) {
      if (!Object.hasOwn(right, key)) return false;
      pairs.push([left[key], right[key]]);
    }
  }
  return true;
}

/** An array or a plain object, as JSON makes them. */
export function isNested(value: unknown): value is Data {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
