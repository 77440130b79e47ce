import type { SessionData } from '../express-session.js';
import { isGraphText } from './graph-format.js';
import { readGraph } from './graph-reader.js';
import { checkDepth } from './json-depth.js';

/**
 * Turns session data into a string and back. Both methods may be asynchronous. `serialize` must return equal strings for equal
 * data, because changes are found by them; `deserialize` throws for a string that it cannot read, and never revives classes on its own.
 *
 * @publicApi
 */
export interface SessionSerializer {
  /** Names the format in messages. */
  readonly name: string;
  /** Receives the own properties of the session, `cookie` included. */
  serialize(data: SessionData): string | Promise<string>;
  /** Returns an object of its own for each call. */
  deserialize(text: string): SessionData | Promise<SessionData>;
}

/** A serializer that knows what lies in instances of classes, by which a merge compares them. */
export interface ComparingSerializer extends SessionSerializer {
  /** The data of an instance; `undefined` for any other object. */
  dataOf?(value: object): unknown;
}

/**
 * The default: plain JSON, nested at most 4,096 levels deep. Reads what `graphSerializer` wrote, too, as long as no instance of a
 * registered class is in it.
 *
 * @publicApi
 */
export const jsonSerializer: SessionSerializer = {
  name: 'json',
  serialize: (data) => checkDepth(JSON.stringify(data)),
  deserialize: (text) => (isGraphText(text) ? readGraph(text) : JSON.parse(checkDepth(text))) as SessionData,
};
