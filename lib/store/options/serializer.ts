import type { SessionData } from '../express-session.js';
import { checkDepth } from './json-depth.js';

/**
 * Turns session data into text and back. Both may be asynchronous. `serialize` of equal data gives equal text, because
 * changes are found by it; `deserialize` throws for what it cannot read, and never revives classes on its own.
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
