import { isDeepStrictEqual } from 'node:util';

/** The data of an instance of a class; `undefined` for any other object. */
export type DataOf = (value: object) => unknown;

type Fields = Readonly<Record<string, unknown>>;
type Pair = readonly [left: unknown, right: unknown];

const noData: DataOf = () => undefined;

/**
 * Whether two values are equal by what they hold; instances of classes by their data. Without recursion into what a session may nest:
 * data from a request may be nested deeper than the call stack.
 */
export function isEqual(a: unknown, b: unknown, dataOf: DataOf = noData): boolean {
  const pairs: Pair[] = [[a, b]];
  const seen = new Map<object, Set<object>>();
  for (const [left, right] of pairs) {
    const inside = isObject(left) && isObject(right) ? pairsIn(left, right, dataOf) : isDeepStrictEqual(left, right);
    if (inside === false) return false;
    if (inside === true || !isObject(left) || !isObject(right)) continue;
    const met = seen.get(left) ?? new Set();
    // What is compared already, somewhere in a cycle, needs no second look.
    if (met.has(right)) continue;
    seen.set(left, met.add(right));
    for (const pair of inside) pairs.push(pair);
  }
  return true;
}

/** The pairs that must be equal for two objects to be, or at once whether they are. */
function pairsIn(left: object, right: object, dataOf: DataOf): boolean | Pair[] {
  if (isNested(left) && isNested(right)) return Array.isArray(left) === Array.isArray(right) && fieldsIn(left, right);
  if (left instanceof Map && right instanceof Map) {
    const others = [...right];
    return left.size === right.size && [...left].flatMap((entry, place): Pair[] => entry.map((each, half) => [each, others[place]![half]]));
  }
  if (left instanceof Set && right instanceof Set) {
    const others = [...right];
    return left.size === right.size && Array.from(left, (each, place): Pair => [each, others[place]]);
  }
  if (left instanceof URL && right instanceof URL) return left.href === right.href;
  const [one, other] = [dataOf(left), dataOf(right)];
  return one === undefined || other === undefined ? isDeepStrictEqual(left, right) : [[one, other]];
}

function fieldsIn(left: Fields, right: Fields): false | Pair[] {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length || (Array.isArray(left) && left.length !== right.length)) return false;
  return keys.every((key) => Object.hasOwn(right, key)) && keys.map((key): Pair => [left[key], right[key]]);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** An array or a plain object, as JSON makes them. */
export function isNested(value: object): value is Fields {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
