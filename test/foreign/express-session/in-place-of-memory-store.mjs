/**
 * Puts our store in the place of `MemoryStore`: where their tests make one, and where express-session makes one by default.
 * Resolves to what closes all stores.
 */
export async function install(requireTheirs) {
  const stores = [];
  let createSessionStore;

  function MemoryStore() {
    const store = createSessionStore({ connection: { type: 'better-sqlite3', database: ':memory:' } });
    stores.push(store);
    return store;
  }

  // Before index.js is loaded, which looks for it here.
  const memory = requireTheirs.resolve('./session/memory');
  requireTheirs(memory);
  requireTheirs.cache[memory].exports = MemoryStore;
  ({ createSessionStore } = await import('nestjs-typeorm-session/express'));
  return () => Promise.all(stores.map((store) => store.close()));
}
