/**
 * Says once which key is set on a session object that is no longer that of its request. Only that object pays for it: its values become
 * accessors, and a proxy stands in its chain of prototypes, where keys arrive that it does not have yet. Nothing that worked before
 * throws or is lost.
 */
export function watchReplaced(session: object, say: (key: string) => void): void {
  let isSaid = false;
  const note = (key: PropertyKey): void => {
    if (isSaid) return;
    isSaid = true;
    say(String(key));
  };
  for (const key of Object.keys(session)) {
    let value: unknown = Reflect.get(session, key);
    Reflect.defineProperty(session, key, {
      enumerable: true,
      configurable: true,
      get: () => value,
      set: (given: unknown) => {
        note(key);
        value = given;
      },
    });
  }
  const watched = new Proxy(Object.getPrototypeOf(session) as object, {
    set(prototype, key, value, receiver) {
      if (!(key in prototype)) note(key);
      return Reflect.set(prototype, key, value, receiver);
    },
  });
  Reflect.setPrototypeOf(session, watched);
}
