import session from 'express-session';
import { sampleSession, sidOf, userOf } from './sample-session.mjs';
import { versionOf } from './versions.mjs';

export const memoryStore = {
  name: 'memory',
  title: `MemoryStore of express-session ${versionOf('express-session')}`,
  databases: ['memory'],
  async open() {
    const store = new session.MemoryStore();
    const fill = async ({ bytes, first, last }) => {
      for (let i = first; i <= last; i++) store.set(sidOf(i), sampleSession(bytes, userOf(i)));
    };
    return { store, fill, close: async () => {} };
  },
};
