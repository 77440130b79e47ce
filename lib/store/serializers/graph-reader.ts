import { SessionSerializationError } from '../../session.errors.js';
import { NO_CLASSES, type ClassRegistry } from './graph-classes.js';
import * as format from './graph-format.js';
import { orderOf } from './graph-order.js';
import { MAX_DEPTH } from './json-depth.js';

/**
 * Reads the text of a graph. Whoever wrote the text, nothing in it is called, and nothing is made but data and instances of these
 * classes. Throws for a text that no writer makes.
 */
export function readGraph(text: string, classes: ClassRegistry = NO_CLASSES): unknown {
  return new GraphReader(nodesOf(text), classes).read();
}

/** The first instance of a class that leads back to itself, which nobody could read. */
export function cycleThroughInstance(text: string): number | undefined {
  const nodes = nodesOf(text);
  return orderOf(
    (index) => targetsOf(nodes, index),
    (index) => isInstance(nodes[index]),
  ).unrevivable;
}

function nodesOf(text: string): readonly unknown[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed) || parsed.length !== 2 || parsed[0] !== format.GRAPH_NAME) throw wrong();
  const nodes: unknown = parsed[1];
  if (!Array.isArray(nodes) || nodes.length === 0) throw wrong();
  return nodes;
}

/** First all objects, empty, then what is in them: so a node may name any other, and no depth is a depth of the call stack. */
class GraphReader {
  private readonly values: unknown[];
  private readonly isMade: boolean[] = [];

  constructor(
    private readonly nodes: readonly unknown[],
    private readonly classes: ClassRegistry,
  ) {
    this.values = Array.from({ length: nodes.length });
  }

  read(): unknown {
    const { nodes } = this;
    if (nodes.length > MAX_DEPTH) this.checkDepth();
    for (const index of nodes.keys()) this.make(index);
    const places = nodes.some(isInstance) ? this.orderOfInstances() : nodes.keys();
    for (const index of places) this.fill(index);
    return this.values[0];
  }

  private orderOfInstances(): readonly number[] {
    const { order, unrevivable } = orderOf(
      (index) => targetsOf(this.nodes, index),
      (index) => isInstance(this.nodes[index]),
    );
    if (unrevivable !== undefined) throw wrong();
    return order;
  }

  /** What could be read could never be written again. */
  private checkDepth(): void {
    const depths = new Map([[0, 1]]);
    for (const [index, depth] of depths) {
      if (depth > MAX_DEPTH) throw new RangeError(`It is nested more than ${MAX_DEPTH} levels deep.`);
      for (const target of targetsOf(this.nodes, index)) {
        if (!depths.has(target) && typeof this.nodes[target] === 'object') depths.set(target, depth + 1);
      }
    }
  }

  private make(index: number): unknown {
    if (this.isMade[index]) return this.values[index];
    this.isMade[index] = true;
    const node = this.nodes[index];
    this.values[index] = !Array.isArray(node) ? makeValue(node) : typeof node[0] === 'string' ? this.makeTagged(node) : [];
    return this.values[index];
  }

  private makeTagged(node: readonly unknown[]): unknown {
    const [tag, first, second] = node;
    return isTag(tag) ? MAKERS[tag](first, second) : this.makeView(String(tag), first);
  }

  private makeView(name: string, target: unknown): ArrayBufferView {
    const View = format.VIEWS.get(name);
    const node = View && typeof target === 'number' ? this.nodes[target] : undefined;
    if (!View || !Array.isArray(node) || node[0] !== 'ArrayBuffer') throw wrong();
    return new View(this.make(target as number) as ArrayBuffer);
  }

  private fill(index: number): void {
    const node = this.nodes[index];
    const value = this.values[index];
    if (typeof node !== 'object' || node === null) return;
    if (!Array.isArray(node)) {
      for (const key of Object.keys(node)) define(value as object, key, this.at((node as Readonly<Record<string, unknown>>)[key]));
    } else if (typeof node[0] !== 'string') {
      this.fillArray(value as unknown[], node);
    } else if (node[0] === 'null') {
      for (let place = 1; place < node.length; place += 2) define(value as object, textOf(node[place]), this.at(node[place + 1]));
    } else if (node[0] === 'Map') {
      for (let place = 1; place < node.length; place += 2) {
        (value as Map<unknown, unknown>).set(this.at(node[place]), this.at(node[place + 1]));
      }
    } else if (node[0] === 'Set') {
      for (let place = 1; place < node.length; place++) (value as Set<unknown>).add(this.at(node[place]));
    } else if (node[0] === 'class') {
      this.values[index] = this.revive(node);
    }
  }

