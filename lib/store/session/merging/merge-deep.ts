import type { SessionData } from '../../express-session.js';
import { isEqual, isNested } from './equality.js';
import { isSame } from './merge.js';

type Data = Readonly<Record<string, unknown>>;

/** Objects whose keys are still to be merged into `target`. */
interface Task {
  readonly base: Data;
  readonly theirs: Data;
  readonly mine: Data;
  readonly target: object;
}

const NOTHING: Data = Object.freeze({});

/**
 * A three-way merge for the option `merge` that goes into plain objects: a key at any depth that only one side changed gets that side's
 * value. Where both sides only appended to an array, both keep what they appended, theirs first, also if the array is new on both sides.
 * For all else that both changed, mine wins. `cookie` is always mine. Changes none of its arguments.
 *
 * @example
 * SessionModule.forRoot({ secret, merge: mergeDeep });
 *
 * @publicApi
 */
export function mergeDeep(base: SessionData, theirs: SessionData, mine: SessionData): SessionData {
  const merged = {};
  const tasks: Task[] = [{ base: asData(base), theirs: asData(theirs), mine: asData(mine), target: merged }];
  const met = new Map<Data, Map<Data, object>>();
  // Without recursion: data from a request may be nested deeper than the call stack.
  for (const task of tasks) {
    for (const key of new Set([task.theirs, task.mine].flatMap((side) => Object.keys(side)))) {
      mergeKey(task, key, (under) => {
        const known = met.get(under.theirs)?.get(under.mine);
        if (known) return known;
        const target = {};
        met.set(under.theirs, (met.get(under.theirs) ?? new Map<Data, object>()).set(under.mine, target));
        tasks.push({ ...under, target });
        return target;
      });
    }
  }
  return Object.assign(merged, { cookie: mine.cookie }) as SessionData;
}

function mergeKey({ base, theirs, mine, target }: Task, key: string, descend: (under: Omit<Task, 'target'>) => object): void {
  const has = { theirs: Object.hasOwn(theirs, key), mine: Object.hasOwn(mine, key) };
  const before = Object.hasOwn(base, key) ? base[key] : undefined;
  const [left, right] = [theirs[key], mine[key]];
  if (has.theirs && has.mine && isPlainObject(left) && isPlainObject(right)) {
    return put(target, key, descend({ base: isPlainObject(before) ? before : NOTHING, theirs: left, mine: right }));
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return put(target, key, mergeArrays(before === undefined ? [] : before, left, right));
  }
  const isMineUnchanged = isSame(base, mine, key);
  if (isMineUnchanged ? has.theirs : has.mine) put(target, key, isMineUnchanged ? left : right);
}

function mergeArrays(base: unknown, theirs: readonly unknown[], mine: readonly unknown[]): readonly unknown[] {
  if (isEqual(base, mine)) return theirs;
  if (!Array.isArray(base) || !isAppendedTo(base, theirs) || !isAppendedTo(base, mine)) return mine;
  return [...theirs, ...mine.slice(base.length)];
}

const isAppendedTo = (base: readonly unknown[], longer: readonly unknown[]): boolean => isEqual(base, longer.slice(0, base.length));

const isPlainObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && isNested(value) && !Array.isArray(value);

const asData = (session: SessionData): Data => session as unknown as Data;

/** Also for `__proto__`, which an assignment would take for the prototype. */
function put(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}
