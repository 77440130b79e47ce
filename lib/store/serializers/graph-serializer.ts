import { SessionOptionsError } from '../../session.errors.js';
import type { SessionData } from '../express-session.js';
import { ClassRegistry, type SessionClass } from './graph-classes.js';
import { isGraphText } from './graph-format.js';
import { readGraph } from './graph-reader.js';
import { writeGraph } from './graph-writer.js';
import { jsonSerializer, type ComparingSerializer, type SessionSerializer } from './serializer.js';

/**
 * What `graphSerializer` takes.
 *
 * @publicApi
 */
export interface GraphSerializerOptions<Instances extends Record<string, object> = Record<string, object>> {
  /** The classes whose instances are carried, by the name that they are stored under. @default none */
  readonly classes?: { readonly [Name in keyof Instances]: SessionClass<Instances[Name]> } | undefined;
}

/**
 * Keeps what JSON drops: Date, Map, Set, BigInt, RegExp, URL, Buffer, ArrayBuffer and its views, `undefined`, -0, NaN, Infinity, shared
 * references, cycles, and instances of the registered classes. Anything else is refused at the save with `SessionSerializationError`,
 * which names the path to it. Reads what `jsonSerializer` wrote, too. Throws `SessionOptionsError` for a class that cannot be registered.
 *
 * @publicApi
 */
export function graphSerializer<Instances extends Record<string, object>>(
  options: GraphSerializerOptions<Instances> = {},
): SessionSerializer {
  if (typeof options !== 'object' || options === null) {
    throw new SessionOptionsError('The options of `graphSerializer` are wrong. They must be an object such as { classes }.');
  }
  const unknown = Object.keys(options).find((name) => name !== 'classes');
  if (unknown !== undefined) {
    throw new SessionOptionsError(`There is no option "${unknown}" of \`graphSerializer\`. Remove it; there is only \`classes\`.`);
  }
  const classes = new ClassRegistry(options.classes);
  const serializer: ComparingSerializer = {
    name: 'graph',
    serialize: (data) => writeGraph(data, classes),
    deserialize: (text) => (isGraphText(text) ? (readGraph(text, classes) as SessionData) : jsonSerializer.deserialize(text)),
    dataOf(value) {
      const registered = classes.of(value);
      return registered && [registered.name, registered.toData(value)];
    },
  };
  return serializer;
}