  private fillArray(array: unknown[], node: readonly unknown[]): void {
    if (node.length > format.MAX_HOLES && node.filter((target) => target === format.HOLE).length > format.MAX_HOLES) throw wrong();
    array.length = node.length;
    for (const [place, target] of node.entries()) if (target !== format.HOLE) array[place] = this.at(target);
  }

  private revive([, name, version, target]: readonly unknown[]): object {
    const registered = this.classes.named(name);
    if (!registered) throw unknownClass(name);
    if (!Number.isSafeInteger(version) || Number(version) < 1) throw wrong();
    const instance: unknown = registered.fromData(this.at(target), Number(version));
    if (instance instanceof registered.class) return instance;
    throw new TypeError(`The \`fromData\` of the class "${registered.name}" returned no instance of it.`);
  }

  /** The value that stands for what a node names. */
  private at(target: unknown): unknown {
    switch (target) {
      case format.UNDEFINED:
        return undefined;
      case format.NAN:
        return Number.NaN;
      case format.POSITIVE_INFINITY:
        return Infinity;
      case format.NEGATIVE_INFINITY:
        return -Infinity;
      case format.NEGATIVE_ZERO:
        return -0;
      default:
        return this.values[assertIndex(this.nodes, target)];
    }
  }
}

/** A node that is no array. */
const makeValue = (node: unknown): unknown => (typeof node === 'object' && node !== null ? {} : node);

/** What a tagged node begins as: a container is filled later, and an instance of a class is made then. */
const MAKERS: Readonly<Record<format.GraphTag, (first: unknown, second: unknown) => unknown>> = {
  null: () => Object.create(null) as object,
  Map: () => new Map(),
  Set: () => new Set(),
  class: () => undefined,
  Date: (time) => new Date(textOf(time)),
  BigInt(digits) {
    if (!/^-?\d+$/.test(textOf(digits))) throw wrong();
    return BigInt(textOf(digits));
  },
  RegExp: (source, flags) => new RegExp(textOf(source), flags === undefined ? '' : textOf(flags)),
  URL: (href) => new URL(textOf(href)),
  Buffer: (bytes) => Buffer.from(textOf(bytes), 'base64'),
  ArrayBuffer: (bytes) => new Uint8Array(Buffer.from(textOf(bytes), 'base64')).buffer,
};

const isTag = (tag: unknown): tag is format.GraphTag => Object.hasOwn(MAKERS, String(tag));

/** By definition where a prototype has such a key, because assigning `__proto__` would set the prototype. */
function define(object: object, key: string, value: unknown): void {
  if (key in object) Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
  else (object as Record<string, unknown>)[key] = value;
}

const isInstance = (node: unknown): boolean => Array.isArray(node) && node[0] === 'class';

/** The nodes that a node names, its values without a node left out. */
function targetsOf(nodes: readonly unknown[], index: number): readonly number[] {
  return namedIn(nodes[index])
    .filter((target) => !(typeof target === 'number' && target < 0))
    .map((target) => assertIndex(nodes, target));
}

function namedIn(node: unknown): readonly unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  if (!Array.isArray(node)) return Object.values(node);
  if (typeof node[0] !== 'string') return node;
  switch (node[0]) {
    case 'Map':
    case 'Set':
      return node.slice(1);
    case 'null':
      return node.filter((_, place) => place > 0 && place % 2 === 0);
    case 'class':
      return node.slice(3, 4);
    default:
      return [];
  }
}

function assertIndex(nodes: readonly unknown[], target: unknown): number {
  // The first is the session, which nothing in it leads back to: it becomes another object.
  if (Number.isSafeInteger(target) && Number(target) > 0 && Number(target) < nodes.length) return Number(target);
  throw wrong();
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw wrong();
}

const wrong = (): SyntaxError => new SyntaxError('This is not a graph.');

function unknownClass(name: unknown): SessionSerializationError {
  const shown = typeof name === 'string' && /^[\w$.-]{1,64}$/.test(name) ? `"${name}"` : 'of another name';
  return new SessionSerializationError(
    `A stored session holds an instance of the class ${shown}, which is not in the \`classes\` of \`graphSerializer\`. Register it there.`,
  );
}
