import { isObject } from '../../../table/checking/rules.js';
import { atOnce } from '../../callback.js';
import { wrongOption } from '../../options/checking/option-error.js';
import type { SessionModuleOptions } from '../../options/session-options.js';
import { isEqual, type DataOf } from './equality.js';
import { mergeCollections } from './merge-collections.js';

type Data = Readonly<Record<string, unknown>>;

/**
 * Three-way merge of the top-level keys of session data. A key that one side changed gets that side's value, a key that
 * it removed is removed; where both changed one, mine wins, but a Map or a Set keeps what theirs changed elsewhere in it; `cookie` is
 * always mine. Instances of classes are compared by `dataOf`.
 */
export function mergeSessions(base: Data, theirs: Data, mine: Data, dataOf?: DataOf): Record<string, unknown> {
  const merged = new Map(Object.entries(theirs));
  for (const key of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    if (key !== 'cookie' && isSame(base, mine, key, dataOf)) continue;
    if (Object.hasOwn(mine, key)) merged.set(key, mergeCollections(base[key], merged.get(key), mine[key], dataOf));
    else merged.delete(key);
  }
  // Through entries, because assigning `__proto__` would set the prototype instead of a key.
  return Object.fromEntries(merged);
}

/**
 * By the option `merge` or, without one, by top-level key. Throws `SessionOptionsError` if the option returns no session data, which
 * would empty the session.
 */
export function mergeBy(option: SessionModuleOptions['merge'], base: Data, theirs: Data, mine: Data, dataOf?: DataOf): Data {
  if (!option) return mergeSessions(base, theirs, mine, dataOf);
  const merge = option as unknown as (...sides: Data[]) => unknown;
  const merged = atOnce(merge(base, theirs, mine), 'merge');
  if (isObject(merged)) return merged as Data;
  throw wrongOption('merge', merged, 'a function that returns the merged session data, an object');
}

/** Makes a live session hold the merged data: only keys in which that differs from what the session held are set or removed. */
export function applyMerge(session: object, mine: Data, merged: Data, dataOf?: DataOf): void {
  for (const key of new Set([...Object.keys(mine), ...Object.keys(merged)])) {
    if (key === 'cookie' || isSame(mine, merged, key, dataOf)) continue;
    if (!Object.hasOwn(merged, key)) Reflect.deleteProperty(session, key);
    else if (!(key in session) || Object.hasOwn(session, key)) Reflect.set(session, key, merged[key]);
  }
}

/** Whether two objects hold the same under a key, or both nothing. */
export function isSame(a: Data, b: Data, key: string, dataOf?: DataOf): boolean {
  return Object.hasOwn(a, key) === Object.hasOwn(b, key) && isEqual(a[key], b[key], dataOf);
}
