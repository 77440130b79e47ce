import { isError, SessionError, SessionSerializationError } from '../../session.errors.js';
import type { SessionData } from '../express-session.js';
import type { SessionSerializer } from './serializer.js';

/** Throws the error for a session that the serializer cannot carry, with the key that it fails at. Where it fails at each, it is no key's. */
export function refuse(session: SessionData, serializer: SessionSerializer, cause: unknown): never {
  if (cause instanceof SessionError) throw cause;
  const names = Object.keys(session);
  const failing = names.filter((name) => {
    try {
      const text = serializer.serialize(only(session, name));
      if (typeof text !== 'string') void Promise.resolve(text).catch(() => undefined);
      return false;
    } catch {
      return true;
    }
  });
  throw errorOf(cause, names, failing);
}

/** The same for a serializer that is asynchronous. */
export async function refuseLater(session: SessionData, serializer: SessionSerializer, cause: unknown): Promise<never> {
  const names = Object.keys(session);
  const failing: string[] = [];
  for (const name of names) {
    try {
      await serializer.serialize(only(session, name));
    } catch {
      failing.push(name);
    }
  }
  throw errorOf(cause, names, failing);
}

/** One key of a session, which a getter may refuse. */
const only = (session: SessionData, name: string): SessionData =>
  ({ [name]: (session as unknown as Record<string, unknown>)[name] }) as unknown as SessionData;

function errorOf(cause: unknown, names: readonly string[], failing: readonly string[]): SessionError {
  if (cause instanceof SessionError) return cause;
  const [key] = failing;
  const subject = key === undefined || failing.length === names.length ? 'The session' : `The key "${key}" of the session`;
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
