import { SessionOptionsError } from '../../session.errors.js';
import { VIEWS, type GraphKind } from './graph-format.js';

/**
 * How instances of a class get into session data and back.
 *
 * @publicApi
 */
export interface SessionClass<Instance extends object = object> {
  /** Exactly its own instances, and none of a class that extends it. */
  readonly class: abstract new (...args: never[]) => Instance;
  /** The version of what `toData` returns, from 1. Raise it when that changes. @default 1 */
  readonly version?: number | undefined;
  /** Returns, at once, data that a session can hold. It must not lead back to the instance. */
  toData(instance: Instance): unknown;
  /** Returns, at once, an instance from the data of this version or an earlier one. What it throws makes the session undecodable. */
  fromData(data: unknown, version: number): Instance;
}

/** A class by the name that it is stored under. */
export interface RegisteredClass extends Required<SessionClass> {
  readonly name: string;
}

const NAME = /^[A-Za-z_$][\w$.-]{0,63}$/;

/** The classes whose instances a graph carries: nothing else is ever revived. */
export class ClassRegistry {
  private readonly byName = new Map<string, RegisteredClass>();
  private readonly byPrototype = new Map<object, RegisteredClass>();

  /** Throws `SessionOptionsError` for what is no class that can be registered. */
  constructor(classes: Readonly<Record<string, SessionClass>> = {}) {
    if (typeof classes !== 'object' || classes === null) throw wrong('classes', 'an object with a class per name');
    for (const [name, given] of Object.entries(classes)) this.register(name, given);
  }

  private register(name: string, given: SessionClass): void {
    const subject = `classes[${JSON.stringify(name)}]`;
    if (!NAME.test(name)) throw wrong(subject, 'under a name of letters and digits, 64 at most');
    if (typeof given !== 'object' || given === null) throw wrong(subject, '{ class, version, toData, fromData }');
    const { version = 1 } = given;
    const prototype = typeof given.class === 'function' ? (given.class.prototype as object | undefined) : undefined;
    if (!prototype) throw wrong(`${subject}.class`, 'a class');
    if (BUILT_IN.includes(given.class)) throw wrong(`${subject}.class`, 'a class of the application; this one is carried as it is');
    if (!Number.isSafeInteger(version) || version < 1) throw wrong(`${subject}.version`, 'a whole number from 1');
    for (const method of ['toData', 'fromData'] as const) {
      if (typeof given[method] !== 'function') throw wrong(`${subject}.${method}`, 'a function');
    }
    const other = this.byPrototype.get(prototype);
    if (other) throw wrong(`${subject}.class`, `registered once; it is already ${JSON.stringify(other.name)}`);
    const registered: RegisteredClass = {
      name,
      class: given.class,
      version,
      toData: (instance) => given.toData(instance),
      fromData: (data, stored) => given.fromData(data, stored),
    };
    this.byName.set(name, registered);
    this.byPrototype.set(prototype, registered);
  }

  named(name: unknown): RegisteredClass | undefined {
    return typeof name === 'string' ? this.byName.get(name) : undefined;
  }

  /** The class of an instance. */
  of(value: object): RegisteredClass | undefined {
    if (this.byPrototype.size === 0) return undefined;
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null ? undefined : this.byPrototype.get(prototype as object);
  }
}

export const NO_CLASSES = new ClassRegistry();

const CLASSES_OF_KIND: Readonly<Record<GraphKind, readonly unknown[]>> = {
  plain: [Object],
  null: [],
  Array: [Array],
  Map: [Map],
  Set: [Set],
  Date: [Date],
  RegExp: [RegExp],
  URL: [URL],
  Buffer: [Buffer],
  ArrayBuffer: [ArrayBuffer],
  view: [...VIEWS.values()],
};
const BUILT_IN = Object.values(CLASSES_OF_KIND).flat();

const wrong = (subject: string, expected: string): SessionOptionsError =>
  new SessionOptionsError(`The option \`${subject}\` of \`graphSerializer\` is wrong. It must be ${expected}.`);
