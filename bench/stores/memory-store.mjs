import session from 'express-session';
import { sampleSession, sidOf, userOf } from './sample-session.mjs';
import { versionOf } from './versions.mjs';

export const memoryStore = {
  name: 'MemoryStore',
  title: `MemoryStore of express-session ${versionOf('express-session')}`,
  databases: ['memory'],
  async open() {
    const store = new session.MemoryStore();
    const fill = async ({ bytes, maxAgeMs, first, last }) => {
      for (let i = first; i <= last; i++) store.set(sidOf(i), sampleSession(bytes, { userId: userOf(i), maxAgeMs }));
    };
    return { store, fill, close: async () => {} };
  },
};
