import { DataSource } from 'typeorm';

/** What express-session does unless told otherwise; this package has defaults of its own. */
const THEIR_DEFAULTS = { name: 'connect.sid', resave: true, saveUninitialized: true };
/** Not `secure: false` as theirs, which the start refuses beside some attributes; over http `'auto'` is the same. */
const THEIR_COOKIE = { sameSite: false };

/** The methods of a store that a middleware calls. */
const METHODS = ['get', 'set', 'touch', 'destroy', 'regenerate', 'load', 'all', 'length', 'clear'];

/** What a store that is none of ours may do for the middleware. */
const THEIR_METHODS = METHODS.filter((name) => !['regenerate', 'load'].includes(name));

/**
 * Puts `createSessionMiddleware` in the place of `session()`. A `MemoryStore` is a table in memory: the store of a middleware
 * stands behind it once it is given to one. Any other store takes the place of the methods of the middleware's store.
 * Resolves to what closes all stores.
 */
export async function install(requireTheirs) {
  const index = requireTheirs.resolve('./index.js');
  const original = requireTheirs(index);
  // Its express-session is the original: it is loaded before the replacement is put there.
  const { createSessionMiddleware, createSessionStore, SessionEntity } = await import('nestjs-typeorm-session/express');
  const open = [];

  const openTable = () => {
    const dataSource = new DataSource({ type: 'better-sqlite3', database: ':memory:', entities: [SessionEntity], synchronize: true });
    const ready = dataSource.initialize();
    open.push({ close: () => ready.then(() => dataSource.destroy()) });
    return dataSource;
  };
  const opened = (store) => {
    open.unshift(store);
    return store;
  };

  const tables = new WeakMap();
  function MemoryStore() {
    const dataSource = openTable();
    const behind = { store: opened(createSessionStore({ dataSource })) };
    const face = new original.Store();
    for (const name of METHODS) {
      face[name] = (...args) => behind.store[name](...args);
    }
    tables.set(face, { dataSource, behind });
    return face;
  }

  function session(options = {}) {
    const { key, store, cookie, ...rest } = options;
    const theirs = rest.name === undefined && key !== undefined ? { ...rest, name: key } : rest;
    const table = store && tables.get(store);
    const own = createSessionMiddleware({
      ...THEIR_DEFAULTS,
      ...Object.fromEntries(Object.entries(theirs).filter(([, value]) => value !== undefined)),
      cookie: typeof cookie === 'function' ? (req) => ({ ...THEIR_COOKIE, ...cookie(req) }) : { ...THEIR_COOKIE, ...cookie },
      dataSource: table?.dataSource ?? openTable(),
    });
    opened(own.store);
    // A second middleware of one table has a store of its own: what a store knows of a session it knows from its own requests.
    if (table && !table.isTaken) standBehind(store, table.behind, own.store);
    else if (store && !table) standBefore(store, own.store);
    if (table) table.isTaken = true;
    for (const event of ['connect', 'disconnect']) store?.on(event, () => own.store.emit(event));
    return own;
  }

  requireTheirs.cache[index].exports = Object.assign(session, original, { MemoryStore });
  return async () => {
    for (const each of open) await each.close();
  };
}

/** From now on the face stands before this store; what a test puts in the place of a method of the face is called by the middleware, too. */
function standBehind(face, behind, store) {
  behind.store = {};
  for (const name of METHODS) {
    const method = store[name];
    behind.store[name] = (...args) => method.apply(store, args);
    store[name] = (...args) => face[name](...args);
  }
}

/** The middleware calls a store that is none of ours. */
function standBefore(given, store) {
  for (const name of THEIR_METHODS) {
    if (typeof given[name] === 'function') store[name] = (...args) => given[name](...args);
  }
}
