import type { SessionData } from '../express-session.js';

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
 * The default: plain JSON.
 *
 * @publicApi
 */
export const jsonSerializer: SessionSerializer = {
  name: 'json',
  serialize: (data) => JSON.stringify(data),
  deserialize: (text) => JSON.parse(text) as SessionData,
};
