/** What stands for the data of a session as it was loaded, when express-session asks for it. */
const AS_LOADED = 'as loaded';
const CHANGED = 'changed';

/**
 * express-session finds changes by a hash over the whole session: once when it was loaded and, where the cookie has an age,
 * once more when the head leaves. We know the answer already, and each walk costs as much as the statement's share of a
 * batch (9 to 19 µs for 1 KB). So for the time of these two calls the session has a `toJSON` with a short answer; at any
 * other time nobody finds one.
 */
export function hashInShort(data: object): void {
  Object.defineProperty(data, 'toJSON', {
    configurable: true,
    value: () => {
      Reflect.deleteProperty(data, 'toJSON');
      return AS_LOADED;
    },
  });
}

/** Runs work during which express-session, if it asks, is told whether the session has changed since it was loaded. */
export function whileHashed<Result>(session: object, isChanged: boolean, work: () => Result): Result {
  Object.defineProperty(session, 'toJSON', { configurable: true, value: () => (isChanged ? CHANGED : AS_LOADED) });
  try {
    return work();
  } finally {
    Reflect.deleteProperty(session, 'toJSON');
  }
}
