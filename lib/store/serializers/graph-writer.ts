import { SessionSerializationError } from '../../session.errors.js';
import type { ClassRegistry } from './graph-classes.js';
import * as format from './graph-format.js';
import { cycleThroughInstance } from './graph-reader.js';
import { MAX_DEPTH } from './json-depth.js';
import { reasonOf } from './unserializable.js';

/** Characters of a path that a message shows. */
const MAX_PATH = 200;

/** Turns data into the text of a graph. Throws `SessionSerializationError` with the path to what cannot be carried. */
export function writeGraph(root: object, classes: ClassRegistry): string {
  return new GraphWriter(classes).write(root);
}

/** Node by node in the order in which they are met, so that no depth of the data is a depth of the call stack. */
class GraphWriter {
  /** What the nodes stand for, and where each was met first: in which node, and under which key there. */
  private readonly values: unknown[] = [];
  private readonly parents: number[] = [];
  private readonly keys: (string | number)[] = [];
  private readonly depths: number[] = [];
  private readonly indexes = new Map<unknown, number>();
  private hasInstances = false;
  /** The node that is being written, and the key in it that is being read. */
  private current = 0;
  private reading: string | number | undefined;

  constructor(private readonly classes: ClassRegistry) {}

  write(root: object): string {
    const nodes: string[] = [];
    this.indexOf(root);
    for (this.current = 0; this.current < this.values.length; this.current++) {
      this.reading = undefined;
      try {
        nodes.push(this.nodeOf(this.values[this.current]));
      } catch (cause) {
        if (cause instanceof SessionSerializationError) throw cause;
        throw this.unfit(`cannot be read: ${reasonOf(cause)}`, cause);
      }
    }
    const text = format.toGraphText(nodes);
    const cycle = this.hasInstances ? cycleThroughInstance(text) : undefined;
    if (cycle === undefined) return text;
    this.current = cycle;
    this.reading = undefined;
    throw this.unfit('leads back to itself. Let its `toData` leave out what refers to the instance.');
  }

  /** What names a value in the node that is being written; a new value gets a node of its own. */
  private indexOf(value: unknown, key: string | number = ''): number {
    if (value === undefined) return format.UNDEFINED;
    if (typeof value === 'number') {
      if (Number.isNaN(value)) return format.NAN;
      if (value === Infinity) return format.POSITIVE_INFINITY;
      if (value === -Infinity) return format.NEGATIVE_INFINITY;
      if (Object.is(value, -0)) return format.NEGATIVE_ZERO;
    }
    const known = this.indexes.get(value);
    if (known === 0) {
      this.reading = key;
      throw this.unfit('is the session itself.');
    }
    if (known !== undefined) return known;
    const index = this.values.push(value) - 1;
    this.indexes.set(value, index);
    this.parents.push(this.current);
    this.keys.push(key);
    const depth = (this.depths[this.current] ?? 0) + 1;
    this.depths.push(depth);
    if (depth > MAX_DEPTH && typeof value === 'object') {
      this.current = index;
      this.reading = undefined;
      throw this.unfit(`is nested more than ${MAX_DEPTH} levels deep.`);
    }
    return index;
  }

  private nodeOf(value: unknown): string {
    switch (typeof value) {
      case 'object':
        return value === null ? 'null' : this.nodeOfObject(value);
      case 'string':
        return JSON.stringify(value);
      case 'bigint':
        return `["BigInt","${value}"]`;
      case 'number':
      case 'boolean':
        return String(value);
      default:
        throw this.unfit(`is a ${typeof value}. Keep only data.`);
    }
  }

