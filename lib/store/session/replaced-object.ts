import { attributesOf } from './cookie.js';
import type { SessionData } from '../express-session.js';

/** The watch over the keys of one object. */
interface Watch {
  /** Notes a key that was deleted or defined, which nothing else notices. */
  readonly look: () => void;
  /** Makes the object what it was before, with the values that it has now. */
  readonly end: () => void;
}

/**
 * Says once which key is set on a session object, or on its cookie, that is no longer that of its request. Only that object pays for it:
 * its values become accessors, and a proxy stands in its chain of prototypes, where keys arrive that it does not have yet. Nothing that
 * worked before throws or is lost. Returns what looks for keys that were deleted or defined meanwhile. `isInUse` says whether the cookie
 * is that of the session in its place, which Passport lets it be.
 */
export function watchReplaced(session: object, isInUse: (cookie: unknown) => boolean, say: (key: string) => void): () => void {
  let isSaid = false;
  const note = (key: PropertyKey): void => {
    if (isSaid) return;
    isSaid = true;
    say(String(key));
  };
  const cookie = cookieOf(session);
  if (cookie) watchKeys(cookie, () => isInUse(cookie) || note('cookie'));
  return watchKeys(session, note).look;
}

/**
 * The same of a session object that may yet stay in use. Returns what ends this, and says which key was set first. Of the cookie only
 * what it is then counts, because express-session moves its end by itself.
 */
export function watchEnding(session: object): () => string | undefined {
  let first: PropertyKey | undefined;
  const watch = watchKeys(session, (key) => (first ??= key));
  const attributes = (): string => JSON.stringify(attributesOf(cookieOf(session) ?? ({} as SessionData['cookie'])));
  const before = attributes();
  return () => {
    watch.look();
    watch.end();
    if (attributes() !== before) first ??= 'cookie';
    return first === undefined ? undefined : String(first);
  };
}

function cookieOf(session: object): SessionData['cookie'] | undefined {
  const { cookie } = session as { cookie?: SessionData['cookie'] | null };
  return typeof cookie === 'object' && cookie ? cookie : undefined;
}

function watchKeys(object: object, note: (key: PropertyKey) => void): Watch {
  const getters = new Map<string, unknown>();
  for (const key of Object.keys(object)) {
    let value: unknown = Reflect.get(object, key);
    const get = (): unknown => value;
    const set = (given: unknown): void => {
      note(key);
      value = given;
    };
    Reflect.defineProperty(object, key, { enumerable: true, configurable: true, get, set });
    getters.set(key, get);
  }
  const getterNow = (key: string): unknown => Reflect.getOwnPropertyDescriptor(object, key)?.get;
  const original = Object.getPrototypeOf(object) as object;
  // On an object between, so that `instanceof` still finds the prototype of a cookie.
  const watched = new Proxy(Object.create(original) as object, {
    set(prototype, key, value, receiver) {
      if (!(key in prototype)) note(key);
      return Reflect.set(prototype, key, value, receiver);
    },
  });
  Reflect.setPrototypeOf(object, watched);
  return {
    look() {
      const keys = new Set([...getters.keys(), ...Object.keys(object)]);
      for (const key of keys) if (!getterNow(key) || getterNow(key) !== getters.get(key)) note(key);
    },
    end() {
      Reflect.setPrototypeOf(object, original);
      for (const [key, getter] of getters) {
        if (getterNow(key) !== getter) continue;
        const value: unknown = Reflect.get(object, key);
        Reflect.defineProperty(object, key, { enumerable: true, configurable: true, writable: true, value });
      }
    },
  };
}
