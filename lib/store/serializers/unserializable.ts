import { isError, SessionError, SessionSerializationError } from '../../session.errors.js';
import type { SessionData } from '../express-session.js';
import type { SessionSerializer } from './serializer.js';

/** Throws the error for a session that the serializer cannot carry, with the key that it fails at. */
export function refuse(session: SessionData, serializer: SessionSerializer, cause: unknown): never {
  if (cause instanceof SessionError) throw cause;
  const key = Object.keys(session).find((name) => {
    try {
      const text = serializer.serialize(only(session, name));
      if (typeof text !== 'string') void Promise.resolve(text).catch(() => undefined);
      return false;
    } catch {
      return true;
    }
  });
  throw errorOf(cause, key);
}

/** The same for a serializer that is asynchronous. */
export async function refuseLater(session: SessionData, serializer: SessionSerializer, cause: unknown): Promise<never> {
  for (const name of Object.keys(session)) {
    try {
      await serializer.serialize(only(session, name));
    } catch {
      throw errorOf(cause, name);
    }
  }
  throw errorOf(cause, undefined);
}

/** One key of a session, which a getter may refuse. */
const only = (session: SessionData, name: string): SessionData =>
  ({ [name]: (session as unknown as Record<string, unknown>)[name] }) as unknown as SessionData;

function errorOf(cause: unknown, key: string | undefined): SessionError {
  if (cause instanceof SessionError) return cause;
  const subject = key === undefined ? 'The session' : `The key "${key}" of the session`;
  return new SessionSerializationError(
    `${subject} cannot be serialised: ${reasonOf(cause)} Keep only data that the serializer can carry.`,
    { cause },
  );
}

/** Errors of the engine name types and the path of a cycle. The text of other errors may quote the data. */
export function reasonOf(cause: unknown): string {
  const isOfEngine = cause instanceof TypeError || cause instanceof RangeError;
  try {
    const reason = isOfEngine ? cause.message.replaceAll(/\s+/g, ' ') : isError(cause) ? cause.name : typeof cause;
    return reason.replace(/\.?$/, '.');
  } catch {
    return 'an error that cannot be shown.';
  }
}
