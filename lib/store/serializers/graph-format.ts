import { types } from 'node:util';

/**
 * The text of a graph: `["graph1",[node, …]]`, JSON as a whole. The nodes are in the format of the package "devalue": the first is
 * the root, and a node names others by their index, so that shared references and cycles stay what they are.
 */
export const GRAPH_NAME = 'graph1';
const MARKER = `["${GRAPH_NAME}",`;

/** Whether a text was written as a graph. Text of JSON never begins so, because a session is an object. */
export const isGraphText = (text: string): boolean => text.startsWith(MARKER);

/** Puts nodes together to a text. */
export const toGraphText = (nodes: readonly string[]): string => `${MARKER}[${nodes.join(',')}]]`;

/** Values that have no node of their own stand where an index would. */
export const UNDEFINED = -1;
export const HOLE = -2;
export const NAN = -3;
export const POSITIVE_INFINITY = -4;
export const NEGATIVE_INFINITY = -5;
export const NEGATIVE_ZERO = -6;

/** Empty places of an array, which are written one by one; a longer gap would make text out of nothing. */
export const MAX_HOLES = 10_000;

/** What shows bytes of an ArrayBuffer; more than one byte at a time only at a multiple of that many. */
interface ViewConstructor {
  new (buffer: ArrayBuffer): ArrayBufferView;
  readonly BYTES_PER_ELEMENT?: number;
}

const VIEW_NAMES = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array']
  // Node.js 20 and 22 have no Float16Array.
  .concat(['Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'DataView']);

/** The views that this Node.js has, by name. */
export const VIEWS: ReadonlyMap<string, ViewConstructor> = new Map(
  VIEW_NAMES.map((name) => [name, (globalThis as unknown as Record<string, ViewConstructor | undefined>)[name]] as const).filter(
    (entry): entry is readonly [string, ViewConstructor] => entry[1] !== undefined,
  ),
);

/** What a value is to the writer of a graph. */
export type GraphKind = 'plain' | 'null' | 'Array' | 'Map' | 'Set' | 'Date' | 'RegExp' | 'URL' | 'Buffer' | 'ArrayBuffer' | 'view';

/** What begins the node of a value that is neither a plain object nor an array; the node of a view begins with the view's name. */
export type GraphTag = Exclude<GraphKind, 'plain' | 'Array' | 'view'> | 'BigInt' | 'class';

/**
 * The kind of an object; `undefined` for what no graph carries: instances of classes, also of those that extend a built-in one. By
 * its internal slots and not by its class, because a test runner may give each test a set of built-in classes of its own.
 */
export function kindOf(value: object): GraphKind | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return prototypeDepth(value) === 2 ? 'Array' : undefined;
  if (prototype === null) return 'null';
  if (prototype === Object.prototype || isRoot(prototype as object)) return 'plain';
  if (Buffer.isBuffer(value)) return prototype === Buffer.prototype ? 'Buffer' : undefined;
  if (types.isTypedArray(value)) return prototypeDepth(value) === 3 ? 'view' : undefined;
  if (prototype === URL.prototype) return 'URL';
  if (prototypeDepth(value) !== 2) return undefined;
  if (types.isDate(value)) return 'Date';
  if (types.isMap(value)) return 'Map';
  if (types.isSet(value)) return 'Set';
  if (types.isRegExp(value)) return 'RegExp';
  if (types.isArrayBuffer(value)) return 'ArrayBuffer';
  return types.isDataView(value) ? 'view' : undefined;
}

/** Whether a prototype is that of plain objects, maybe of another set of built-in classes. */
const isRoot = (prototype: object): boolean => Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');

/** How many prototypes a value has: one more than the built-in class it is of, and it is of a class that extends that. */
function prototypeDepth(value: object): number {
  let count = 0;
  for (let each: unknown = Object.getPrototypeOf(value); each !== null; each = Object.getPrototypeOf(each)) count++;
  return count;
}
