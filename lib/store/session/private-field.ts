/** A constructor that returns its argument: the fields of a class that extends it are added to an object that exists already. */
const Existing = function (object: object): object {
  return object;
} as unknown as new (object: object) => object;

/**
 * A value in a private field that is added to an existing object: it is not a key, and a proxy or a copy does not have it. Like an entry
 * of a `WeakMap`, it lives as long as the object; but the table of a `WeakMap` is old while its keys are young, and each collection scans
 * it (`bench/store-level`).
 *
 * An object has one such value. Only the owner that set it can get it.
 */
export class PrivateField extends Existing {
  #owner: object | undefined;
  #value: unknown;

  static set(object: object, owner: object, value: unknown): void {
    const extended = #value in object ? object : new PrivateField(object);
    extended.#owner = owner;
    extended.#value = value;
  }

  static get(object: object, owner: object): unknown {
    return #value in object && object.#owner === owner ? object.#value : undefined;
  }
}
