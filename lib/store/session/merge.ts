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

function isSame(a: Data, b: Data, key: string): boolean {
  return Object.hasOwn(a, key) === Object.hasOwn(b, key) && isDeepStrictEqual(a[key], b[key]);
}
