import type { SessionData } from '../express-session.js';
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

/**
 * The default: plain JSON, nested at most 4,096 levels deep.
 *
 * @publicApi
 */
export const jsonSerializer: SessionSerializer = {
  name: 'json',
  serialize: (data) => checkDepth(JSON.stringify(data)),
  deserialize: (text) => JSON.parse(checkDepth(text)) as SessionData,
};
