/** A constructor that returns its argument: the fields of a class that extends it are added to an object that exists already. */
const Existing = function (object: object): object {
  return object;
} as unknown as new (object: object) => object;

/**
 * A value in a private field that is added to an existing object: it is not a key, and a proxy or a copy does not have it. Like an entry
 * of a `WeakMap`, it lives as long as the object; but the table of a `WeakMap` is old while its keys are young, and each collection scans
 * it (`bench/store-level`).
 *
 * An object has one note. Only the writer that wrote it can read it.
 */
export class HiddenNote extends Existing {
  #writer: object | undefined;
  #note: unknown;

  static write(object: object, writer: object, note: unknown): void {
    const noted = #note in object ? object : new HiddenNote(object);
    noted.#writer = writer;
    noted.#note = note;
  }

  static read(object: object, writer: object): unknown {
    return #note in object && object.#writer === writer ? object.#note : undefined;
  }
}