  private nodeOfObject(value: object): string {
    const registered = this.classes.of(value);
    if (registered) {
      this.hasInstances = true;
      const { name, version } = registered;
      this.reading = 'toData()';
      return `["class",${JSON.stringify(name)},${version},${this.indexOf(registered.toData(value), this.reading)}]`;
    }
    const kind = format.kindOf(value);
    if (kind === undefined) {
      throw this.unfit(`is ${describe(value)}. Keep plain data, or register its class in the \`classes\` of \`graphSerializer\`.`);
    }
    switch (kind) {
      case 'plain':
        return `{${this.entriesOf(value)
          .map(([key, index]) => `${key}:${index}`)
          .join(',')}}`;
      case 'null':
        return `["null"${this.entriesOf(value)
          .map(([key, index]) => `,${key},${index}`)
          .join('')}]`;
      case 'Array':
        return `[${this.elementsOf(value as unknown[]).join(',')}]`;
      case 'Map': {
        const entries = [...(value as Map<unknown, unknown>)];
        const indexes = entries.flatMap(([key, each], place) => [this.indexOf(key, 2 * place), this.indexOf(each, 2 * place + 1)]);
        return tagged('Map', indexes);
      }
      case 'Set':
        return tagged(
          'Set',
          [...(value as Set<unknown>)].map((each, place) => this.indexOf(each, place)),
        );
      case 'Date':
        return `["Date","${Number.isNaN((value as Date).getTime()) ? '' : (value as Date).toISOString()}"]`;
      case 'RegExp':
        return `["RegExp",${JSON.stringify((value as RegExp).source)},"${(value as RegExp).flags}"]`;
      case 'URL':
        return `["URL",${JSON.stringify((value as URL).href)}]`;
      case 'Buffer':
        return `["Buffer","${(value as Buffer).toString('base64')}"]`;
      case 'ArrayBuffer':
        return `["ArrayBuffer","${Buffer.from(value as ArrayBuffer).toString('base64')}"]`;
      case 'view':
        return this.nodeOfView(value as ArrayBufferView);
      default:
        return kind satisfies never;
    }
  }

  private entriesOf(value: object): [key: string, index: number][] {
    const hidden = Object.getOwnPropertySymbols(value).find((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));
    if (hidden) throw this.unfit('has a symbol for a key. Use strings.');
    return Object.keys(value).map((key) => {
      this.reading = key;
      return [JSON.stringify(key), this.indexOf((value as Readonly<Record<string, unknown>>)[key], key)];
    });
  }

  private elementsOf(array: readonly unknown[]): number[] {
    const keys = Object.keys(array);
    const last = keys.at(-1);
    // Keys that are no places come last.
    if (last !== undefined && !isPlace(last, array.length)) throw this.unfit(`is an array with the key ${JSON.stringify(last)}.`);
    const holes = array.length - keys.length;
    if (holes === 0) return Array.from(array, (each, place) => this.indexOf(each, place));
    if (holes > format.MAX_HOLES) throw this.unfit(`is an array with ${holes} empty places. Use a Map.`);
    return Array.from(array, (each, place) => (place in array ? this.indexOf(each, place) : format.HOLE));
  }

  /** Only its own bytes: the buffer behind it may be one that Node.js shares out, with the data of others in it. */
  private nodeOfView(view: ArrayBufferView): string {
    const { buffer, byteOffset, byteLength } = view;
    const isWhole = byteLength === buffer.byteLength && format.kindOf(buffer) === 'ArrayBuffer';
    const bytes = isWhole ? buffer : new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer;
    return `["${Object.prototype.toString.call(view).slice(8, -1)}",${this.indexOf(bytes, 'buffer')}]`;
  }

  private unfit(what: string, cause?: unknown): SessionSerializationError {
    const path = this.pathOf(this.current, this.reading);
    const shown = path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
    const options = cause === undefined ? undefined : { cause };
    return new SessionSerializationError(`The session cannot be serialised: ${shown === '' ? 'it' : shown} ${what}`, options);
  }

  /** As one would write it, `cart.items[3].price`; the keys of a Map are data, so an entry has a number. */
  private pathOf(index: number, within?: string | number): string {
    const steps: string[] = within === undefined ? [] : [this.stepOf(index, within)];
    for (let each = index; each > 0; each = this.parents[each]!) steps.unshift(this.stepOf(this.parents[each]!, this.keys[each]!));
    return steps.join('').replace(/^\./, '');
  }

  private stepOf(parent: number, key: string | number): string {
    const holder = this.values[parent];
    if (holder instanceof Map) return `[${Number(key) % 2 === 0 ? 'key' : 'entry'} ${Math.floor(Number(key) / 2)}]`;
    if (holder instanceof Set) return `[member ${key}]`;
    if (typeof key === 'number') return `[${key}]`;
    return /^[\w$]+(?:\(\))?$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }
}

const tagged = (tag: string, indexes: readonly number[]): string => `["${tag}"${indexes.map((index) => `,${index}`).join('')}]`;

const isPlace = (key: string, length: number): boolean => String(Number(key)) === key && Number(key) < length;

function describe(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return /^[\w$]{1,64}$/.test(name) ? `an instance of ${name}` : 'an instance of a class';
}
