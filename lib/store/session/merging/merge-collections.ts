import { isEqual, type DataOf } from './equality.js';

/**
 * Merges a value that both sides changed. In a Map or a Set, changes of different keys or members are both kept, and mine wins where
 * both changed the same one. For any other value mine wins; also if keys or members are objects, because an object has another identity
 * in each copy of the data.
 */
export function mergeCollections(base: unknown, theirs: unknown, mine: unknown, dataOf?: DataOf): unknown {
  if (isEqual(base, theirs, dataOf)) return mine;
  if (isPlain(theirs, Map) && isPlain(mine, Map)) {
    const before = isPlain(base, Map) ? base : new Map<unknown, unknown>();
    return [before, theirs, mine].every(hasSimpleKeys) ? mergeMaps(before, theirs, mine, dataOf) : mine;
  }
  if (isPlain(theirs, Set) && isPlain(mine, Set)) {
    const before = isPlain(base, Set) ? base : new Set<unknown>();
    return [before, theirs, mine].every(hasSimpleKeys) ? mergeSets(before, theirs, mine) : mine;
  }
  return mine;
}

type AnyMap = ReadonlyMap<unknown, unknown>;
type AnySet = ReadonlySet<unknown>;

function mergeMaps(base: AnyMap, theirs: AnyMap, mine: AnyMap, dataOf?: DataOf): AnyMap {
  const merged = new Map(theirs);
  for (const key of new Set([...base.keys(), ...mine.keys()])) {
    if (base.has(key) === mine.has(key) && isEqual(base.get(key), mine.get(key), dataOf)) continue;
    if (mine.has(key)) merged.set(key, mine.get(key));
    else merged.delete(key);
  }
  return merged;
}

function mergeSets(base: AnySet, theirs: AnySet, mine: AnySet): AnySet {
  const kept = [...theirs].filter((each) => !base.has(each) || mine.has(each));
  return new Set([...kept, ...[...mine].filter((each) => !base.has(each))]);
}

/** Exactly of this class: one that extends it may hold more. */
function isPlain<Kind extends typeof Map | typeof Set>(value: unknown, kind: Kind): value is InstanceType<Kind> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === kind.prototype;
}

const hasSimpleKeys = (collection: AnyMap | AnySet): boolean =>
  [...collection.keys()].every((key) => typeof key !== 'object' || key === null);
